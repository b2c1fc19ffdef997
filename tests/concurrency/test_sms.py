"""Codes and the queue of SMS under real parallel connections."""

import pytest
from world import sms_account

import harness

PHONE = "+8613900000001"


@pytest.fixture(scope="module")
def account_id(module_registry):
    return harness.in_transaction(module_registry, sms_account)


def open_code(registry, phone, code="123456"):
    harness.in_transaction(registry, lambda env: env["crab.sms.code"]._make(phone, "login", "198.51.100.1", code))


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@harness.covers("IF-01", "one use", via="service")
def test_one_code_used_by_many_at_once_lets_one_in(module_registry, account_id):
    open_code(module_registry, PHONE)
    results = harness.run_parallel(
        module_registry, 6, lambda env, _number: env["crab.sms.code"]._check(PHONE, "login", "123456", "198.51.100.1")
    )
    assert kinds(results) == ["NoneType"] + ["UserError"] * 5

    def used(env):
        row = env["crab.sms.code"].search([("phone", "=", PHONE)])
        return bool(row.used_at), row.tries

    assert harness.in_transaction(module_registry, used) == (True, 0)


def test_parallel_guesses_pass_no_limit(module_registry, account_id):
    phone = "+8613900000002"
    open_code(module_registry, phone)
    results = harness.run_parallel(
        module_registry,
        8,
        lambda env, number: env["crab.sms.code"]._check(phone, "login", f"{number:06}", f"s{number}"),
    )
    assert kinds(results) == ["UserError"] * 8
    row = harness.in_transaction(
        module_registry, lambda env: env["crab.sms.code"].search([("phone", "=", phone)]).read(["tries", "state"])[0]
    )
    assert (row["tries"], row["state"]) == (5, "wrong")


def test_wrong_tries_and_requests_stay_when_the_request_fails(module_registry, account_id):
    """Read from another connection, after the caller's transaction was undone."""
    phone = "+8613900000003"

    def ask_and_fail(env):
        env["crab.sms.code"]._request(phone, "login", "198.51.100.2")
        raise ZeroDivisionError

    def guess_and_fail(env):
        env["crab.sms.code"]._check(phone, "login", "none", "198.51.100.2")

    outcome = harness.undone(module_registry, 1, ask_and_fail)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert harness.undone(module_registry, 1, guess_and_fail).kind == "refused"
    row = harness.in_transaction(
        module_registry, lambda env: env["crab.sms.code"].search([("phone", "=", phone)]).read(["tries", "state"])[0]
    )
    assert (row["tries"], row["state"]) == (1, "open")


def test_a_restarted_request_finds_its_code_unused(module_registry, account_id):
    phone = "+8613900000004"
    open_code(module_registry, phone)

    def check(env):
        env["crab.sms.code"]._check(phone, "login", "123456", "198.51.100.1")

    assert harness.undone(module_registry, 1, check).kind == "ok"
    harness.in_transaction(module_registry, check)


@harness.covers("IF-01", "limits per phone and address", via="service")
def test_many_requests_for_one_phone_at_once_send_one_code(module_registry, account_id):
    phone = "+8613900000005"
    results = harness.run_parallel(
        module_registry, 6, lambda env, number: env["crab.sms.code"]._request(phone, "login", f"198.51.100.{number}")
    )
    assert kinds(results) == ["NoneType"] + ["TooManyCodes"] * 5
    count = harness.in_transaction(module_registry, lambda env: env["sms.sms"].search_count([("number", "=", phone)]))
    assert count == 1


def test_two_queues_at_once_take_each_sms_once(module_registry, account_id):
    def queue(env):
        template = env["crab.sms.template"].create(
            {"account_id": account_id, "name": "通知", "body": "订单{order}", "provider_code": "2"}
        )
        rows = [(f"1380000{number:04}", {"order": f"S{number}"}) for number in range(8)]
        return env["sms.sms"]._crab_queue(template, rows).ids

    ids = harness.in_transaction(module_registry, queue)
    harness.in_transaction(
        module_registry,
        lambda env: env["sms.sms"].search([("state", "=", "outgoing"), ("id", "not in", ids)]).action_set_canceled(),
    )

    def take(env, _number):
        call = env["sms.sms"]._crab_take()
        return call and list(call.ids.values())

    taken = []
    while found := [ids for ids in harness.run_parallel(module_registry, 4, take) if ids]:
        assert all(isinstance(one, list) for one in found), found
        taken += [sms_id for one in found for sms_id in one]
    assert sorted(taken) == ids
