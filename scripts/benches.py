"""The benchmarks of ``scripts/bench``; each runs in a process of its own, on one database, after :func:`prepare`.

usage: benches.py NAME DATABASE FOLDER DIVISOR     prints the figures as JSON
"""

import contextlib
import functools
import io
import json
import multiprocessing
import resource
import statistics
import sys
import time
from pathlib import Path

import bench_api
import bench_orders
import bench_pages
import bench_phone

import crabenv

MILLION = 1_000_000
MEMBERS = 200_000
SHIPMENTS = 2_000
FILE, DOCUMENT, PARTS, REDEMPTIONS = MILLION, 10_000, 5, 300  # PARTS of the register are as large as a FILE
ORDER_SECONDS, PLAIN_SECONDS = 600, 60
MEMBER_ROWS = 100_000
API_SECONDS, SOAK_SECONDS = bench_api.SECONDS, bench_api.SOAK_SECONDS
CONNECTIONS = 4
PAGE = 80


class Bench:
    """A database with a small business (``tests/world.py``), and files of card numbers in a folder."""

    def __init__(self, database, folder):
        sys.path.insert(0, str(crabenv.ROOT / "tests"))
        self.registry, self.folder = crabenv.open_registry(database), Path(folder)
        self.database = database
        crabenv.ensure_card_keys()
        import world

        self.state = self.folder / "world.json"
        self.world = world.World.__new__(world.World)
        self.world.registry = self.registry
        self.address = world.ADDRESS
        self.password = world.PASSWORD
        if self.state.exists():
            vars(self.world).update(json.loads(self.state.read_text()))

    def run(self, func):
        return self.world.run(func)

    @contextlib.contextmanager
    def timed(self, figures, name):
        started = time.perf_counter()
        yield
        figures[name] = round(time.perf_counter() - started, 3)

    def query(self, statement, *arguments):
        with self.registry.cursor() as cr:
            cr.execute(statement, arguments)
            return cr.fetchall() if cr.description else cr.rowcount

    def vacuum(self, table):
        """What autovacuum does soon after a load."""
        with crabenv.connect(self.database) as cr:
            cr.execute(f"VACUUM ANALYZE {table}")

    def import_file(self, path, kind="card"):
        def load(env):
            done = env["crab.import"]._run_file(kind, path.name, path.read_bytes())
            assert done.state == "done", (done.state, done.error_rows)
            return done.count_loaded

        return self.run(load)

    def numbers(self, count, prefix):
        """Ids of ``count`` fresh numbers, imported."""
        return self.world.numbers(count, prefix)


def shrink(divisor):
    """Make all sizes smaller: to try the benchmarks."""
    sizes = ("FILE", "DOCUMENT", "REDEMPTIONS", "SHIPMENTS", "MEMBERS", "MEMBER_ROWS")
    for name in (*sizes, "ORDER_SECONDS", "PLAIN_SECONDS", "API_SECONDS", "SOAK_SECONDS"):
        globals()[name] //= divisor


def prefix():
    return "T" + format(time.time_ns() // 1000, "X")


def prepare(bench):
    import world

    made = world.World(bench.registry)
    values = {key: value for key, value in vars(made).items() if key != "registry"}
    bench.state.write_text(json.dumps(values))
    return {}


# ------------------------------------------------------------------------------------------- imports


def _raw_copy(bench, figures, rows):
    """PostgreSQL's own ``COPY`` of the same rows and history, into tables like ours with all their indexes."""
    with bench.registry.cursor() as cr:
        for table, order in (("crab_card", "id"), ("crab_card_event", "id")):
            cr.execute(f"CREATE TEMPORARY TABLE raw_{table} (LIKE {table} INCLUDING INDEXES)")
            target = bench.folder / f"raw-{table}.copy"
            with target.open("wb") as out:
                cr._obj.copy_expert(
                    f"COPY (SELECT * FROM {table} ORDER BY {order} DESC LIMIT {rows}) TO STDOUT (FORMAT binary)", out
                )
            with bench.timed(figures, f"COPY of {rows} rows into {table}, s"), target.open("rb") as source:
                cr._obj.copy_expert(f"COPY raw_{table} FROM STDIN (FORMAT binary)", source)
            target.unlink()
        cr.rollback()


def import_csv(bench):
    """1,000,000 numbers with passwords from CSV, from upload to searchable."""
    figures = {}
    path = _number_file(bench.folder, "csv", FILE, prefix())
    with bench.timed(figures, "seconds"):
        assert bench.import_file(path) == FILE
    path.unlink()
    figures["numbers per second"] = round(FILE / figures["seconds"])
    reference = _plain_lots(bench)
    _raw_copy(bench, reference, FILE)
    return {"figures": figures, "reference": reference}


def import_excel(bench):
    """1,000,000 numbers with passwords from Excel."""
    figures, reference = {}, {}
    path = _number_file(bench.folder, "xlsx", FILE, prefix())
    with bench.timed(figures, "seconds"):
        assert bench.import_file(path) == FILE
    from python_calamine import CalamineWorkbook

    with bench.timed(reference, "reading the file alone, s"):
        rows = sum(1 for _row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows())
    assert rows == FILE + 1
    path.unlink()
    figures["numbers per second"] = round(FILE / figures["seconds"])
    return {"figures": figures, "reference": {**reference, **_plain_load(bench)}}


def _number_file(folder, kind, count, start, code="W-CARD"):
    """A file of fresh numbers, as a printer of cards delivers it."""
    path = folder / f"{start}.{kind}"
    rows = ((f"{start}{i:07}", f"{i * 7919 % 100_000_000:08}", code) for i in range(count))
    if kind == "csv":
        with path.open("w", encoding="utf-8") as out:
            out.write("卡号,卡密,卡编码\n")
            out.writelines(",".join(row) + "\n" for row in rows)
        return path
    return _write_excel(path, ("卡号", "卡密", "卡编码"), rows)


def _write_excel(path, headers, rows):
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, headers)
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value)
    return path


def members(bench):
    """200,000 members from Excel, each with account, contact and history, a third of them invited by another row."""
    figures, reference = {}, {}
    start, block = prefix(), bench.query("SELECT count(*) FROM crab_member WHERE phone LIKE '+861500%%'")[0][0]
    rows = (
        (f"{start}{at}", f"会员 {at}", f"1500{block + at:07}", "W-A" if at % 3 else "",
         f"{start}{at + 1}" if at % 3 == 0 and at + 1 < MEMBERS else "")
        for at in range(MEMBERS)
    )  # fmt: skip
    path = _write_excel(bench.folder / f"{start}.xlsx", ("会员号", "姓名", "手机号", "归属渠道商", "邀请会员号"), rows)
    with bench.timed(figures, "seconds"):
        assert bench.import_file(path, "member") == MEMBERS
    path.unlink()
    figures["members per second"] = round(MEMBERS / figures["seconds"])

    def create(env):
        contacts = env["res.partner"].with_context(tracking_disable=True)
        contacts.create([{"name": f"会员 {at}", "phone": f"+861500{at:07}"} for at in range(2000)])
        env.flush_all()

    with bench.timed(reference, "seconds"):
        bench.run(create)
    return {
        "figures": figures,
        "reference": {"Odoo's contacts alone created per second": round(2000 / reference["seconds"])},
    }


def _plain_lots(bench, count=2000):
    """Plain Odoo's nearest work: creating serial numbers."""
    figures = {}

    def create(env):
        product = env["product.product"].create({"name": "Serial", "is_storable": True, "tracking": "serial"})
        env["stock.lot"].create([{"name": f"{prefix()}{i}", "product_id": product.id} for i in range(count)])
        env.flush_all()

    with bench.timed(figures, "seconds"):
        bench.run(create)
    return {"Odoo's serial numbers created per second": round(count / figures["seconds"])}


def _plain_load(bench, count=2000):
    """Plain Odoo's nearest work: importing serial numbers."""
    figures = {}

    def load(env):
        product = env["product.product"].create({"name": "Serial", "is_storable": True, "tracking": "serial"})
        rows = [[f"{prefix()}{i}", product.id] for i in range(count)]
        assert env["stock.lot"].load(["name", "product_id/.id"], rows)["ids"]

    with bench.timed(figures, "seconds"):
        bench.run(load)
    return {"Odoo's serial numbers imported per second": round(count / figures["seconds"])}


# ------------------------------------------------------------------------------------------- documents


def _plain_receipt(bench, count=500):
    """Plain Odoo's nearest work: receiving that many serial numbers by one transfer."""
    figures = {}

    def receive(env):
        product = env["product.product"].create({"name": "Serial", "is_storable": True, "tracking": "serial"})
        kind = env["stock.picking.type"].search([("code", "=", "incoming")], limit=1)
        places = {"location_id": env.ref("stock.stock_location_suppliers").id}
        places["location_dest_id"] = kind.default_location_dest_id.id
        move = {"product_id": product.id, "product_uom_qty": count, "product_uom": product.uom_id.id, **places}
        lines = [
            (0, 0, {"product_id": product.id, "lot_name": f"{prefix()}{i}", "quantity": 1, "picked": True, **places})
            for i in range(count)
        ]
        picking = env["stock.picking"].create(
            {"picking_type_id": kind.id, "move_ids": [(0, 0, {**move, "move_line_ids": lines})], **places}
        )
        picking.action_confirm()
        picking.button_validate()
        env.flush_all()
        assert picking.state == "done", picking.state

    with bench.timed(figures, "seconds"):
        bench.run(receive)
    return {"Odoo's serial numbers received per second": round(count / figures["seconds"])}


def _raw_update(bench, figures, ids):
    """PostgreSQL's own ``UPDATE`` of as many rows, and a history line each, in tables like ours with their indexes."""
    with bench.registry.cursor() as cr:
        for table, key in (("crab_card", "id"), ("crab_card_event", "card_id")):
            cr.execute(f"CREATE TEMPORARY TABLE raw_{table} (LIKE {table} INCLUDING INDEXES)")
            cr.execute(f"CREATE TEMPORARY TABLE some_{table} AS SELECT * FROM {table} WHERE {key} = ANY(%s)", [ids])
        cr.execute("INSERT INTO raw_crab_card SELECT * FROM some_crab_card")
        with bench.timed(figures, f"UPDATE of {len(ids)} rows and as many history lines, s"):
            cr.execute("UPDATE raw_crab_card SET state = 'cancelled', event_count = event_count + 1")
            cr.execute("INSERT INTO raw_crab_card_event SELECT DISTINCT ON (card_id) * FROM some_crab_card_event")
        cr.rollback()


def transfer_10k(bench):
    """A transfer of 10,000 numbers: the draft with its numbers, sending, receiving."""
    ids = bench.world.issued(DOCUMENT, prefix())
    figures, reference = {}, _plain_receipt(bench)
    sender, receiver = bench.world.top_id, bench.world.below_id
    parties = {"sender_dealer_id": sender, "receiver_dealer_id": receiver}
    _take_steps(bench, figures, "transfer", ids, (("submit", None), ("receive", receiver)), parties)
    _raw_update(bench, reference, ids)
    return {"figures": figures, "reference": reference}


def _take_steps(bench, figures, kind, ids, steps, values):
    """A draft with these numbers, and its steps by the head office or a dealer: a transaction each, as users do it."""
    from odoo.addons.crab_base.tools.subject import Subject

    with bench.timed(figures, "draft, s"):
        order_id = bench.run(lambda env: bench.world.document(env, kind, ids, (), **values))
    for step, dealer_id in steps:
        subject = Subject("dealer", dealer_id) if dealer_id else Subject("system", 1)

        def take(env, subject=subject, step=step):
            env["crab.card.order"].browse(order_id)._step_for_subject(subject, step)

        with bench.timed(figures, f"{step}, s"):
            bench.run(take)
    figures["seconds"] = round(sum(figures.values()), 3)
    figures["numbers per second"] = round(len(ids) / figures["seconds"])


def activate_10k(bench):
    """An activation of 10,000 numbers: the draft, the request, its execution with charge and accounting entry."""
    ids = bench.world.issued(DOCUMENT, prefix())
    bench.world.fund(stored=600 * DOCUMENT)
    figures, reference = {}, _plain_receipt(bench)
    steps = (("submit", None), ("execute", None))
    _take_steps(bench, figures, "activation", ids, steps, {"sender_dealer_id": bench.world.top_id})
    _raw_update(bench, reference, ids)
    return {"figures": figures, "reference": reference}


# ------------------------------------------------------------------------------------------- redemption


def _redeem_some(database, folder, ids, barrier, results):
    bench = Bench(database, folder)
    from world import redeem

    from odoo.addons.crab_base.tools.subject import Subject

    subject = Subject("dealer", bench.world.top_id)

    first, *numbers = bench.run(lambda env: env["crab.card"].browse(ids).mapped("number"))
    bench.run(lambda env: redeem(env, first, subject))
    barrier.wait()
    started = time.perf_counter()
    for number in numbers:
        bench.run(lambda env, number=number: redeem(env, number, subject))
    results.put((len(numbers), time.perf_counter() - started, _peak()))


def redemption_rate(bench):
    """Redemptions by number and password through the model, each its own transaction, over 4 connections."""
    ids = bench.world.active(CONNECTIONS * REDEMPTIONS, prefix())
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(CONNECTIONS), context.Queue()
    workers = [
        context.Process(
            target=_redeem_some, args=(bench.database, bench.folder, ids[at::CONNECTIONS], barrier, results)
        )
        for at in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    got = [results.get(timeout=600) for _worker in workers]
    for worker in workers:
        worker.join()
    seconds = max(taken for _count, taken, _peak_memory in got)
    figures = {"per second": round(sum(count for count, _taken, _peak_memory in got) / seconds, 1)}
    prepared = {}

    def prepare_deliveries(env):
        env["crab.delivery"].with_context(cron_id=False)._cron_prepare()

    waiting = bench.query("SELECT count(*) FROM crab_delivery WHERE picking_id IS NULL")[0][0]
    with bench.timed(prepared, "seconds"):
        bench.run(prepare_deliveries)
    left = bench.query("SELECT count(*) FROM crab_delivery WHERE picking_id IS NULL")[0][0]
    figures["delivery orders made by the job per second"] = round((waiting - left) / prepared["seconds"], 1)
    figures["peak of a worker, MB"] = max(peak for _count, _taken, peak in got)
    return {"figures": figures, "reference": _plain_delivery(bench)}


def shipping(bench):
    """2,000 deliveries of redemptions made ready and shipped at once, as the carrier's Excel does."""
    from world import redeem

    from odoo.addons.crab_base.tools.subject import Subject

    ids = bench.world.active(SHIPMENTS, prefix())
    subject = Subject("dealer", bench.world.top_id)

    def redeem_all(env, some):
        made = env["crab.redemption"].browse()
        for number in env["crab.card"].browse(some).mapped("number"):
            made += redeem(env, number, subject)
        return made.delivery_id.ids

    delivery_ids = []
    for at in range(0, len(ids), 100):
        delivery_ids += bench.run(lambda env, at=at: redeem_all(env, ids[at : at + 100]))

    figures = {}
    with bench.timed(figures, "made ready, s"):
        bench.run(lambda env: env["crab.delivery"].browse(delivery_ids)._prepare_waves())
    tracking = {delivery_id: f"SF{delivery_id:012}" for delivery_id in delivery_ids}
    with bench.timed(figures, "shipped, s"):
        bench.run(lambda env: env["crab.delivery"].browse(delivery_ids)._ship("顺丰速运", tracking))
    figures["per second"] = round(SHIPMENTS / (figures["made ready, s"] + figures["shipped, s"]))
    return {"figures": figures, "reference": _plain_delivery(bench)}


def _plain_delivery(bench, count=50):
    """Plain Odoo's nearest work: a delivery of one unit, made and validated, one transaction each."""
    figures = {}

    def deliver(env):
        product = env["product.product"].browse(bench.world.package_id)
        kind = env["stock.picking.type"].search(
            [("code", "=", "outgoing"), ("company_id", "=", env["res.company"]._crab_company("group").id)], limit=1
        )
        places = {"location_id": kind.default_location_src_id.id}
        places["location_dest_id"] = env.ref("stock.stock_location_customers").id
        move = {"product_id": product.id, "product_uom_qty": 1, "product_uom": product.uom_id.id, **places}
        picking = env["stock.picking"].create({"picking_type_id": kind.id, "move_ids": [(0, 0, move)], **places})
        picking.action_confirm()
        picking.action_assign()
        picking.button_validate()

    bench.run(deliver)
    with bench.timed(figures, "seconds"):
        for _number in range(count):
            bench.run(deliver)
    return {"Odoo's deliveries made and validated per second, 1 connection": round(count / figures["seconds"], 1)}


# ------------------------------------------------------------------------------------------- orders


def orders(bench):
    """Orders of two lines placed and paid by 4 processes for 10 minutes, beside the job workers on the same machine;
    plain Odoo a minute before and a minute after.
    """
    parties = bench.run(lambda env: bench_orders.make_parties(env, bench, prefix()))
    make_bench = functools.partial(Bench, bench.database, bench.folder)
    before, figures, after = (
        bench_orders.buy_at_once(bench, make_bench, kind, parties, seconds, CONNECTIONS)
        for kind, seconds in (
            (bench_orders.Plain, PLAIN_SECONDS),
            (bench_orders.Ours, ORDER_SECONDS),
            (bench_orders.Plain, PLAIN_SECONDS),
        )
    )
    reference = {name: round((value + after[name]) / 2, 2) for name, value in before.items()}  # of both ends
    figures = {
        "seconds": ORDER_SECONDS,
        "processes": CONNECTIONS,
        **figures,
        "times as fast as plain Odoo": round(figures["completed per second"] / reference["completed per second"], 2),
    }
    return {"figures": figures, "reference": {f"plain Odoo: {name}": value for name, value in reference.items()}}


# ------------------------------------------------------------------------------------------- what members page through


def member_pages(bench):
    """Pages of 20 of 100,000 reviews, messages and points, as the app asks for them; the first ones and deep ones."""
    return bench_pages.member_pages(bench, prefix(), MEMBER_ROWS)


def api(bench):
    """Requests of the REST API over 4 connections to 2 workers behind nginx, each kind alone."""
    return bench_api.run(bench, prefix(), API_SECONDS)


def api_soak(bench):
    """The same requests mixed for twenty minutes: what the processes grow by."""
    return bench_api.soak(bench, prefix(), SOAK_SECONDS)


def phone(bench):
    """The page for phones on a slow phone and a slow 4G network: its first load, and a list of 1,000 under a finger."""
    return bench_phone.run(bench)


# ------------------------------------------------------------------------------------------- the register


def _fill(bench, count):
    """Import until the register holds ``count`` numbers."""
    while True:
        have = bench.query("SELECT count(*) FROM crab_card")[0][0]
        if have >= count:
            return have
        path = _number_file(bench.folder, "csv", min(FILE, count - have), prefix())
        bench.import_file(path)
        path.unlink()


def _list_fields(env, model):
    from lxml import etree

    arch = etree.fromstring(env[model].get_view(view_type="list")["arch"])
    fields = env[model]._fields
    names = [node.get("name") for node in arch.iter("field")]
    return {name: {"fields": {"display_name": {}}} if fields[name].type == "many2one" else {} for name in names}


SEASON_DEALERS, SEASON_MEMBERS = 200, 2000


def _season_parties(env, bench):
    """Dealers, members and products among which a register in mid-season is spread; their ids."""
    import world

    top = env["crab.dealer"].browse(bench.world.top_id)
    dealers = env["crab.dealer"]
    for at in range(SEASON_DEALERS):
        dealers += world.new_dealer(env, f"S{at:04}", level="2", dealer_type="distributor", ratio=0.7, parent_id=top.id)
    members = env["crab.member"].create(
        [{"name": f"会员 {at}", "phone": f"137{at:08}", "dealer_id": top.id} for at in range(SEASON_MEMBERS)]
    )
    template = env["product.product"].browse(bench.world.card_product_id).product_tmpl_id
    products = env["product.product"].browse(bench.world.card_product_id)
    for code in ("S-CARD2", "S-CARD3"):
        products += template.copy({"name": code, "default_code": code}).product_variant_id
    ecard = env["product.template"].create(
        {"name": "S-ECARD", "default_code": "S-ECARD", "list_price": 500, "crab_kind": "ecard", "crab_rule": "fixed",
         "crab_choice_ids": [(6, 0, [bench.world.package_id])]}
    ).product_variant_id  # fmt: skip
    return top.id, dealers.ids, members.ids, products.ids, ecard.id


def _season_register(bench):
    """A register in mid-season, of several batches, products, holders and states; a hundredth of a part are e-cards."""
    from odoo.tools import SQL

    have = bench.query("SELECT count(*) FROM crab_card WHERE number LIKE 'SEASON%%'")[0][0]
    if have >= FILE * PARTS:
        return

    def fill(env, at, size):
        company = env["res.company"]._crab_company("group")
        batch = env["crab.card.batch"].create(
            {"name": f"season {at}", "source": "import", "company_id": company.id, "count": size}
        )
        is_ecard = at == PARTS
        block = SQL("(s.i / 2000)")  # numbers are handed out in blocks: 60 in 100 are at dealers, half of them active
        at_dealer = SQL("(s.i %% %s < %s)", size, size * 6 // 10)
        state = SQL(
            "CASE WHEN s.i %% 997 = 0 THEN 'cancelled' WHEN NOT %s THEN 'inactive' WHEN s.i %% 2 = 0 THEN 'inactive'"
            " WHEN s.i %% 5 = 0 THEN 'used' ELSE 'active' END",
            at_dealer,
        )
        bound = SQL("(%s AND s.i %% 2 = 1 AND s.i %% 7 = 0)", at_dealer)
        holder = SQL("CASE WHEN %s THEN 'member' WHEN %s THEN 'dealer' ELSE 'platform' END", bound, at_dealer)
        columns = {
            "number": SQL("'SEASON' || %s || lpad(s.i::text, 8, '0')", str(at)),
            "product_id": products[at % len(products)],
            "kind": "physical",
            "state": state,
            "holder_kind": holder,
            "dealer_id": SQL(
                "CASE WHEN %s AND NOT %s THEN (%s::int[])[1 + %s %% %s] END",
                at_dealer,
                bound,
                dealers,
                block,
                len(dealers),
            ),
            "member_id": SQL("CASE WHEN %s THEN (%s::int[])[1 + s.i %% %s] END", bound, members, len(members)),
            "origin_dealer_id": SQL("CASE WHEN %s THEN %s END", at_dealer, top),
            "is_vip": SQL("s.i %% 20011 = 0"),
            "valid_until": SQL("CASE WHEN s.i %% 50021 = 0 THEN date '2020-01-01' END"),
            "company_id": company.id,
            "batch_id": batch.id,
        }
        if is_ecard:
            columns.update(
                product_id=ecard, kind="ecard", state="active", holder_kind="member", dealer_id=None,
                member_id=SQL("(%s::int[])[1 + s.i %% %s]", members, len(members)), origin_dealer_id=None,
            )  # fmt: skip
        env["crab.card"]._insert_numbers("import", SQL("generate_series(1, %s) AS s(i)", size), columns, document=batch)

    def build(env):
        nonlocal top, dealers, members, products, ecard
        top, dealers, members, products, ecard = _season_parties(env, bench)
        for at in range(PARTS):
            fill(env, at, FILE - (FILE // 100 if not at else 0))
        fill(env, PARTS, FILE // 100)

    top = dealers = members = products = ecard = None
    bench.run(build)
    bench.vacuum("crab_card")


def register_search_5m(bench):
    """The register's pages, searches and groups as the web client asks for them, 5,000,000 numbers in mid-season."""
    figures = {}
    _season_register(bench)
    figures["numbers"] = bench.query("SELECT count(*) FROM crab_card")[0][0]
    number = bench.query(
        "SELECT number FROM crab_card WHERE number LIKE 'SEASON3%%' ORDER BY id OFFSET %s LIMIT 1", FILE // 2
    )[0][0]
    dealer, member, batch = bench.query(
        "SELECT max(dealer_id), max(member_id), max(batch_id) FROM crab_card WHERE number LIKE 'SEASON3%%'"
    )[0]
    dealer_code = bench.query("SELECT code FROM crab_dealer WHERE id = %s", dealer)[0][0]
    phone = bench.query("SELECT phone FROM crab_member WHERE id = %s", member)[0][0]
    product = bench.query("SELECT max(product_id) FROM crab_card WHERE number LIKE 'SEASON3%%'")[0][0]
    searches = {
        "first page": [],
        "a number": [("search_text", "ilike", number)],
        "the beginning of a number": [("search_text", "ilike", number[:-4])],
        "a range": [("search_text", "ilike", f"{number[:-3]}000-{number[:-3]}999")],
        "no such number": [("search_text", "ilike", "NOSUCH")],
        "by card name": [("product_id", "ilike", "S-CARD2")],
        "by card": [("product_id", "=", product)],
        **{f"{state} ones": [("state", "=", state)] for state in ("inactive", "active", "used", "cancelled")},
        "by dealer's code": [("dealer_id", "ilike", dealer_code)],
        "by dealer": [("dealer_id", "=", dealer)],
        "by network": [("dealer_id", "child_of", bench.world.top_id)],
        "by member's phone": [("member_id", "ilike", phone[-8:])],
        "by origin": [("origin_dealer_id", "=", bench.world.top_id)],
        "by batch": [("batch_id", "=", batch)],
        "by card and state": [("product_id", "=", product), ("state", "=", "used")],
        "by card, inactive, at the platform": [
            ("product_id", "=", product), ("state", "=", "inactive"), ("holder_kind", "=", "platform"),
        ],
        "VIP cards": [("is_vip", "=", True)],
        "expired": [("valid_until", "<", "2021-01-01")],
        "in transit": [("transit_id", "!=", False)],
        "at the platform": [("holder_kind", "=", "platform")],
        "at dealers": [("dealer_id", "!=", False)],
        "bound to members": [("member_id", "!=", False)],
        "e-cards": [("kind", "=", "ecard")],
        "physical cards": [("kind", "=", "physical")],
    }  # fmt: skip

    def ask(env):
        user = env["res.users"].search([("login", "=", "bench_keeper")]) or env["res.users"].with_context(
            no_reset_password=True
        ).create(
            {
                "name": "bench_keeper",
                "login": "bench_keeper",
                "company_id": env["res.company"]._crab_company("group").id,
                "company_ids": [(6, 0, env["res.company"].search([]).ids)],
                "group_ids": [(6, 0, [env.ref("crab_base.group_card_keeper").id])],
            }
        )
        model = env["crab.card"].with_user(user).with_context(lang="zh_CN", tz="Asia/Shanghai")
        fields = _list_fields(model.env, "crab.card")
        model.web_search_read([], fields, limit=1)

        def measure(name, call, turns=5):
            times = []
            for _turn in range(turns):
                env.invalidate_all()
                started = time.perf_counter()
                call()
                times.append((time.perf_counter() - started) * 1000)
            figures[f"{name}, ms"] = round(statistics.median(times), 1)
            return max(times)

        slowest = {
            name: measure(
                name, lambda domain=domain: model.web_search_read(domain, fields, limit=PAGE, count_limit=10_001)
            )
            for name, domain in searches.items()
        }
        slowest["last numbers first"] = measure(
            "last numbers first",
            lambda: model.web_search_read([], fields, limit=PAGE, order="number desc", count_limit=10_001),
        )
        worst = max(slowest, key=slowest.get)
        figures["slowest answer, ms"] = round(slowest[worst], 1)
        figures["slowest search, ms"] = max(figures[f"{name}, ms"] for name in slowest)
        for field in ("state", "product_id", "holder_kind", "dealer_id", "origin_dealer_id", "batch_id"):
            measure(
                f"groups by {field}", lambda field=field: model.web_read_group([], [field], ["__count"], limit=PAGE), 3
            )

    bench.run(ask)
    reference = {}
    with bench.registry.cursor() as cr:
        started = time.perf_counter()
        cr.execute("SELECT * FROM crab_card WHERE number = %s", [number])
        cr.fetchall()
        reference["SELECT of one number, ms"] = round((time.perf_counter() - started) * 1000, 1)
        started = time.perf_counter()
        cr.execute("SELECT count(*) FROM crab_card")
        reference["SELECT count(*), ms"] = round((time.perf_counter() - started) * 1000)
    return {"figures": figures, "reference": reference}


def verify_history_1m(bench):
    """Recomputing the chained hashes of all history lines."""
    _fill(bench, FILE)
    figures, reference = {}, {}
    lines = bench.query("SELECT count(*) FROM crab_card_event")[0][0]

    def verify(env):
        assert not env["crab.card.event"]._verify_chain()

    with bench.timed(figures, "seconds"):
        bench.run(verify)
    figures["lines"] = lines
    figures["seconds per 1,000,000 lines"] = round(figures["seconds"] * MILLION / lines, 2)
    with bench.timed(reference, "seconds"):
        bench.query("SELECT count(DISTINCT sha256(card_id::text::bytea)) FROM crab_card_event LIMIT 1")
    seconds = reference.pop("seconds") * MILLION / lines
    reference["reading and hashing each line once, s per 1,000,000"] = round(seconds, 2)
    return {"figures": figures, "reference": reference}


BENCHES = {
    function.__name__: function
    for function in (
        import_csv,
        import_excel,
        members,
        transfer_10k,
        activate_10k,
        redemption_rate,
        shipping,
        orders,
        member_pages,
        api,
        api_soak,
        phone,
        verify_history_1m,
        register_search_5m,
    )
}


def _peak():
    """Megabytes that this process held at most, and what it started to read a workbook."""
    return round(
        sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    )


def main(name, database, folder, divisor):
    crabenv.ensure_postgres()
    shrink(int(divisor))
    bench = Bench(database, folder)
    out = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()):
        result = {"prepare": prepare, **BENCHES}[name](bench)
    if result:
        result["figures"].setdefault("peak of a worker, MB", _peak())
    json.dump(result, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
