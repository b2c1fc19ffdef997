"""WeChat Pay against real workers and our sandbox as a process: at once, forged, killed, restarted."""

import json

import pytest

import crabenv
from harness import covers, in_transaction, run_parallel


@pytest.fixture(scope="module")
def registry(module_registry):
    return module_registry


@pytest.fixture(scope="module")
def sandbox(sandbox):
    sandbox.ctl("settings", refund="")
    return sandbox


@pytest.fixture(scope="module")
def server(module_server, registry, sandbox):
    """Two workers; the Sales company pays at the sandbox, which knows where the workers are."""
    credentials = json.loads((sandbox.folder / "keys" / "wechatpay.json").read_text())["credentials"]

    def enter(env):
        env["ir.config_parameter"].set_param("web.base.url", module_server.url)
        names = {"api_v3_key": "api_key"}
        values = {f"wechatpay_{names.get(name, name)}": value for name, value in credentials.items()}
        _provider(env).write({**values, "wechatpay_base_url": sandbox.url, "state": "test"})

    in_transaction(registry, enter)
    return module_server


def _provider(env):
    sales = env["res.company"]._crab_company("sales")
    return env["payment.provider"].search([("code", "=", "wechatpay"), ("company_id", "=", sales.id)])


@pytest.fixture
def begun(registry, server):
    """A function that makes and begins a payment; its number."""

    def begin(amount=398.0):
        def work(env):
            provider = _provider(env)
            tx = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": provider.with_context(active_test=False).payment_method_ids.id,
                    "amount": amount,
                    "currency_id": env.ref("base.CNY").id,
                    "operation": "online_direct",
                    "partner_id": env.ref("base.partner_admin").id,
                }
            )
            tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
            return tx.reference

        return in_transaction(registry, work)

    return begin


def _read(registry, reference, *names):
    return in_transaction(registry, lambda env: [_tx(env, reference)[name] for name in names])


def _tx(env, reference):
    return env["payment.transaction"].search([("reference", "=", reference)])


def _lines(database, condition, *values):
    with crabenv.connect(database) as cr:
        cr.execute(f"SELECT state, count FROM payment_wechatpay_notification WHERE {condition}", values)
        return cr.fetchall()


@covers("MB-11", "double notification is safe", via="api")
def test_the_same_notification_20_times_at_once_books_one_payment(registry, server, sandbox, begun):
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)
    answers = sandbox.ctl("notify", out_trade_no=reference, times=20, at_once=True)
    assert [one["status"] for one in answers] == [200] * 20
    assert _read(registry, reference, "state", "wechatpay_is_late", "wechatpay_issue") == ["done", False, False]
    assert _lines(server.database, "reference = %s", reference) == [("done", 20)]


@covers("MB-11", "double notification is safe", via="api")
def test_notification_and_query_at_once(registry, server, sandbox, begun):
    """Whoever is first books it; the other finds it booked."""
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)

    def work(env, number):
        if number % 2:
            return sandbox.ctl("notify", out_trade_no=reference)[0]["status"]
        return _tx(env, reference)._wechatpay_settle().state

    results = run_parallel(registry, 6, work)
    assert results == ["done", 200] * 3
    assert _read(registry, reference, "state") == ["done"]


@covers("MB-11", "closing and retrying are safe", via="api")
def test_payment_and_closing_race(registry, server, sandbox, begun):
    """Paid and closed at the same time: either it is closed and cannot be paid, or it is paid and stays so."""
    for _ in range(5):
        reference = begun()

        def work(env, number, reference=reference):
            if number:
                return _tx(env, reference)._wechatpay_cancel()
            try:
                sandbox.ctl("pay", out_trade_no=reference)
                return sandbox.ctl("notify", out_trade_no=reference)[0]["status"]
            except RuntimeError:
                return "closed"

        paid, cancelled = run_parallel(registry, 2, work)
        state, late = _read(registry, reference, "state", "wechatpay_is_late")
        assert (paid, cancelled, state, late) in ((200, False, "done", False), ("closed", True, "cancel", False))


def test_refunds_at_once_never_exceed_the_payment(registry, server, sandbox, begun):
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)
    sandbox.ctl("notify", out_trade_no=reference)
    results = run_parallel(registry, 6, lambda env, _number: _tx(env, reference)._refund(150.0).reference)
    refused = [one for one in results if isinstance(one, Exception)]
    assert len(refused) == 4
    assert {type(one).__name__ for one in refused} == {"UserError"}

    def total(env):
        children = _tx(env, reference).child_transaction_ids
        children.wechatpay_check_at = False  # other tests' scheduled actions leave them alone
        return sum(children.mapped("amount"))

    assert in_transaction(registry, total) == -300.0


def test_forged_notification_is_recorded_whatever_becomes_of_the_request(registry, server, sandbox, begun):
    """In its own committed transaction: the one around it is rolled back, the record is there for everybody."""
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)
    (answer,) = sandbox.ctl("notify", out_trade_no=reference, variant="forged")
    assert answer["status"] == 401
    assert _lines(server.database, "reason = 'signature'")[0][1] == 1

    def rolled_back(env):
        env["payment.wechatpay.notification"]._refuse(_provider(env), "stale", "127.0.0.1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_transaction(registry, rolled_back)
    assert _lines(server.database, "reason = 'stale'") == [("refused", 1)]
    assert _read(registry, reference, "state") == ["draft"]


def test_forgeries_at_once_are_all_counted(server, sandbox, begun):
    reference = begun()
    answers = sandbox.ctl("notify", out_trade_no=reference, variant="bad_tag", times=20, at_once=True)
    assert [one["status"] for one in answers] == [401] * 20
    assert sum(count for _state, count in _lines(server.database, "reason = 'key'")) == 20


def test_refund_survives_a_kill_between_commit_and_sending(registry, server, sandbox, begun):
    """The process dies after the database transaction: the scheduled action of the next start sends it, once."""
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)
    sandbox.ctl("notify", out_trade_no=reference)
    number = in_transaction(registry, lambda env: _tx(env, reference)._refund(100.0).reference)
    server.processes.kill()
    sandbox.ctl("fault", on="refund", do="lose")
    _run_cron(registry)
    assert _read(registry, number, "state") == ["pending"], "the answer was lost"
    in_transaction(registry, lambda env: _tx(env, number).write({"wechatpay_check_at": "2026-01-01"}))
    sandbox.ctl("end_refund", out_refund_no=number)
    _run_cron(registry)
    assert _read(registry, number, "state") == ["done"]
    assert len([one for one in sandbox.ctl("refunds") if one["out_trade_no"] == reference]) == 1
    server.start()


def _run_cron(registry):
    with registry.cursor() as cr:
        from odoo import SUPERUSER_ID, api

        api.Environment(cr, SUPERUSER_ID, {})["payment.transaction"]._cron_wechatpay_settle()


def test_restarted_sandbox_knows_its_orders(registry, server, sandbox, begun):
    reference = begun()
    sandbox.ctl("pay", out_trade_no=reference)
    sandbox.stop()
    sandbox.start()
    sandbox.ctl("settings", notify=False, refund="")
    assert in_transaction(registry, lambda env: _tx(env, reference)._wechatpay_settle().state) == "done"
