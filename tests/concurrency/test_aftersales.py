"""After-sales requests under real parallel connections: one open request, one decision, no credit behind its back."""

import threading
from datetime import timedelta

import pytest
from everything import shop_order
from test_earnings import Earnings
from world import refusals

import harness


@pytest.fixture(scope="module")
def world(module_registry):
    made = Earnings(module_registry)
    made.dealer_id, _staff, made.buyer_id = made.seller()
    return made


def ordered(world, until="received", quantity=2):
    """``(order id, its public id, goods line id)``"""

    def make(env):
        package = env["product.product"].browse(world.package_id)
        order = shop_order(env, env["crab.member"].browse(world.buyer_id), package, until, quantity)
        goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
        return order.id, order.public_id, goods.id

    return world.run(make)


def subject(world):
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("member", world.buyer_id)


def ask(world, order, quantity=1, kind="refund", **values):
    _id, public_id, line_id = order

    def call(env):
        lines = [(env["sale.order.line"].browse(line_id), quantity, None)]
        return env["crab.aftersale"]._ask(subject(world), public_id, lines, kind, "quality", **values).id

    return call


def step(request_id, name, *args):
    def call(env):
        getattr(env["crab.aftersale"].browse(request_id), name)(*args)
        return name

    return call


def cancel(world, request_id):
    def call(env):
        public_id = env["crab.aftersale"].browse(request_id).public_id
        env["crab.aftersale"]._cancel_for_subject(subject(world), public_id)
        return "_cancel"

    return call


def outcome(world, order, request_id):
    def read(env):
        found = env["sale.order"].browse(order[0])
        request = env["crab.aftersale"].browse(request_id)
        return request.state, found.crab_amount_refunded, len(found.crab_refund_ids), found.crab_aftersale

    return world.run(read)


@harness.covers("MB-24", "ask with reason and pictures", via="service")
def test_one_line_asked_about_by_many_at_once_has_one_open_request(world):
    order = ordered(world)
    results = world.at_once(*[ask(world, order)] * 8)
    assert len(refusals(results)) == 7
    assert all("still open" in str(error) for error in refusals(results))
    same = ordered(world)
    results = world.at_once(*[ask(world, same, key="same")] * 8)
    assert not refusals(results)
    assert len(set(results)) == 1


def test_approvals_and_a_cancellation_at_once_let_one_of_them_win(world):
    for _round in range(4):
        order = ordered(world)
        [request_id] = world.at_once(ask(world, order))
        results = world.at_once(
            step(request_id, "_approve"),
            step(request_id, "_approve"),
            cancel(world, request_id),
            cancel(world, request_id),
        )
        state, refunded, refunds, open_state = outcome(world, order, request_id)
        assert not open_state
        if state == "done":
            assert (refunded, refunds) == (950, 1)
            assert [bool(isinstance(result, Exception)) for result in results] == [False, False, True, True]
        else:
            assert (state, refunded, refunds) == ("cancelled", 0, 0)
            assert [bool(isinstance(result, Exception)) for result in results] == [True, True, False, False]
    world.assert_books()


def test_goods_received_by_two_at_once_come_back_once(world):
    order = ordered(world)
    [request_id] = world.at_once(ask(world, order, kind="return"))
    world.run(step(request_id, "_approve"))
    results = world.at_once(*[step(request_id, "_receive", "stock")] * 4)
    assert not refusals(results)
    assert outcome(world, order, request_id)[:3] == ("done", 950, 1)
    moved = world.run(
        lambda env: sum(
            env["stock.move"]
            .search([("picking_id.origin", "=", env["crab.aftersale"].browse(request_id).name)])
            .mapped("quantity")
        )
    )
    assert moved == 1
    world.assert_books()


def test_asking_and_crediting_at_once_never_credits_behind_an_open_request(world, monkeypatch):
    """The days are over for the job only: whoever commits first, the other sees it."""
    later = a_month_later(monkeypatch)
    for _round in range(4):
        order = ordered(world)
        results = world.at_once(ask(world, order), credit(later), credit(later))
        asked = not isinstance(results[0], Exception)
        found = world.run(
            lambda env, order_id=order[0]: (
                env["sale.order"].browse(order_id).read(["crab_credited_at", "crab_aftersale"])[0]
            )
        )
        assert bool(found["crab_aftersale"]) == asked
        assert not (found["crab_credited_at"] and asked)
        assert asked or "are over" in str(results[0])
    world.assert_books()


def a_month_later(monkeypatch):
    """Threads that set ``is_on`` of the answer live a month later."""
    from odoo import fields

    later, now = threading.local(), fields.Datetime.now
    monkeypatch.setattr(
        fields.Datetime, "now", lambda *args: now(*args) + timedelta(days=30 * getattr(later, "is_on", 0))
    )
    return later


def credit(later):
    """What the hourly job does when the after-sales days are over."""

    def call(env):
        later.is_on = True
        try:
            env["crab.earning"]._cron_credit()
        finally:
            later.is_on = False
        return True

    return call
