"""Real parallel connections: no effect happens twice, none is lost, whatever can succeed does, refusals can be read."""

from decimal import Decimal

import pytest
from world import World, new_dealer, redeem, refusals

import harness

AT_ONCE = 50


@pytest.fixture(scope="module")
def world(module_registry):
    return World(module_registry)


def system():
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("system", 1)


def test_one_number_redeemed_50_times_at_once_is_redeemed_once(world):
    [card_id] = world.active(1, "CRD")

    results = harness.run_parallel(
        world.registry, AT_ONCE, lambda env, number: redeem(env, "CRD000001", key=f"try-{number}").id
    )
    assert len(refusals(results)) == AT_ONCE - 1

    def state(env):
        card = env["crab.card"].browse(card_id)
        deliveries = env["crab.delivery"].search_count([("redemption_ids.card_id", "=", card_id)])
        return card.state, env["crab.redemption"].search_count([("card_id", "=", card_id)]), deliveries

    assert world.run(state) == ("used", 1, 1)
    world.assert_sound()


def test_the_same_request_sent_20_times_at_once_has_one_answer(world):
    world.active(1, "CSR")

    results = harness.run_parallel(world.registry, 20, lambda env, _number: redeem(env, "CSR000001", key="same").id)
    found = {result for result in results if not isinstance(result, Exception)}
    assert len(found) == 1
    for error in refusals(results):
        # whoever came after the number was used but before the answer could be seen is told so, and changed nothing
        assert "CSR000001" in str(error)


def test_one_activation_executed_50_times_at_once_is_charged_once(world):
    world.fund(stored=5000)
    before = world.money()
    ids = world.issued(3, "CAC")
    order_id = world.run(lambda env: world.document(env, "activation", ids, sender_dealer_id=world.top_id))

    def execute(env, _number):
        env["crab.card.order"].browse(order_id)._step_for_subject(system(), "execute")
        return True

    results = harness.run_parallel(world.registry, AT_ONCE, execute)
    refusals(results)
    assert True in results
    stored, used = world.money()
    assert (before[0] - stored, used) == (1800, before[1])
    assert world.run(lambda env: env["crab.card"].browse(ids).mapped("state")) == ["active"] * 3
    world.assert_sound()


def test_one_number_in_50_documents_at_once_is_in_transit_with_one(world):
    [card_id] = world.issued(1, "CTR")

    def transfer(env, number):
        receiver = world.below_id if number % 2 else world.other_id
        return world.document(env, "transfer", [card_id], sender_dealer_id=world.top_id, receiver_dealer_id=receiver)

    results = harness.run_parallel(world.registry, AT_ONCE, transfer)
    assert len(refusals(results)) == AT_ONCE - 1
    [order_id] = [result for result in results if not isinstance(result, Exception)]
    transit = world.run(
        lambda env: (env["crab.card"].browse(card_id).transit_id, env["crab.card"].browse(card_id).dealer_id.id)
    )
    assert transit == (order_id, world.top_id)

    def receive(env, _number):
        env["crab.card.order"].browse(order_id)._step_for_subject(system(), "receive")
        return True

    results = harness.run_parallel(world.registry, AT_ONCE, receive)
    refusals(results)
    assert True in results
    events = world.run(
        lambda env: env["crab.card.event"].search_count([("card_id", "=", card_id), ("event", "=", "hand_over")])
    )
    assert events == 2, "once by the issue, once by this transfer"
    world.assert_sound()


def test_redeeming_and_returning_one_number_at_once_lets_one_of_them_win(world):
    ids = world.active(10, "CRR")

    def act(env, number):
        card_id = ids[number // 2]
        if number % 2:
            return world.document(env, "return", [card_id], sender_dealer_id=world.top_id) and "return"
        return redeem(env, env["crab.card"].browse(card_id).number) and "redeem"

    results = harness.run_parallel(world.registry, 20, act)
    refusals(results)
    for pair in zip(results[::2], results[1::2], strict=True):
        assert sum(isinstance(result, str) for result in pair) == 1, pair
    world.assert_sound()


@pytest.mark.parametrize(("funds", "winners"), [(20, 20), (7, 7)])
def test_one_wallet_charged_by_20_connections(module_registry, funds, winners):
    world = World.__new__(World)
    world.registry = module_registry
    code = f"WAL{funds}"

    def make(env):
        dealer = new_dealer(env, code, level="1", dealer_type="city_partner", ratio=0.6)
        return dealer.id

    world.top_id = world.run(make)
    world.fund(stored=100 * funds)

    def charge(env, number):
        dealer = env["crab.dealer"].browse(world.top_id)
        taken = env["crab.wallet"]._charge(
            dealer, Decimal("100.00"), dealer.partner_id, "activation", f"{code}-{number}"
        )
        return taken["stored"]

    results = harness.run_parallel(module_registry, 20, charge)
    refused = refusals(results)
    assert len(refused) == 20 - winners, refused[:3]
    assert [result for result in results if not isinstance(result, Exception)] == [Decimal(100)] * winners
    assert world.money()[0] == 0

    def entries(env):
        lines = env["crab.wallet.entry"].search([("wallet_id.dealer_id", "=", world.top_id)], order="id")
        return lines.mapped("amount"), lines.mapped("balance_after")

    amounts, balances = world.run(entries)
    assert amounts == [100 * funds] + [-100] * winners
    assert balances == [100 * (funds - i) for i in range(winners + 1)]
    world.assert_sound()


def test_the_same_charge_from_20_connections_is_charged_once(world):
    world.fund(stored=1000)
    before = world.money()[0]

    def charge(env, _number):
        dealer = env["crab.dealer"].browse(world.top_id)
        return env["crab.wallet"]._charge(dealer, Decimal("100.00"), dealer.partner_id, "activation", "one key")[
            "stored"
        ]

    results = harness.run_parallel(world.registry, 20, charge)
    assert results == [Decimal(100)] * 20
    assert world.money()[0] == before - 100
    world.assert_sound()


def test_wrong_passwords_are_counted_although_each_request_is_refused(world):
    world.numbers(1, "CWP")

    def guess(env, number):
        env["crab.card"]._open_with_password(system(), "CWP000001", f"wrong{number:03}", source="192.0.2.1")

    results = harness.run_parallel(world.registry, 8, guess)
    assert len(refusals(results)) == 8
    found = world.run(lambda env: env["crab.card.guess"].search_count([("number", "=", "CWP000001")]))
    assert found >= 5
