"""crab_base under real parallel connections: restart policy, row locks, repeated requests, history, outbox."""

import threading
from contextlib import ExitStack
from unittest.mock import patch

import pytest

from harness import in_transaction, run_parallel

CONNECTIONS = 20


@pytest.fixture(scope="module")
def registry(module_registry):
    return module_registry


@pytest.fixture
def partner_id(registry):
    return in_transaction(registry, lambda env: env["res.partner"].create({"name": "parallel", "color": 0}).id)


def _column(registry, partner_id):
    return in_transaction(registry, lambda env: env["res.partner"].browse(partner_id).color)


def test_a_counter_in_one_row_loses_no_update(registry, partner_id):
    def add_one(env, _number):
        partner = env["res.partner"].browse(partner_id)
        partner.color += 1
        env.flush_all()

    results = run_parallel(registry, CONNECTIONS, add_one)
    assert results == [None] * CONNECTIONS
    assert _column(registry, partner_id) == CONNECTIONS


def test_waiters_for_a_row_lock_all_get_their_turn(registry, partner_id):
    from odoo.addons.crab_base.tools.locks import lock_rows

    def add_one(env, _number):
        partner = env["res.partner"].browse(partner_id)
        assert lock_rows(partner) == [partner_id]
        partner.color += 1

    assert run_parallel(registry, CONNECTIONS, add_one) == [None] * CONNECTIONS
    assert _column(registry, partner_id) == CONNECTIONS


def test_locks_taken_in_different_orders_do_not_deadlock(registry):
    from odoo.addons.crab_base.tools.locks import lock_rows

    ids = in_transaction(
        registry, lambda env: env["res.partner"].create([{"name": f"{number}"} for number in range(10)]).ids
    )

    def take(env, number):
        return lock_rows(env["res.partner"].browse(ids if number % 2 else ids[::-1]))

    assert run_parallel(registry, CONNECTIONS, take) == [sorted(ids)] * CONNECTIONS


def test_a_lock_held_too_long_is_said_clearly(registry, partner_id):
    from odoo.exceptions import LockError

    from odoo.addons.crab_base.tools import locks

    with registry.cursor() as holder, patch.object(locks, "LOCK_TIMEOUT", "50ms"):
        holder.execute("SELECT FROM res_partner WHERE id = %s FOR UPDATE", [partner_id])
        with pytest.raises(LockError) as caught:
            in_transaction(registry, lambda env: locks.lock_rows(env["res.partner"].browse(partner_id)))
        assert caught.value.http_status == 409


def test_the_same_request_at_once_takes_effect_once(registry):
    from odoo.addons.crab_base.tools.subject import Subject

    def request(env, _number):
        return env["crab.idempotency"]._run(
            Subject("member", 1),
            "POST /test",
            "once",
            {"a": 1},
            lambda: {"partner": env["res.partner"].create({"name": "made by a repeated request"}).id},
        )

    results = run_parallel(registry, CONNECTIONS, request)
    assert all(result == results[0] for result in results), results
    made = in_transaction(
        registry, lambda env: env["res.partner"].search([("name", "=", "made by a repeated request")]).ids
    )
    assert made == [results[0]["partner"]]


def test_if_the_first_request_fails_the_one_that_waited_does_the_work(registry):
    from odoo.addons.crab_base.tools.subject import Subject

    entered, release = threading.Event(), threading.Event()
    results = {}

    def first():
        def fail():
            entered.set()
            release.wait(30)
            raise ValueError("the first one fails")

        try:
            in_transaction(
                registry, lambda env: env["crab.idempotency"]._run(Subject("member", 1), "r", "fails", {}, fail)
            )
        except ValueError as error:
            results["first"] = str(error)

    def second():
        results["second"] = in_transaction(
            registry,
            lambda env: env["crab.idempotency"]._run(Subject("member", 1), "r", "fails", {}, lambda: "the second one"),
        )

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert entered.wait(30)
    threads[1].start()
    with registry.cursor() as cr:  # the second one stands at the index
        for _look in range(10_000):
            cr.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cr.fetchone()[0]:
                break
    release.set()
    for thread in threads:
        thread.join(60)
    assert results == {"first": "the first one fails", "second": "the second one"}


def test_two_requests_with_one_key_one_wins_the_other_is_told(registry):
    from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
    from odoo.addons.crab_base.tools.subject import Subject

    def request(env, number):
        return env["crab.idempotency"]._run(
            Subject("member", 2), "r", "both", {"amount": number % 2}, lambda: number % 2
        )

    results = run_parallel(registry, CONNECTIONS, request)
    won = [result for result in results if not isinstance(result, Exception)]
    told = [result for result in results if isinstance(result, IdempotencyConflict)]
    assert len(set(won)) == 1
    assert len(won) == len(told) == CONNECTIONS // 2


def test_lines_of_one_history_written_at_once_stay_one_chain(registry):
    from odoo.tools import SQL

    from odoo.addons.crab_base.tests.models_chain import add_models

    with registry.cursor() as cr:
        add_models(registry, cr)
        cr.commit()
    ids = in_transaction(registry, lambda env: env["crab.test.pot"].create([{}, {}, {}]).ids)

    def append(env, number):
        env["crab.test.pot.event"]._append(
            {"pot_id": SQL("p.id"), "kind": "in", "amount": number}, SQL("crab_test_pot p WHERE p.id = ANY(%s)", ids)
        )

    assert run_parallel(registry, CONNECTIONS, append) == [None] * CONNECTIONS
    counts, problems = in_transaction(
        registry,
        lambda env: (
            env["crab.test.pot"].browse(ids).mapped("event_count"),
            env["crab.test.pot.event"]._verify_chain(),
        ),
    )
    assert counts == [CONNECTIONS] * 3
    assert problems == []


def test_dispatchers_at_once_hand_each_event_over_once_and_in_order(registry):
    from odoo.addons.crab_base.models.crab_outbox import CrabOutbox

    taken, guard = [], threading.Lock()

    def take(events):
        pairs = [(event.aggregate_id, event.payload["no"]) for event in events]
        events.env.cr.postcommit.add(lambda: _note(pairs))

    def _note(pairs):
        with guard:
            taken.extend(pairs)

    with ExitStack() as stack:
        stack.enter_context(
            patch.object(CrabOutbox, "_handlers", lambda records: {"parallel.test": ["_take_parallel"]})
        )
        stack.enter_context(patch.object(CrabOutbox, "_take_parallel", take, create=True))
        ids = in_transaction(
            registry, lambda env: env["res.partner"].create([{"name": f"{number}"} for number in range(30)]).ids
        )

        def emit(env):
            for number in range(10):
                env["crab.outbox"]._emit("parallel.test", ("res.partner", ids), {"no": number})

        in_transaction(registry, emit)
        left = 300
        while left:
            counts = run_parallel(registry, 6, lambda env, _number: env["crab.outbox"]._dispatch("_take_parallel"))
            assert all(isinstance(count, int) for count in counts), counts
            left -= sum(counts)
            assert sum(counts), "the dispatchers stand still"
    assert len(taken) == len(set(taken)) == 300
    for record_id in ids:
        assert [number for taken_id, number in taken if taken_id == record_id] == list(range(10))
