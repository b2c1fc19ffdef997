"""Real parallel connections around redemption and shipping: nothing leaves twice, nothing leaves that is not there."""

import pytest
from world import ADDRESS, World, refusals

import harness


@pytest.fixture(scope="module")
def world(module_registry):
    return World(module_registry)


def system():
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("system", 1)


def redeem(env, card_id):
    return env["crab.redemption"]._redeem(system(), env["crab.card"].browse(card_id), dict(ADDRESS))


def redeemed(world, count, prefix):
    """Ids of redemptions, one transaction each."""
    return [world.run(lambda env, i=i: redeem(env, i).id) for i in world.active(count, prefix)]


def stock(world):
    def read(env):
        company = env["res.company"]._crab_company("group")
        product = env["product.product"].browse(world.package_id)
        return product.with_context(allowed_company_ids=company.ids).qty_available

    return world.run(read)


def held(world):
    """Pieces that waves of other tests hold."""

    def read(env):
        quants = env["stock.quant"].search([("product_id", "=", world.package_id)])
        return sum(quants.mapped("reserved_quantity"))

    return world.run(read)


def count_stock(world, quantity):
    def count(env):
        product = env["product.product"].browse(world.package_id)
        product._crab_adjust_stock({product: quantity})

    world.run(count)


def states(world, ids):
    """``(state, state of the delivery, state of the number, ledger facts)`` of each redemption."""

    def read(env):
        facts = env["crab.ledger.fact"]
        return [
            (r.state, r.delivery_id.state, r.card_id.state, facts.search_count([("document_id", "=", r.id)]))
            for r in env["crab.redemption"].browse(ids)
        ]

    return world.run(read)


SHIPPED, CANCELLED = ("shipped", "shipped", "used", 1), ("cancelled", "cancelled", "active", 0)


def test_twenty_numbers_redeemed_at_once_all_succeed(world):
    ids = world.active(20, "RQA")

    def act(env, number):
        return redeem(env, ids[number]).id

    results = harness.run_parallel(world.registry, 20, act)
    assert not refusals(results)
    assert len(set(results)) == 20
    names = world.run(lambda env: env["crab.redemption"].browse(results).mapped("delivery_id.name"))
    assert len(set(names)) == 20
    world.assert_sound()


def test_two_preparations_at_once_put_each_delivery_into_one_wave(world):
    ids = redeemed(world, 6, "RQB")

    def prepare(env, _number):
        return len(env["crab.redemption"].browse(ids).delivery_id._prepare_waves())

    results = harness.run_parallel(world.registry, 4, prepare)
    assert not refusals(results)
    assert sorted(results) == [0, 0, 0, 1]

    def demand(env):
        waves = env["crab.redemption"].browse(ids).delivery_id.picking_id
        return len(waves), sum(waves.move_ids.mapped("product_uom_qty"))

    assert world.run(demand) == (1, 6)


def test_one_delivery_shipped_ten_times_at_once_leaves_once(world):
    [redemption_id] = redeemed(world, 1, "RQC")
    before = stock(world)

    def ship(env, _number):
        env["crab.redemption"].browse(redemption_id).delivery_id._ship("顺丰速运")
        return True

    results = harness.run_parallel(world.registry, 10, ship)
    assert len(refusals(results)) == 9
    assert states(world, [redemption_id]) == [SHIPPED]
    assert stock(world) == before - 1
    world.assert_sound()


def test_cancelling_and_shipping_at_once_lets_one_of_them_win(world):
    ids = redeemed(world, 8, "RQD")
    world.run(lambda env: env["crab.redemption"].browse(ids).delivery_id._prepare_waves() and None)
    before = stock(world)

    def act(env, number):
        redemption = env["crab.redemption"].browse(ids[number // 2])
        if number % 2:
            redemption._cancel("changed mind")
        else:
            redemption.delivery_id._ship("顺丰速运")
        return True

    results = harness.run_parallel(world.registry, 16, act)
    refusals(results)
    for pair in zip(results[::2], results[1::2], strict=True):
        assert sorted(result is True for result in pair) == [False, True]
    found = states(world, ids)
    assert set(found) <= {SHIPPED, CANCELLED}
    assert stock(world) == before - found.count(SHIPPED)
    world.assert_sound()


@pytest.mark.parametrize("prepared", ["not", "in one wave", "in two waves"])
def test_the_last_piece_is_shipped_by_one_of_two(world, prepared):
    ids = redeemed(world, 2, f"RQE{len(prepared)}")
    before, others = stock(world), held(world)
    count_stock(world, others + 1)
    for together in {"not": (), "in one wave": (ids,), "in two waves": (ids[:1], ids[1:])}[prepared]:
        world.run(lambda env, t=together: env["crab.redemption"].browse(t).delivery_id._prepare_waves() and None)

    def ship(env, number):
        env["crab.redemption"].browse(ids[number]).delivery_id._ship("顺丰速运")
        return True

    try:
        results = harness.run_parallel(world.registry, 2, ship, context={"lang": "zh_CN"})
        [refusal] = refusals(results)
        assert "库存不足" in str(refusal)
        assert (stock(world), held(world)) == (others, others)
        assert sorted(state for state, *_rest in states(world, ids)) == ["confirmed", "shipped"]
        world.assert_sound()
    finally:
        count_stock(world, before)


def test_parts_of_one_wave_shipped_at_once_all_leave(world):
    ids = redeemed(world, 6, "RQF")
    world.run(lambda env: env["crab.redemption"].browse(ids).delivery_id._prepare_waves() and None)
    before = stock(world)

    def ship(env, number):
        env["crab.redemption"].browse(ids[number]).delivery_id._ship("顺丰速运")
        return True

    results = harness.run_parallel(world.registry, 6, ship)
    assert not refusals(results)
    assert states(world, ids) == [SHIPPED] * 6
    assert stock(world) == before - 6
    world.assert_sound()


def test_cancelling_and_redeeming_again_at_once_never_uses_a_number_twice(world):
    [card_id] = world.active(1, "RQG")
    first = world.run(lambda env: redeem(env, card_id).id)

    def act(env, number):
        if number % 2:
            env["crab.redemption"].browse(first)._cancel("changed mind")
            return "cancelled"
        return redeem(env, card_id).id

    results = harness.run_parallel(world.registry, 10, act)
    refusals(results)
    assert results.count("cancelled") == 1

    def read(env):
        made = env["crab.redemption"].search([("card_id", "=", card_id), ("state", "!=", "cancelled")])
        return len(made), env["crab.card"].browse(card_id).state

    assert world.run(read) in {(0, "active"), (1, "used")}
    world.assert_sound()
