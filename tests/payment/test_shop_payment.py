"""Orders of members paid at WeChat Pay, real workers, the sandbox misbehaves: the outcome a shop's owner wants."""

import pytest
from shop_world import ShopWorld
from world import STOCK

import harness
from harness import covers

PRICE = 1000


@pytest.fixture(scope="module")
def shop(module_registry, module_server, sandbox):
    world = ShopWorld(module_registry)
    world.run(lambda env: harness.make_users(env, ("finance",)))
    world.pay_at(sandbox, module_server)
    return world


@pytest.fixture(autouse=True)
def sound(shop, sandbox):
    sandbox.ctl("reset")
    yield
    sandbox.ctl("reset")
    shop.later()
    shop.assert_books()


def notify(sandbox, reference, **kind):
    return [answer["status"] for answer in sandbox.ctl("notify", out_trade_no=reference, **kind)]


def close(shop, order):
    shop.run(lambda env: env["sale.order"].browse(order)._crab_close("test"))


def refunds(sandbox, reference):
    return [one["refund"] for one in sandbox.ctl("refunds") if one["out_trade_no"] == reference]


PAID = ("to_ship", 1, 1, 0, 0)
CLOSED = ("closed", 0, 0, 0, 0)
RETURNED = ("closed", 0, 0, PRICE, 1)


@covers("MB-11", "JSAPI payment with asynchronous confirmation")
def test_paid_order_is_shipped(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    assert notify(sandbox, reference) == [200]
    shop.later()
    assert shop.outcome(order) == PAID
    asked = sandbox.ctl("received", on="pay")[-1]["body"]
    asked = asked if isinstance(asked, str) else str(asked)
    assert "W-PKG" in asked and "100000" in asked, "goods and 1000.00 yuan in fen"


@covers("MB-11", "JSAPI payment with asynchronous confirmation")
def test_paid_order_without_notification_is_found_by_asking(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    shop.check_now(reference)
    assert shop.outcome(order) == PAID


def _tx(env, reference):
    return env["payment.transaction"].search([("reference", "=", reference)])


@covers("MB-11", "double notification is safe")
def test_notification_twice_and_again_after_shipping(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    assert notify(sandbox, reference, times=2) == [200, 200]
    shop.later()
    shop.run(lambda env: env["crab.delivery"].search([("order_id", "=", order)])._ship("SF"))
    assert notify(sandbox, reference) == [200]
    shop.later()
    assert shop.outcome(order) == ("to_receive", 1, 0, 0, 0)
    assert not refunds(sandbox, reference)


@covers("MB-11", "closing and retrying are safe")
def test_money_for_a_payment_that_was_cancelled_goes_back_once(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    close(shop, order)
    shop.run(lambda env: _tx(env, reference)._set_canceled() and None)
    sandbox.ctl("pay", out_trade_no=reference)
    assert notify(sandbox, reference, times=3) == [200] * 3
    shop.later()
    shop.check_now(reference)
    assert shop.outcome(order) == RETURNED
    assert refunds(sandbox, reference) == [PRICE * 100]
    assert shop.run(lambda env: _tx(env, reference).wechatpay_is_late)
    assert not shop.run(lambda env: _tx(env, reference).wechatpay_issue), "nobody has to look at it"


@covers("MB-11", "closing and retrying are safe")
def test_money_for_a_cancelled_attempt_serves_the_order_that_waits_for_it(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    shop.run(lambda env: _tx(env, reference)._set_canceled() and None)
    again = shop.begin(order)
    assert again != reference
    sandbox.ctl("pay", out_trade_no=reference)
    notify(sandbox, reference)
    shop.later()
    assert shop.outcome(order) == PAID
    sandbox.ctl("pay", out_trade_no=again)  # and pays the second one, too
    notify(sandbox, again)
    shop.later()
    shop.check_now(again)
    assert shop.outcome(order) == ("to_ship", 1, 1, PRICE, 1)
    assert (refunds(sandbox, reference), refunds(sandbox, again)) == ([], [PRICE * 100])


@covers("MB-11", "closing and retrying are safe")
def test_payer_faster_than_the_closing_gets_the_money_back(shop, sandbox):
    """The order is closed by the clock, and paid before WeChat Pay is told so."""
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    shop.time_passes(order)
    shop.later()
    shop.check_now(reference)
    assert shop.outcome(order) == RETURNED
    assert refunds(sandbox, reference) == [PRICE * 100]


@covers("MB-23", "pay and cancel unpaid")
def test_cancelled_order_cannot_be_paid_any_more(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    close(shop, order)
    shop.later()
    assert shop.outcome(order) == CLOSED
    with pytest.raises(RuntimeError):
        sandbox.ctl("pay", out_trade_no=reference)


def test_notification_before_the_answer_of_the_closing(shop, sandbox):
    """Out of order: closed is told after paid."""
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    notify(sandbox, reference)
    shop.later()
    shop.run(
        lambda env: (
            _tx(env, reference)._process("wechatpay", {"out_trade_no": reference, "trade_state": "CLOSED"}) and None
        )
    )
    shop.later()
    assert shop.outcome(order) == PAID


@pytest.mark.parametrize("variant", ["forged", "altered", "stale", "unsigned", "bad_tag", "unknown_serial"])
def test_forged_notification_pays_nothing(shop, sandbox, variant):
    order = shop.order()
    reference = shop.begin(order)
    assert notify(sandbox, reference, variant=variant) == [401]
    shop.later()
    assert shop.outcome(order) == ("to_pay", 0, 1, 0, 0)
    shop.time_passes(order)
    shop.later()
    assert shop.outcome(order) == CLOSED


def test_another_amount_is_not_taken_and_finance_is_told(shop, sandbox):
    order = shop.order()
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference, total=1)
    notify(sandbox, reference)
    shop.later()
    assert shop.outcome(order) == ("to_pay", 0, 1, 0, 1)
    shop.time_passes(order)
    shop.later()
    assert shop.outcome(order) == ("closed", 0, 0, 0, 1)
    shop.run(lambda env: env["sale.order"].browse(order).activity_ids.unlink())


@pytest.mark.parametrize("do", ["lose", "drop", "status", "delay"])
@covers("MB-11", "closing and retrying are safe")
def test_beginning_fails_and_is_repeated_under_the_same_number(shop, sandbox, do):
    """The answer lost after it was done, the request lost, an error of the server, no answer in time."""
    from odoo.exceptions import UserError

    order = shop.order()
    sandbox.ctl("fault", on="pay", do=do, status=500, seconds=30)
    with pytest.raises(UserError, match="WeChat Pay"):
        shop.begin(order)
    reference = shop.begin(order)
    assert shop.run(lambda env: len(env["sale.order"].browse(order).transaction_ids)) == 1
    sandbox.ctl("pay", out_trade_no=reference)
    notify(sandbox, reference)
    shop.later()
    assert shop.outcome(order) == PAID


@pytest.mark.parametrize("do", ["lose", "drop", "status"])
def test_closing_fails_and_is_repeated(shop, sandbox, do):
    order = shop.order()
    reference = shop.begin(order)
    close(shop, order)
    sandbox.ctl("fault", on="close", do=do, status=503)
    shop.later()
    assert shop.outcome(order) == CLOSED
    shop.later()
    assert shop.run(lambda env: _tx(env, reference).state) == "cancel"
    with pytest.raises(RuntimeError):
        sandbox.ctl("pay", out_trade_no=reference)


@pytest.mark.parametrize("do", ["lose", "drop", "status"])
@covers("HQ-46", "after-sales")
def test_refund_is_sent_once_whatever_happens_to_the_answer(shop, sandbox, do):
    order = shop.order(2)
    reference = shop.begin(order)
    sandbox.ctl("pay", out_trade_no=reference)
    notify(sandbox, reference)
    shop.later()

    def refund(env):
        record = env["sale.order"].browse(order)
        goods = record.order_line.filtered(lambda line: line.crab_role == "goods")
        env["crab.refund"]._refund(record, [(goods, 1, None)], "one is dead", key="once")

    shop.run(refund)
    sandbox.ctl("fault", on="refund", do=do, status=500)
    shop.later()
    shop.check_now(reference)  # sent again, where it did not arrive
    shop.check_now(reference)
    assert refunds(sandbox, reference) == [PRICE * 100]
    assert shop.outcome(order) == ("to_ship", 1, 1, PRICE, 0)


def test_no_payment_entries_of_odoo(shop):
    assert shop.run(lambda env: env["account.payment"].search_count([])) == 0


def test_stock_is_what_was_sold(shop):
    def read(env):
        product = env["product.product"].browse(shop.package_id)
        level = env["crab.stock.level"].search([("product_id", "=", product.id)])
        [available] = env["crab.stock.level"]._available(product).values()
        return available + level.claimed + env["crab.delivery"].search_count([("state", "=", "shipped")])

    assert shop.run(read) == STOCK
