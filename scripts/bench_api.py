"""The benchmark ``api``: what phones wait for on opening day, over HTTP and nginx, beside plain Odoo's own web API."""

import http.client
import json
import multiprocessing
import time

import serving

import crabenv

SECONDS, SOAK_SECONDS, CONNECTIONS, WORKERS = 12, 1200, 4, 2
GOODS, PEOPLE = 40, 4_000  # people are phones and cards, each used once
CODE = "123456"
JSON = {"Content-Type": "application/json"}


class Shop:
    """What is read and done: ids, numbers and tokens that the requests need."""

    def __init__(self, bench, prefix, people):
        self.bench, self.prefix, self.people = bench, prefix, people
        self.card_ids = bench.world.active(people, prefix)
        vars(self).update(bench.run(self._make))

    def _make(self, env):
        goods = env["product.template"].create(
            [
                {"name": f"{self.prefix} 礼盒 {at}", "default_code": f"{self.prefix}-{at}", "list_price": 100 + at}
                | {"crab_kind": "package"}
                for at in range(GOODS)
            ]
        )
        goods.crab_state = "on_sale"
        env["product.product"]._crab_adjust_stock(dict.fromkeys(goods.product_variant_ids, 1_000_000))
        numbers = range(10_000_000, 10_000_000 + self.people)
        accounts = env["crab.account"]._get_or_create(
            [{"name": f"{self.prefix} {number}", "phone": f"135{number}"} for number in numbers]
        )
        members = env["crab.member"].union(*[env["crab.member"]._sign_up(one) for one in accounts[:CONNECTIONS]])
        lines = [(product, 1, 0) for product in goods.product_variant_ids[:2]]
        order = env["crab.shop"]._place(members[0], lines, address=dict(self.bench.address), key=self.prefix)
        codes = env["crab.sms.code"]
        now = env.cr.now()
        codes.create(
            [
                {
                    "phone": account.phone,
                    "purpose": "login",
                    "source": "",
                    "asked_at": now,
                    "expires_at": "2099-01-01",
                    "code_hash": codes._hash(account.phone, "login", CODE),
                }
                for account in accounts
            ]
        )
        district = env["crab.region"].search([("level", "=", "district")], limit=1)
        cards = env["crab.card"].browse(self.card_ids)
        expires = "2099-01-01"
        return {
            "tokens": _tokens(env, members.account_id.ids),
            "accounts": members.account_id.ids,
            "goods": goods.mapped("public_id"),
            "order": order.public_id,
            "phones": [account.phone.removeprefix("+86") for account in accounts],
            "numbers": cards.mapped("number"),
            "receiver": {
                "receiver_name": "收货人",
                "receiver_phone": "13800000000",
                "region_code": district.code,
                "street": "示例路 1 号",
            },
            "api_key": env["res.users.apikeys"].with_user(env.ref("base.user_admin"))._generate("rpc", "b", expires),
        }


def _tokens(env, account_ids):
    accounts = env["crab.account"].browse(account_ids)
    return [env["crab.session"]._open(account, "member", "sms")._tokens() for account in accounts]


# Each makes the request number ``at`` of connection ``who``: (method, path, body, headers). ``told`` keeps answers.


def bearer(shop, who):
    return {"Authorization": "Bearer " + shop["tokens"][who]["access_token"]}


def catalogue(shop, who, at, told):
    headers = {"If-None-Match": told["etag"]} if "etag" in told else {}
    return "GET", "/api/v1/catalog/products?kind=package&limit=20", None, headers


def catalogue_whole(shop, who, at, told):
    return "GET", "/api/v1/catalog/products?kind=package&limit=20", None, {}


def prices(shop, who, at, told):
    return "GET", f"/api/v1/catalog/prices?ids={','.join(shop['goods'][:20])}", None, bearer(shop, who)


def order_detail(shop, who, at, told):
    return "GET", f"/api/v1/orders/{shop['order']}", None, bearer(shop, 0)


def bind_and_redeem(shop, who, at, told):
    number = shop["numbers"][who + CONNECTIONS * (at // 2)]
    if at % 2 == 0:
        body = {"number": number, "password": shop["password"]}
        return "POST", "/api/v1/cards/bind", body, bearer(shop, who)
    headers = {**bearer(shop, who), "Idempotency-Key": f"bench-{number}"}
    return "POST", f"/api/v1/cards/{number}/redemptions", {"receiver": shop["receiver"]}, headers


def login_and_refresh(shop, who, at, told):
    if at % 2 == 0:
        phone = shop["phones"][who + CONNECTIONS * (at // 2)]
        return "POST", "/api/v1/auth/login/sms", {"phone": phone, "code": CODE}, {}
    return "POST", "/api/v1/auth/refresh", {"refresh_token": told["body"]["refresh_token"]}, {}


def plain_search(shop, who, at, told):
    body = {"domain": [["sale_ok", "=", True]], "fields": ["name", "list_price", "default_code"], "limit": 20}
    headers = {"Authorization": "Bearer " + shop["api_key"]}
    return "POST", "/json/2/product.template/search_read", body, headers


def _ask(port, request, shop, who, seconds, barrier, results):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    told, taken, statuses = {}, [], {}

    def one(at):
        method, path, body, headers = request(shop, who, at, told)
        content = json.dumps(body) if body is not None else None
        started = time.perf_counter()
        connection.request(method, path, content, {**JSON, **headers} if content else headers)
        answer = connection.getresponse()
        text = answer.read()
        taken.append(time.perf_counter() - started)
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status >= 400:
            raise AssertionError((path, answer.status, text[:500]))
        if answer.headers.get("ETag"):
            told["etag"] = answer.headers["ETag"]
        if method == "POST" and answer.status == 200:
            told["body"] = json.loads(text)

    try:
        for at in (0, 1):  # the first builds what a process keeps
            one(at)
        barrier.wait(120)
        taken.clear()
        ends, at = time.perf_counter() + seconds, 2
        while time.perf_counter() < ends:
            one(at)
            at += 1
        results.put((taken, statuses))
    except Exception as error:  # noqa: BLE001  the parent raises it
        barrier.abort()
        results.put(error)


def measured(port, request, shop, seconds):
    """``(requests per second, 99th percentile in ms, {status: count})`` over so many connections at once."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(CONNECTIONS), context.Queue()
    askers = [
        context.Process(target=_ask, args=(port, request, shop, who, seconds, barrier, results))
        for who in range(CONNECTIONS)
    ]
    for asker in askers:
        asker.start()
    got = [results.get(timeout=seconds + 300) for _asker in askers]
    for asker in askers:
        asker.join()
    if errors := [one for one in got if isinstance(one, Exception)]:
        raise errors[0]
    taken = sorted(one for times, _statuses in got for one in times)
    statuses = {status for _times, found in got for status in found}
    return round(len(taken) / seconds, 1), round(taken[int(len(taken) * 0.99)] * 1000, 1), sorted(statuses)


def workers_memory(processes):
    """Megabytes of each process of the server that has more than most, by its number."""
    import psutil

    sizes = {}
    for _name, process in processes.running:
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            sizes[one.pid] = round(one.memory_info().rss / 2**20, 1)
    return sizes


MEASURED = {
    "catalogue list through nginx": (catalogue, True),
    "catalogue list, Odoo alone": (catalogue, False),
    "catalogue list made anew, Odoo alone": (catalogue_whole, False),
    "own prices of 20 products": (prices, True),
    "detail of an order": (order_detail, True),
    "binding and redeeming cards": (bind_and_redeem, True),
    "SMS logins and refreshes": (login_and_refresh, True),
}


def _shop(bench, prefix, people):
    shop = {**vars(Shop(bench, prefix, people)), "password": bench.password}
    shop.pop("bench")
    return shop


def run(bench, prefix, seconds):
    """Figures and reference: each kind of request alone, over 4 connections, to a server with 2 workers."""
    shop = _shop(bench, prefix, PEOPLE)
    processes, port = serving.Processes(), crabenv.free_port()
    log = bench.folder / "server.log"
    figures, reference = {}, {}
    try:
        options = ["--max-cron-threads", "0", "--load", "base,web", "--log-level", "warn"]
        web_port = serving.start_odoo(processes, bench.database, port, WORKERS, log, *options)
        for name, (request, is_behind_nginx) in MEASURED.items():
            rate, slow, _statuses = measured(port if is_behind_nginx else web_port, request, shop, seconds)
            figures[f"{name}, per second"], figures[f"{name}, 99 % within, ms"] = rate, slow
        figures["peak of a worker, MB"] = round(max(workers_memory(processes).values()))
        rate, _slow, _statuses = measured(web_port, plain_search, shop, seconds)
        reference["plain Odoo's /json/2 search of 20 products per second"] = rate
    finally:
        processes.stop()
    for name in MEASURED:
        figures[f"{name}, times plain Odoo's search"] = round(figures[f"{name}, per second"] / rate, 2)
    return {"figures": figures, "reference": reference}


def a_day(shop, who, at, told):
    """One of ten requests as phones mix them; logins and cards come in pairs."""
    turn, pair = at % 10, (shop["done"] + at // 10) * 2
    if turn in (0, 1):
        return login_and_refresh(shop, who, pair + turn, told)
    if turn in (2, 3):
        return bind_and_redeem(shop, who, pair + turn - 2, told)
    return (catalogue, prices, order_detail)[turn % 3](shop, who, at, told)


def soak(bench, prefix, seconds):
    """Memory of the processes from a fifth of the time, when all is warm, to the end, and whether the rate holds."""
    shop = _shop(bench, prefix, round(seconds * 30))
    processes, port = serving.Processes(), crabenv.free_port()
    options = ["--max-cron-threads", "0", "--load", "base,web", "--log-level", "warn"]
    try:
        serving.start_odoo(processes, bench.database, port, WORKERS, bench.folder / "server.log", *options)
        part, rates, sizes, done = seconds / 5, [], [], 0
        for _part in range(5):  # an access token is good for a quarter of an hour
            shop["tokens"] = bench.run(lambda env: _tokens(env, shop["accounts"]))
            rate, slow, _statuses = measured(port, a_day, {**shop, "done": done}, part)
            rates.append(rate)
            sizes.append(workers_memory(processes))
            done += round(rate * part / 10) + 1  # more than any connection has done
    finally:
        processes.stop()
    before, after = sizes[0], sizes[-1]
    grown = max(after.get(pid, 0) - size for pid, size in before.items())
    figures = {
        "minutes": round(seconds / 60, 1),
        "per second": rates[-1],
        "99 % within, ms": slow,
        "growth of a process, MB": round(grown, 1),
        "processes that ended": len(before.keys() - after.keys()),
        "peak of a worker, MB": round(max(after.values())),
    }
    return {"figures": figures, "reference": {"at the beginning per second": rates[0]}}
