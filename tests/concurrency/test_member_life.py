"""Reviews, favourites and points under real parallel connections."""

import pytest
from everything import shop_order
from test_cards import members
from world import World, refusals

import harness

CONNECTIONS = 12


@pytest.fixture(scope="module")
def world(module_registry):
    made = World(module_registry)
    [made.member_id] = members(made, 1, 900)
    made.run(_put_on_sale(made))
    return made


def _put_on_sale(world):
    def put(env):
        env["product.product"].browse(world.package_id).product_tmpl_id.crab_state = "on_sale"

    return put


def subject(world):
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("member", world.member_id)


def order(world, until="received", quantity=2):
    """Ids of an order and of its goods line."""

    def make(env):
        member, product = env["crab.member"].browse(world.member_id), env["product.product"].browse(world.package_id)
        made = shop_order(env, member, product, until, quantity)
        return made.id, made.order_line.filtered(lambda line: line.crab_role == "goods").id

    return world.run(make)


def test_a_line_reviewed_by_many_taps_at_once_has_one_review(world):
    order_id, line_id = order(world)

    def write(env, number):
        review = {"line_id": line_id, "score": 1 + number % 5}
        return env["crab.review"]._write_review(subject(world), order_id, [review]).id

    results = harness.run_parallel(world.registry, CONNECTIONS, write)
    assert len(refusals(results)) == CONNECTIONS - 1
    [review_id] = [result for result in results if isinstance(result, int)]

    def read(env):
        return env["crab.review"].search([("order_id", "=", order_id)]).ids, env["sale.order"].browse(
            order_id
        ).crab_state

    assert world.run(read) == ([review_id], "done")


def test_a_request_sent_many_times_at_once_gives_one_review_to_all(world):
    order_id, line_id = order(world)

    def write(env, _number):
        review = {"line_id": line_id, "score": 4, "text": "好"}
        return env["crab.review"]._write_review(subject(world), order_id, [review], key="tap").id

    results = harness.run_parallel(world.registry, CONNECTIONS, write)
    assert not refusals(results)
    assert len(set(results)) == 1


def test_a_product_added_by_many_taps_at_once_is_a_favourite_once(world):
    def add(env, _number):
        product = env["product.product"].browse(world.package_id).product_tmpl_id
        return env["crab.favourite"]._add(subject(world), product).id

    results = harness.run_parallel(world.registry, CONNECTIONS, add)
    assert not refusals(results)
    assert len(set(results)) == 1


def test_receipt_and_refunds_at_once_leave_the_points_that_are_due(world):
    order_id, line_id = order(world, "shipped")

    def act(env, number):
        sale = env["sale.order"].browse(order_id)
        if number % 3 == 0:
            sale._crab_receive()
            return "received"
        line = env["sale.order.line"].browse(line_id)
        return env["crab.refund"]._refund(sale, [(line, 0, "33.33")], "少发", key=f"points-{number}").id

    results = harness.run_parallel(world.registry, CONNECTIONS, act)
    assert not refusals(results)

    def read(env):
        sale, entries = (
            env["sale.order"].browse(order_id),
            env["crab.point.entry"].search([("order_id", "=", order_id)]),
        )
        due = int(sale.amount_total - sale.crab_amount_refunded)
        return due, sum(entries.mapped("points")), entries.mapped("kind").count("received")

    due, points, received = world.run(read)
    assert (points, received) == (due, 1) and due > 0


def test_an_account_closed_by_many_taps_at_once_is_closed_once(world):
    [member_id] = members(world, 1, 950)

    def close(env, _number):
        from odoo.addons.crab_base.tools.subject import Subject

        env["crab.member"]._close_for_subject(Subject("member", member_id))
        return "closed"

    results = harness.run_parallel(world.registry, CONNECTIONS, close)
    assert len(refusals(results)) == CONNECTIONS - 1

    def read(env):
        member = env["crab.member"].browse(member_id)
        return member.state, member.account_id.state, len(member.message_ids.filtered(lambda m: "Closed" in m.body))

    assert world.run(read) == ("closed", "closed", 1)
