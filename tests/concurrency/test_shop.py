"""Orders of members under real parallel connections: the last piece, notifications at once, paying against closing."""

import pytest
from shop_world import ShopWorld
from world import refusals

import harness
from harness import covers


@pytest.fixture(scope="module")
def shop(module_registry, module_server, sandbox):
    world = ShopWorld(module_registry)
    world.pay_at(sandbox, module_server)
    return world


@pytest.fixture(autouse=True)
def sound(shop):
    yield
    shop.later()
    shop.assert_books()


def available(shop, product_id):
    def read(env):
        [quantity] = env["crab.stock.level"]._available(env["product.product"].browse(product_id)).values()
        return quantity

    return shop.run(read)


@pytest.mark.parametrize("moment", ["order", "payment"])
@covers("HQ-60", "stock settings")
def test_the_last_piece_bought_by_50_at_once_is_sold_once(shop, moment):
    """One wins and is served; the others are told, and nothing of theirs holds the piece."""
    product_id = shop.product(f"LAST-{moment}", 1)
    shop.run(lambda env: env["ir.config_parameter"].set_param("crab_shop.stock_taken_at", moment) and None)

    def buy(env, number):
        return shop.place(env, product_id=product_id, key=f"{moment}-{number}").id

    def pay(env):
        provider = env["payment.provider"].search([("code", "!=", "wechatpay")], limit=1)  # refunds call nobody
        method = env["payment.method"].with_context(active_test=False).search([], limit=1)
        for order in env["sale.order"].browse(orders):
            env["payment.transaction"]._crab_start(order, provider, method)._set_done()

    def take(env, number):
        env["sale.order"].browse(orders[number]).transaction_ids._post_process()

    try:
        results = harness.run_parallel(shop.registry, 50, buy)
        refused = refusals(results)
        orders = [result for result in results if not isinstance(result, Exception)]
        assert len(orders) == (1 if moment == "order" else 50)
        assert all("LAST" in str(error) for error in refused), refused
        shop.run(pay)
        refusals(harness.run_parallel(shop.registry, len(orders), take))  # who waits too long is taken up again
        shop.cron("payment.transaction", "_cron_post_process")
    finally:
        shop.run(lambda env: env["ir.config_parameter"].set_param("crab_shop.stock_taken_at", "order") and None)
    assert available(shop, product_id) == 0

    def sold(env):
        found = env["sale.order"].search([("order_line.product_id", "=", product_id)])
        states = sorted(found.mapped("crab_state"))
        returned = found.crab_refund_ids
        return states, len(returned), sum(returned.mapped("amount"))

    others = len(orders) - 1
    assert shop.run(sold) == (["closed"] * others + ["to_ship"], others, 1000.0 * others)


def test_unpaid_order_of_the_last_piece_gives_it_back_in_time(shop):
    product_id = shop.product("HELD", 1)
    order = shop.order(product_id=product_id)
    assert available(shop, product_id) == 0
    shop.time_passes(order)
    assert available(shop, product_id) == 1
    shop.order(product_id=product_id)


def test_orders_of_many_products_in_any_order_never_block_each_other(shop):
    """Each takes three products, named in different orders; no deadlock, nothing sold twice."""
    products = [shop.product(f"MANY-{number}", 12) for number in range(3)]

    def buy(env, number):
        from world import ADDRESS

        turned = products[number % 3 :] + products[: number % 3]
        lines = [(env["product.product"].browse(product_id), 1, 0) for product_id in turned]
        return env["crab.shop"]._place(env["crab.member"].browse(shop.member_id), lines, address=ADDRESS).id

    results = harness.run_parallel(shop.registry, 20, buy)
    assert len(refusals(results)) == 8
    assert [available(shop, product_id) for product_id in products] == [0, 0, 0]


@covers("MB-11", "closing and retrying are safe")
def test_the_same_order_sent_20_times_at_once_is_placed_once(shop):
    product_id = shop.product("SENT-20", 100)
    results = harness.run_parallel(
        shop.registry, 20, lambda env, _number: shop.place(env, 2, product_id=product_id, key="sent-20").id
    )
    assert not refusals(results)
    assert len(set(results)) == 1
    assert available(shop, product_id) == 98


@covers("MB-11", "double notification is safe", via="api")
def test_the_same_notification_20_times_at_once_serves_the_order_once(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    answers = sandbox.ctl("notify", out_trade_no=reference, times=20, at_once=True)
    assert [answer["status"] for answer in answers] == [200] * 20

    def process(env, _number):
        env["payment.transaction"].search([("reference", "=", reference)])._post_process()

    assert not refusals(harness.run_parallel(shop.registry, 10, process))
    shop.later()
    assert shop.outcome(order) == ("to_ship", 1, 1, 0, 0)


@covers("MB-11", "closing and retrying are safe", via="api")
def test_paying_and_the_clock_race(shop, sandbox):
    """Whoever is first: the order is served, or it is closed and the money goes back; never both, never neither."""
    seen = set()
    for number in range(10):
        order = shop.order()
        reference = shop.begin(order)
        sandbox.ctl("pay", out_trade_no=reference)
        shop.run(
            lambda env, order=order: (
                env["sale.order"].browse(order).sudo().write({"crab_pay_before": "2026-01-01"}) and None
            )
        )

        def act(env, who, order=order, reference=reference, number=number):
            if who == number % 2:
                record = env["sale.order"].browse(order)
                if record.crab_state == "to_pay":
                    record._crab_close("Not paid in time.")
            else:
                sandbox.ctl("notify", out_trade_no=reference)
                env["payment.transaction"].search([("reference", "=", reference)])._post_process()

        refusals(harness.run_parallel(shop.registry, 2, act))
        for _ in range(2):
            shop.later()
            shop.run(
                lambda env, reference=reference: (
                    env["payment.transaction"]
                    .search([("source_transaction_id.reference", "=", reference), ("wechatpay_check_at", "!=", False)])
                    .write({"wechatpay_check_at": "2026-01-01"})
                    and None
                )
            )
        shop.later()
        state, deliveries, taken, returned, _reports = shop.outcome(order)
        assert (state, deliveries, taken, returned) in (("to_ship", 1, 1, 0), ("closed", 0, 0, 1000)), state
        seen.add(state)
    assert seen


def test_refunds_at_once_never_exceed_what_was_paid(shop, sandbox):
    order = shop.order(4)
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    sandbox.ctl("notify", out_trade_no=reference)
    shop.later()

    def refund(env, number):
        record = env["sale.order"].browse(order)
        goods = record.order_line.filtered(lambda line: line.crab_role == "goods")
        return env["crab.refund"]._refund(record, [(goods, 1, None)], "test", key=f"at-once-{number}").id

    results = harness.run_parallel(shop.registry, 12, refund)
    assert len(refusals(results)) == 8
    assert shop.run(lambda env: env["sale.order"].browse(order).crab_amount_refunded) == 4000
    assert shop.run(lambda env: env["sale.order"].browse(order).crab_state) == "closed"
