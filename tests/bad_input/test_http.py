"""Requests as they come over the network: no session, a session that ended, bodies that are no requests."""

import json
import re
import urllib.error
import urllib.request

import pytest

import crabenv
import harness

CHINESE = re.compile("[一-鿿]")


@pytest.fixture(scope="module")
def session(everything, everything_server):
    return everything_server.rpc("e2e_admin")


def raw(server, path, body, headers=None, opener=None):
    """``(status, text)`` of a POST of any body."""
    request = urllib.request.Request(server.url + path, body, {"Content-Type": "application/json", **(headers or {})})
    send = opener.open if opener else urllib.request.urlopen
    try:
        with send(request, timeout=60) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def kw(model, method, *args, **kwargs):
    params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
    return json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()


def tracebacks_of_ours(server):
    """Tracebacks in the server's log that end in our code."""
    text = server.log.read_text(encoding="utf-8", errors="replace")
    found = re.findall(r"Traceback \(most recent call last\):\n(?:  .*\n|\n)+\S.*", text)
    return [one for one in found if "/addons/crab_" in re.findall(r'File "([^"]+)"', one)[-1]]


def test_without_a_session_nothing_is_answered(everything_server):
    for model, method in (("crab.card", "search_read"), ("crab.wallet", "search_read"), ("crab.card.order", "create")):
        _status, text = raw(everything_server, f"/web/dataset/call_kw/{model}/{method}", kw(model, method, []))
        answer = json.loads(text)
        assert answer["error"]["data"]["name"] == "odoo.http.SessionExpiredException"
        assert "result" not in answer


def log_out(everything, rpc):
    rpc.post("/web/session/destroy", {})


def grow_old(everything, rpc):
    """What the clean-up does with sessions that nobody used for their lifetime."""
    [cookie] = [cookie.value for cookie in rpc.jar if cookie.name == "session_id"]
    for path in (crabenv.DATA_DIR / "sessions").rglob(f"{cookie[:42]}*"):
        path.unlink()


def change_password(everything, rpc):
    everything.run(lambda env: env["res.users"].browse(rpc.uid).write({"password": f"{rpc.uid}-changed"}))


@pytest.mark.parametrize("end", [log_out, grow_old, change_password])
def test_a_session_that_ended_is_refused(everything, everything_server, end):
    login = {"login": f"e2e_{end.__name__}", "password": "before-1", "name": "财务"}
    everything.run(lambda env: env["res.users"].browse(everything.users["finance"]).copy(login).id)
    rpc = everything_server.rpc(login["login"], login["password"])
    assert rpc.call("crab.wallet", "search_count", [])
    end(everything, rpc)
    form = {"kind": "topup", "dealer_id": everything.top_id, "amount": 777}
    for call in (
        lambda: rpc.call("crab.wallet", "search_count", []),
        lambda: rpc.call("crab.wallet.document", "web_save", [], form, {"id": {}}),
        lambda: rpc.button("crab.wallet.document", "action_confirm", [1]),
    ):
        with pytest.raises(harness.RpcError) as refused:
            call()
        assert refused.value.name == "odoo.http.SessionExpiredException"
    assert not everything.run(lambda env: env["crab.wallet.document"].search_count([("amount", "=", 777)]))
    for path in (
        "/crab_card_order/1/numbers.xlsx",
        "/crab_card/export/1",
        "/web/content/crab.wallet.document/1/voucher",
    ):
        status, body = rpc.get(path)
        assert status in (403, 404) or b'name="login"' in body, (path, status, body[:200])
        assert b"Traceback" not in body


def test_a_user_who_was_archived_is_out_at_once(everything, everything_server):
    leaver = {"login": "leaver", "password": "leaver-1", "name": "离职"}
    uid = everything.run(lambda env: env["res.users"].browse(everything.users["warehouse"]).copy(leaver).id)
    rpc = everything_server.rpc("leaver", "leaver-1")
    assert rpc.call("crab.delivery", "search_count", [])
    everything.run(lambda env: env["res.users"].browse(uid).write({"active": False}))
    with pytest.raises(harness.RpcError):
        rpc.call("crab.delivery", "search_count", [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b"{}",
        b'{"jsonrpc": "2.0", "method": "call", "params": []}',
        b'{"jsonrpc": "2.0", "method": "call", "params": {"model": "crab.card"}}',
        b'{"jsonrpc": "2.0", "method": "call", "params": {"model": 7, "method": [], "args": {}, "kwargs": 1}}',
        b'{"params": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_a_body_that_is_no_request_is_refused(session, everything_server, body):
    status, text = raw(everything_server, "/web/dataset/call_kw/crab.card/search_count", body, opener=session.opener)
    assert status in (200, 400, 404, 413, 415, 422) and '"result"' not in text


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("crab.card", "_change"),
        ("crab.card", "_activate"),
        ("crab.wallet", "_post"),
        ("crab.wallet", "_charge"),
        ("crab.wallet.document", "_complete"),
        ("crab.wallet.document", "_validate_tier"),
        ("crab.card.order", "_run_step"),
        ("crab.card.order", "_step_for_subject"),
        ("crab.redemption", "_redeem"),
        ("crab.delivery", "_ship"),
        ("crab.ledger", "_post_document"),
        ("crab.ledger.fact", "_record"),
        ("crab.outbox", "_emit"),
        ("crab.import", "_run_file"),
        ("crab.member", "_write_guarded"),
        ("crab.card.event", "_append"),
    ],
)
def test_doors_cannot_be_called_from_outside(session, model, method):
    for path in ("call_kw", "call_button"):
        params = {"model": model, "method": method, "args": [[1]], "kwargs": {}}
        with pytest.raises(harness.RpcError) as refused:
            session.post(f"/web/dataset/{path}/{model}/{method}", params)
        assert refused.value.name == "odoo.exceptions.AccessError"


@pytest.mark.parametrize("path", ["/crab_card/export/{}", "/crab_card_order/{}/numbers.xlsx"])
def test_downloads_of_what_is_not_there_say_so(everything, everything_server, session, path):
    for number in (0, 2**31 - 1, 2**63, 10**30):
        status, body = session.get(path.format(number))
        assert status in (400, 403, 404, 422), (number, status)
        assert b"Traceback" not in body
    sales_rep = everything_server.rpc("e2e_sales_rep")
    batch, order = everything.run(
        lambda env: (
            env["crab.card.batch"].search([("has_export", "=", True)], limit=1).id,
            env["crab.card.order"].search([("receiver_dealer_id", "=", everything.stranger_id)], limit=1).id,
        )
    )
    status, body = sales_rep.get(path.format(batch if "export" in path else order))
    assert status in (400, 403, 404) and b"Traceback" not in body


def test_files_of_others_are_not_downloaded(everything, everything_server):
    def ids(env):
        document = env["crab.wallet.document"].search([("voucher", "!=", False)], limit=1)
        attachments = env["ir.attachment"].sudo()
        files = [
            attachments.search([("res_model", "=", model), ("res_field", "=", field)], limit=1).id
            for model, field in (("crab.wallet.document", "voucher"), ("crab.card.batch", "export"))
        ]
        return document.id, *files

    document, voucher, export = everything.run(ids)
    assert document and voucher and export
    names = (f"crab.wallet.document/{document}/voucher", voucher, export)
    paths = [f"/web/content/{name}" for name in names]
    warehouse = everything_server.rpc("e2e_warehouse")
    for path in paths:
        assert warehouse.get(path)[0] in (403, 404), path
    keeper = everything_server.rpc("e2e_card_keeper")
    assert keeper.get(paths[2])[0] in (403, 404), "the printer's list is taken once, by its own way"


def test_the_log_has_no_traceback_of_ours(everything_server, session):
    assert not tracebacks_of_ours(everything_server)
