"""The benchmark ``orders``: what members order and pay, beside what plain Odoo makes of an order, in the same run.

What is compared: an order of two lines that is confirmed, has taken its stock and waits to be shipped. Ours is also
paid, with its subledger rows, shares and a frozen price chain; Odoo's own makes its delivery while it confirms.
"""

import multiprocessing
import random
import resource
import time

PRODUCTS, BUYERS = 20, 50


def make_parties(env, bench, name):
    """Ids of 20 packages and as many products of plain Odoo, all in stock, and of 50 members."""
    group = env["res.company"]._crab_company("group")
    packages = env["product.template"].create(
        [
            {"name": f"{name}-{at}", "default_code": f"{name}-{at}", "list_price": 100 + at, "crab_kind": "package"}
            for at in range(PRODUCTS)
        ]
    )
    packages.crab_state = "on_sale"
    plain = env["product.template"].create(
        [{"name": f"{name}-plain-{at}", "list_price": 100 + at, "is_storable": True} for at in range(PRODUCTS)]
    )
    products = (packages + plain).product_variant_ids
    env["product.product"].with_company(group)._crab_adjust_stock(dict.fromkeys(products, 10_000_000))
    dealers = (bench.world.below_id, bench.world.top_id)
    members = env["crab.member"].create(
        [
            {"name": f"Buyer {at}", "phone": f"136{time.time_ns() // 1000 % 10**6:06}{at:02}", "dealer_id": dealer_id}
            for at in range(BUYERS)
            for dealer_id in [dealers[at % 2]]
        ]
    )
    return packages.product_variant_ids.ids, plain.product_variant_ids.ids, members.ids


class Ours:
    """Orders of the shop, in the transactions they have in production."""

    COMPLETE = """
        SELECT count(*), count(*) FILTER (WHERE state = 'sale' AND crab_state = 'to_ship'
               AND EXISTS (SELECT FROM crab_ledger_fact fact WHERE fact.kind = 'shop_paid'
                              AND fact.document_model = 'sale.order' AND fact.document_id = o.id)
               AND 2 = (SELECT count(*) FROM crab_stock_claim claim WHERE claim.order_id = o.id AND quantity > 0)
               AND EXISTS (SELECT FROM crab_delivery delivery WHERE delivery.order_id = o.id)
               AND EXISTS (SELECT FROM crab_earning earning WHERE earning.order_id = o.id))
          FROM sale_order o WHERE crab_key LIKE %s"""
    WORKED_OFF = """
        SELECT count(*) FROM crab_delivery JOIN sale_order o ON o.id = order_id
         WHERE picking_id IS NOT NULL AND crab_key LIKE %s"""

    def __init__(self, bench, parties):
        self.bench, (self.products, self.plain_products, self.members) = bench, parties
        self.ways = bench.run(self._ways)

    @staticmethod
    def _ways(env):
        """What the page of payment has shown: provider and method."""
        return (
            env["payment.provider"].search([("code", "!=", "wechatpay")], limit=1).id,
            env["payment.method"].with_context(active_test=False).search([], limit=1).id,
        )

    def buy(self, chance, key):
        """One order, in two requests as from the mini-program; how many those were."""
        chosen, member_id = chance.sample(self.products, 2), chance.choice(self.members)

        def place_and_begin(env):
            product = env["product.product"]
            lines = [(product.browse(product_id), quantity, 0) for quantity, product_id in enumerate(chosen, 1)]
            member = env["crab.member"].browse(member_id)
            order = env["crab.shop"]._place(member, lines, address=dict(self.bench.address), key=key)
            provider_id, method_id = self.ways
            provider, method = env["payment.provider"].browse(provider_id), env["payment.method"].browse(method_id)
            return env["payment.transaction"]._crab_start(order, provider, method).id

        def pay(env):
            transaction = env["payment.transaction"].browse(transaction_id)
            transaction._set_done()
            transaction._post_process()

        transaction_id = self.bench.run(place_and_begin)
        self.bench.run(pay)
        return 2


class Plain(Ours):
    """Plain Odoo: created and confirmed in one transaction, which reserves the goods and makes the delivery."""

    COMPLETE = """
        SELECT count(*), count(*) FILTER (WHERE state = 'sale' AND EXISTS (
               SELECT FROM stock_picking picking WHERE picking.sale_id = o.id AND picking.state = 'assigned'))
          FROM sale_order o WHERE client_order_ref LIKE %s"""
    WORKED_OFF = COMPLETE

    def buy(self, chance, key):
        chosen, member_id = chance.sample(self.plain_products, 2), chance.choice(self.members)

        def confirm(env):
            orders = env["sale.order"].with_company(env["res.company"]._crab_company("group"))
            partner_id = env["crab.member"].browse(member_id).partner_id.id
            lines = [
                (0, 0, {"product_id": product_id, "product_uom_qty": quantity})
                for quantity, product_id in enumerate(chosen, 1)
            ]
            orders.create({"partner_id": partner_id, "client_order_ref": key, "order_line": lines}).action_confirm()

        self.bench.run(confirm)
        return 1


def _buy_some(make_bench, kind, parties, number, seconds, barrier, results):
    bench = make_bench()
    shop = kind(bench, parties)
    chance = random.Random(number)
    name = f"{kind.__name__}-{time.time_ns()}-{number}"
    shop.buy(chance, f"warm-{name}")
    barrier.wait()
    orders = requests = slowest = 0
    processor = time.process_time()
    ends = time.perf_counter() + seconds
    while (started := time.perf_counter()) < ends:
        requests += shop.buy(chance, f"{name}-{orders}")
        orders += 1
        slowest = max(slowest, time.perf_counter() - started)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    results.put((name, orders, requests, slowest, time.process_time() - processor, peak))


def _work_jobs(make_bench, stop, results):
    """What the job workers of a server do beside the requests, as often as they do it: events and jobs as they come,
    delivery orders at the interval of their scheduled action.
    """
    bench = make_bench()
    minutes = bench.query(
        "SELECT interval_number FROM ir_cron WHERE interval_type = 'minutes' AND id = (SELECT res_id FROM ir_model_data"
        " WHERE module = 'crab_redemption' AND name = 'cron_prepare_deliveries')"
    )[0][0]
    prepared = time.perf_counter()
    while not stop.wait(1):
        is_due = time.perf_counter() - prepared > 60 * minutes
        if is_due:
            prepared = time.perf_counter()
        _work_once(bench, is_due)
    started = time.perf_counter()
    _work_once(bench, True, 1)
    results.put(time.perf_counter() - started)


def _work_once(bench, is_due, least=None):
    """:param least: so many waiting deliveries make one more wave; as many as fill one, unless given"""
    from odoo import SUPERUSER_ID, api

    from odoo.addons.crab_redemption.models.crab_delivery_wave import PREPARE_LIMIT
    from odoo.addons.queue_job.job import Job

    def work(env, uuid):
        job = Job.load(env, uuid)
        job.perform()
        job.set_done()
        job.store()

    def cron(model, method):
        with bench.registry.cursor() as cr:
            getattr(api.Environment(cr, SUPERUSER_ID, {})[model], method)()

    while bench.query("SELECT FROM crab_outbox_delivery WHERE state = 'pending' LIMIT 1"):
        cron("crab.outbox", "_cron_dispatch")
    waits = "SELECT FROM crab_delivery WHERE state = 'waiting' LIMIT 1 OFFSET %s"
    least = least or PREPARE_LIMIT
    while is_due:
        cron("crab.delivery", "_cron_prepare")
        is_due = bench.query(waits, least - 1)
    for uuid in bench.run(lambda env: env["queue.job"].search([("state", "=", "pending")]).mapped("uuid")):
        bench.run(lambda env, uuid=uuid: work(env, uuid))


def buy_at_once(bench, make_bench, kind, parties, seconds, processes):
    """Figures of so many processes that buy for ``seconds``, beside a process that works off the jobs.

    :raise AssertionError: when an order is not in the state that was to be reached
    """
    context = multiprocessing.get_context("spawn")
    barrier, results, stop, done = context.Barrier(processes), context.Queue(), context.Event(), context.Queue()
    jobs = context.Process(target=_work_jobs, args=(make_bench, stop, done))
    workers = [
        context.Process(target=_buy_some, args=(make_bench, kind, parties, at, seconds, barrier, results))
        for at in range(processes)
    ]
    for process in (jobs, *workers):
        process.start()
    got = [results.get(timeout=seconds + 300) for _worker in workers]
    stop.set()
    backlog = done.get(timeout=600)
    worked_off = sum(bench.query(kind.WORKED_OFF, f"{name}-%")[0][0] for name, *_rest in got)
    for process in (jobs, *workers):
        process.join()
    orders = sum(count for _name, count, *_rest in got)
    for name, count, *_rest in got:
        assert bench.query(kind.COMPLETE, f"{name}-%") == [(count, count)], f"not all of {count} orders are complete"
    return {
        "requests per second": round(sum(requests for _name, _count, requests, *_rest in got) / seconds, 1),
        "orders per second": round(orders / seconds, 2),
        "completed per second": round(worked_off / (seconds + backlog), 2),
        "backlog at the end, s of work": round(backlog, 2),
        "slowest order, s": round(max(slowest for *_some, slowest, _processor, _peak in got), 2),
        "processor time of an order, ms": round(
            sum(processor for *_some, processor, _peak in got) / max(orders, 1) * 1000, 1
        ),
        "peak of a worker, MB": max(peak for *_some, peak in got),
    }
