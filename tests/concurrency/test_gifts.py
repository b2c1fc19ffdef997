"""Gifts of e-cards under real parallel connections: one taker, one end, never a card used twice."""

import pytest
from test_cards import members
from world import ADDRESS, World, refusals

import harness

CONNECTIONS = 20


@pytest.fixture(scope="module")
def world(module_registry):
    made = World(module_registry)
    made.run(lambda env: _sell(env, made))
    made.member_ids = members(made, CONNECTIONS + 1, 500)
    return made


def _sell(env, world):
    template = env["product.template"].create(
        {
            "name": "电子卡",
            "default_code": "W-ECARD",
            "list_price": 1000,
            "crab_kind": "ecard",
            "crab_rule": "fixed",
            "crab_choice_ids": [(6, 0, [world.package_id])],
        }
    )
    template.crab_state = "on_sale"
    world.ecard_id = template.product_variant_id.id
    env["product.product"]._crab_adjust_stock({template.product_variant_id: 1000})


def member_subject(number):
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("member", number)


def placed(env, world, member_id):
    member = env["crab.member"].browse(member_id)
    return env["crab.shop"]._place(member, [(env["product.product"].browse(world.ecard_id), 1, 0)])


def paid(env, order):
    """The one number of ``order``, which is paid now."""
    provider = env["payment.provider"].search([("code", "!=", "wechatpay")], limit=1)
    method = env["payment.method"].with_context(active_test=False).search([], limit=1)
    transaction = env["payment.transaction"]._crab_start(order, provider, method)
    transaction._set_done()
    transaction._post_process()
    lines = order.order_line
    return env["crab.card"].search([("charge_model", "=", lines._name), ("charge_id", "in", lines.ids)])


def bought(world):
    """Id of the one number of an order that the first member has paid."""
    return world.run(lambda env: paid(env, placed(env, world, world.member_ids[0])).id)


def given(world, card_id):
    return world.run(lambda env: env["crab.card.gift"]._give(member_subject(world.member_ids[0]), card_id).sudo().token)


def state_of(world, card_id):
    def read(env):
        card = env["crab.card"].browse(card_id)
        assert not env["crab.card.event"]._verify_chain(card.ids)
        return card.state, card.member_id.id, card.transit_id, card.event_ids.sorted("sequence").mapped("event")

    return world.run(read)


def test_a_gift_taken_by_twenty_at_once_has_one_taker(world):
    card_id = bought(world)
    token = given(world, card_id)

    def claim(env, number):
        return env["crab.card.gift"]._claim(member_subject(world.member_ids[number + 1]), token).receiver_member_id.id

    results = harness.run_parallel(world.registry, CONNECTIONS, claim)
    assert len(refusals(results)) == CONNECTIONS - 1
    [taker] = [result for result in results if isinstance(result, int)]
    state, member_id, transit_id, events = state_of(world, card_id)
    assert (state, member_id, transit_id) == ("active", taker, 0)
    assert events.count("hand_over") == 1


def test_a_card_given_redeemed_and_refunded_at_once_goes_one_way(world):
    card_id = bought(world)

    def act(env, number):
        card = env["crab.card"].browse(card_id)
        subject = member_subject(world.member_ids[0])
        if number % 3 == 0:
            return "given", env["crab.card.gift"]._give(subject, card_id).id
        if number % 3 == 1:
            return "used", env["crab.redemption"]._redeem_held(subject, card, ADDRESS, key=f"gift-{number}").id
        line = env["sale.order.line"].browse(card.charge_id)
        return "refunded", env["crab.refund"]._refund(line.order_id, [(line, 1, None)], "不要了", key=str(number)).id

    results = harness.run_parallel(world.registry, CONNECTIONS, act)
    assert len(refusals(results)) == CONNECTIONS - 1
    [(way, _id)] = [result for result in results if isinstance(result, tuple)]
    state, member_id, transit_id, events = state_of(world, card_id)
    assert member_id == world.member_ids[0]
    assert (state, bool(transit_id)) == {
        "given": ("active", True), "used": ("used", False), "refunded": ("cancelled", False),
    }[way]  # fmt: skip
    assert len(events) == 2


def test_a_gift_taken_and_revoked_at_once_ends_once(world):
    for _turn in range(5):
        card_id = bought(world)
        token = given(world, card_id)

        def act(env, number, token=token):
            if number % 2:
                return env["crab.card.gift"]._revoke(member_subject(world.member_ids[0]), token).state
            return env["crab.card.gift"]._claim(member_subject(world.member_ids[1]), token).state

        results = harness.run_parallel(world.registry, 8, act)
        told = refusals(results)
        ends = {result for result in results if isinstance(result, str)}
        assert len(ends) == 1 and len(told) == 4, results
        state, member_id, transit_id, _events = state_of(world, card_id)
        assert (state, transit_id) == ("active", 0)
        assert member_id == world.member_ids[0 if ends == {"revoked"} else 1]


def test_numbers_that_come_back_or_are_made_while_their_member_is_merged_go_on_with_it(world):
    """Of one member at once: three orders are paid, two redemptions cancelled, and it becomes another member."""
    old, kept = members(world, 2, 900)

    def prepare(env):
        cards = [paid(env, placed(env, world, old)) for _number in range(2)]
        redeemed = [env["crab.redemption"]._redeem_held(member_subject(old), card, ADDRESS).id for card in cards]
        return redeemed, [placed(env, world, old).id for _number in range(3)]

    redeemed, orders = world.run(prepare)

    def act(env, number):
        if number == 5:
            env["crab.member"].browse(old).account_id._merge_into(env["crab.member"].browse(kept).account_id)
        elif number > 2:
            env["crab.redemption"].browse(redeemed[number - 3])._cancel("changed mind")
        else:
            paid(env, env["sale.order"].browse(orders[number]))
        return True

    assert harness.run_parallel(world.registry, 6, act) == [True] * 6

    def found(env):
        cards = env["crab.card"].search([("member_id", "in", (old, kept))])
        assert not env["crab.card.event"]._verify_chain(cards.ids)
        return [(card.member_id.id, card.state) for card in cards]

    assert world.run(found) == [(kept, "active")] * 5


@pytest.mark.parametrize("first", ["ship", "concede"])
def test_conceding_and_shipping_at_once_leave_nothing_owed(world, first):
    """Whichever is committed while the other is under way: what was paid is what was given back and what was earned."""

    def prepare(env):
        order = placed(env, world, world.member_ids[0])
        card = paid(env, order)
        redemption = env["crab.redemption"]._redeem_held(member_subject(world.member_ids[0]), card, ADDRESS)
        return order.id, redemption.id

    order_id, redemption_id = world.run(prepare)

    def ship(env):
        env["crab.redemption"].browse(redemption_id).delivery_id._ship("SF")

    def concede(env):
        order = env["sale.order"].browse(order_id)
        env["crab.refund"]._refund(order, [(order.order_line, 0, 60)], "late")

    meanwhile, last = ([ship], concede) if first == "ship" else ([concede], ship)

    def second(env):
        env.cr.execute("SELECT FROM sale_order LIMIT 1")  # from now on it sees nothing newer
        if meanwhile:
            world.run(meanwhile.pop())
        last(env)

    world.run(second)

    def earned(env):
        order = env["sale.order"].browse(order_id)
        facts = env["crab.ledger.fact"].search(
            [
                ("document_model", "=", "crab.redemption"),
                ("document_id", "=", redemption_id),
                ("kind", "=", "redemption_shipped"),
                ("company_id", "=", order.company_id.id),
            ]
        )
        return sum(facts.mapped("amount_net")) + sum(facts.mapped("amount_tax")), order.amount_total - 60

    booked, due = world.run(earned)
    assert round(booked - due, 2) == 0, (booked, due)
