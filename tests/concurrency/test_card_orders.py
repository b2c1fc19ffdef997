"""Card documents over parallel connections: racing steps, numbers in two documents, dealers that move or close."""

import pytest
from world import World, new_dealer, refusals

import harness

AT_ONCE = 20


class Network(World):
    """The world with a level 3 below the level 2, a second level 1, and documents on behalf of dealers."""

    def _make_dealers(self, env):
        super()._make_dealers(env)
        small = new_dealer(env, "W-C", level="3", dealer_type="small_merchant", ratio=0.8, parent_id=self.below_id)
        rival = new_dealer(env, "W-Z", level="1", dealer_type="city_partner", ratio=0.5)
        self.small_id, self.rival_id = small.id, rival.id

    def moved_down(self, count, prefix, to):
        """Numbers in the hands of a dealer below the level 1."""
        ids = self.issued(count, prefix)
        path = {self.below_id: [self.below_id], self.small_id: [self.below_id, self.small_id]}[to]
        sender = self.top_id
        for receiver in path:
            values = {"sender_dealer_id": sender, "receiver_dealer_id": receiver}
            self.run(lambda env, values=values: self.document(env, "transfer", ids, ("submit", "receive"), **values))
            sender = receiver
        return ids

    def cards(self, ids):
        """``[(state, holding dealer's id, in transit)]`` in order of number."""
        return self.run(
            lambda env: [
                (card.state, card.dealer_id.id, bool(card.transit_id)) for card in env["crab.card"].browse(ids)
            ]
        )

    def order(self, order_id, *names):
        return self.run(lambda env: tuple(env["crab.card.order"].browse(order_id)[name] for name in names))


def dealer(env, dealer_id):
    from odoo.addons.crab_base.tools.subject import Subject

    record = env["crab.dealer"].browse(dealer_id)
    return Subject("dealer", record.id, record.account_id.id)


def step(env, order_id, subject, name, **values):
    env["crab.card.order"].browse(order_id)._step_for_subject(subject, name, **values)
    return name


@pytest.fixture(scope="module")
def world(module_registry):
    return Network(module_registry)


def system():
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("system", 1)


def test_of_two_drafts_with_the_same_number_one_is_sent_and_the_rest_all_are(world):
    """Ten pairs of drafts, each pair with one number in common: ten win, ten are told which number it was."""
    ids = world.issued(30, "OPA")
    shared, own = ids[:10], ids[10:]
    values = {"sender_dealer_id": world.top_id, "receiver_dealer_id": world.below_id}

    def drafts(env):
        return [
            world.document(env, "transfer", [shared[number // 2], own[number]], (), **values)
            for number in range(AT_ONCE)
        ]

    order_ids = world.run(drafts)
    results = harness.run_parallel(
        world.registry, AT_ONCE, lambda env, number: step(env, order_ids[number], system(), "submit")
    )
    for pair in range(10):
        outcomes = results[2 * pair : 2 * pair + 2]
        assert [outcome == "submit" for outcome in outcomes].count(True) == 1, outcomes
        [refusal] = refusals(outcomes)
        assert f"OPA{pair + 1:06}" in str(refusal)
    held = world.cards(ids)
    assert all(in_transit for _state, _dealer, in_transit in held[:10])
    assert sum(in_transit for _state, _dealer, in_transit in held[10:]) == 10
    world.assert_sound()


def test_steps_that_race_on_one_request_end_in_one_of_them(world):
    """The level 2 passes it on, or rejects it, its author cancels it, the level 1 and head office execute it."""
    world.fund(stored=6000)
    ids = world.moved_down(10, "ORQ", world.small_id)
    steps = [
        (world.below_id, "pass_on", {}),
        (world.below_id, "reject", {"reason": "not paid"}),
        (world.small_id, "cancel", {}),
        (world.top_id, "execute", {}),
        (None, "execute", {}),
    ]
    for card_id in ids:
        before = world.money()
        order_id = world.run(
            lambda env, card_id=card_id: world.document(env, "activation", [card_id], sender_dealer_id=world.small_id)
        )

        def race(env, number, order_id=order_id):
            dealer_id, name, values = steps[number % len(steps)]
            return step(env, order_id, dealer(env, dealer_id) if dealer_id else system(), name, **values)

        results = harness.run_parallel(world.registry, AT_ONCE // 2, race)
        done = [result for result in results if not isinstance(result, Exception)]
        _check_refusals(results)
        assert done
        [state] = world.order(order_id, "state")
        [(card_state, holder, in_transit)] = world.cards([card_id])
        assert holder == world.small_id
        charged = before[0] - world.money()[0]
        assert (state, card_state, in_transit, charged) in (
            ("done", "active", False, 600),
            ("rejected", "inactive", False, 0),
            ("cancelled", "inactive", False, 0),
        )
    world.assert_sound()


def _check_refusals(results):
    """Whoever lost reads that the step is not possible, or not theirs (any more)."""
    from odoo.exceptions import AccessError, MissingError

    others = [result for result in results if isinstance(result, AccessError | MissingError)]
    assert all(str(other).strip() for other in others)
    return refusals([result for result in results if result not in others])


def test_what_is_received_while_the_rest_is_closed_is_in_one_hand(world):
    ids = world.issued(12, "ORC")
    values = {"sender_dealer_id": world.top_id, "receiver_dealer_id": world.below_id}
    order_id = world.run(lambda env: world.document(env, "transfer", ids, **values))
    numbers = [f"ORC{number:06}" for number in range(1, 13)]
    world.run(lambda env: step(env, order_id, dealer(env, world.below_id), "receive", numbers=numbers[:2]))

    def race(env, number):
        if number % 4 == 3:
            return step(env, order_id, dealer(env, world.top_id), "close", reason="lost")
        return step(env, order_id, dealer(env, world.below_id), "receive", numbers=[numbers[2 + number % 10]])

    results = harness.run_parallel(world.registry, AT_ONCE, race)
    _check_refusals(results)
    assert "close" in results
    state, received, released = world.order(order_id, "state", "received_count", "released_count")
    held = world.cards(ids)
    assert state == "done" and received + released == 12
    assert [card_state for card_state, _holder, _transit in held] == ["inactive"] * 12
    assert not any(in_transit for _state, _holder, in_transit in held)
    assert [holder for _state, holder, _transit in held].count(world.below_id) == received
    assert [holder for _state, holder, _transit in held].count(world.top_id) == released
    world.assert_sound()


def test_the_level_1_and_head_office_activating_at_once_charge_once(world):
    world.fund(stored=3000)
    before = world.money()
    ids = world.moved_down(5, "OAC", world.below_id)
    order_id = world.run(lambda env: world.document(env, "activation", ids, sender_dealer_id=world.below_id))

    def race(env, number):
        return step(env, order_id, dealer(env, world.top_id) if number % 2 else system(), "execute")

    results = harness.run_parallel(world.registry, AT_ONCE, race)
    assert not refusals(results), "who comes second finds it done"
    assert before[0] - world.money()[0] == 3000
    assert world.cards(ids) == [("active", world.below_id, False)] * 5
    world.assert_sound()


def test_a_number_is_activated_or_returned_but_never_both(world):
    """Twenty connections, half of them activate and half return the same number: one of them has it."""
    world.fund(stored=600)
    before = world.money()
    [card_id] = world.moved_down(1, "OAR", world.below_id)

    def race(env, number):
        kind, last = ("activation", "execute") if number % 2 else ("return", "receive")
        world.document(env, kind, [card_id], ("submit", last), sender_dealer_id=world.below_id)
        return kind

    results = harness.run_parallel(world.registry, AT_ONCE, race)
    done = [result for result in results if not isinstance(result, Exception)]
    refusals(results)
    # an activated number may still be returned after, which gives the charge back; a returned one is its parent's
    assert done in (["activation"], ["return"]) or sorted(done) == ["activation", "return"]
    [(state, holder, in_transit)] = world.cards([card_id])
    assert not in_transit
    if done == ["activation"]:
        assert (state, holder, before[0] - world.money()[0]) == ("active", world.below_id, 600)
    else:
        assert (state, holder, before[0] - world.money()[0]) == ("inactive", world.top_id, 0)
    world.assert_sound()


def test_documents_run_on_while_their_dealer_is_moved(world):
    """Every parcel under way arrives at the dealer that it was sent to; the numbers stay their origin's."""
    ids = world.issued(18, "OMV")
    values = {"sender_dealer_id": world.top_id, "receiver_dealer_id": world.other_id}
    order_ids = world.run(lambda env: [world.document(env, "transfer", [card_id], **values) for card_id in ids[:18]])

    def race(env, number):
        if number < 18:
            return step(env, order_ids[number], dealer(env, world.other_id), "receive")
        parent = env["crab.dealer"].browse(world.rival_id if number == 18 else world.top_id)
        env["crab.dealer"].browse(world.other_id)._relocate(parent, reason="test")
        return "move"

    results = harness.run_parallel(world.registry, AT_ONCE, race)
    assert results[:18] == ["receive"] * 18
    refusals(results)
    assert world.cards(ids) == [("inactive", world.other_id, False)] * 18
    origins = world.run(lambda env: env["crab.card"].browse(ids).origin_dealer_id.ids)
    assert origins == [world.top_id]
    world.assert_sound()


def test_closing_a_dealer_lets_what_runs_go_on_and_nothing_new_begin(world):
    closing_id = world.run(
        lambda env: new_dealer(env, "W-CL", level="2", dealer_type="distributor", ratio=0.7, parent_id=world.top_id).id
    )
    ids = world.issued(19, "OCL")
    values = {"sender_dealer_id": world.top_id, "receiver_dealer_id": closing_id}
    order_ids = world.run(lambda env: [world.document(env, "transfer", [card_id], **values) for card_id in ids[:9]])

    def race(env, number):
        if number < 9:
            return step(env, order_ids[number], system(), "receive")
        if number < 19:
            world.document(env, "transfer", [ids[number]], **values)
            return "new"
        env["crab.dealer"].browse(closing_id)._close("test")
        return "closed"

    results = harness.run_parallel(world.registry, AT_ONCE, race)
    assert results[:9] == ["receive"] * 9 and results[19] == "closed"
    for refusal in refusals(results):
        assert "W-CL" in str(refusal)
    sent = [result == "new" for result in results[9:19]]
    assert [in_transit for _state, _holder, in_transit in world.cards(ids[9:])] == sent
    with pytest.raises(Exception, match="W-CL"):
        world.run(lambda env: world.document(env, "transfer", ids[9:10], **values))
    world.assert_sound()
