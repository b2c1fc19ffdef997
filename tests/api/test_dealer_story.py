"""A dealer's story over HTTP, from the invitation to the closing; head office works in the back office by RPC.

Our sandboxes play SMS and WeChat Pay. At each step a dealer of another branch tries the same with ids that are not its
own.
"""

import base64

import pytest
from client import Api
from shop_world import ShopWorld

import harness
from harness import covers

PHONE, SUB_PHONE, STAFF_PHONE, MEMBER_PHONE = "13655551001", "13655551002", "13655551003", "13655551004"
ORDERS = "/dealer/card-orders"


@pytest.fixture(scope="module")
def shop(module_registry, module_server, sandbox):
    world = ShopWorld(module_registry)
    world.pay_at(sandbox, module_server)
    return world


@pytest.fixture(scope="module")
def office(shop, module_server):
    """``office(role)``: that user's session in the back office."""
    harness.in_transaction(shop.registry, harness.make_users)
    sessions = {}

    def session(role):
        if role not in sessions:
            sessions[role] = module_server.rpc(f"e2e_{role}")
        return sessions[role]

    return session


@pytest.fixture(scope="module")
def top(shop, module_server):
    """The level 1, ratio 0.60."""
    return Api.login(module_server, shop.registry, "crab.dealer", shop.top_id)


@pytest.fixture(scope="module")
def elsewhere(shop, module_server):
    """A dealer of another branch, who tries with ids that are not its own."""
    api = Api.login(module_server, shop.registry, "crab.dealer", shop.other_id)

    def tries(*calls):
        for method, path, body in calls:
            got = api.raw(method, path, key=True, json=body)
            assert got.status_code == 404, (method, path, got.status_code, got.text[:300])

    return tries


@pytest.fixture(scope="module")
def agreement(office):
    """The supplier agreement that holds."""
    admin = office("admin")
    values = {"kind": "supplier", "title": "供应商协议", "body": "<p>第一版</p>"}
    [agreement_id] = admin.call("crab.agreement", "create", [values])
    admin.button("crab.agreement", "action_publish", [agreement_id])
    return agreement_id


def apply(texts, office, inviter, phone, name, level, ratio):
    """Invited by ``inviter``, applied, approved by head office: a client of the new dealer."""
    invitation = inviter.post("/dealer/invitations", status=201, key=True, json={"level": level, "ratio": ratio})
    assert (invitation["state"], invitation["ratio"]) == ("open", ratio)
    applicant = texts.log_in(phone)
    held = applicant.get("/site/agreements/supplier")
    wish = {"name": name, "contact_name": "陈静", "phone": phone, "invitation": invitation["code"]}
    applicant.post("/dealer-applications", status=422, key=True, json=wish)
    wish["agreement_id"] = held["id"]
    key = f"story-apply-{phone}"
    made = applicant.post("/dealer-applications", status=201, key=key, json=wish)
    assert applicant.post("/dealer-applications", status=201, key=key, json=wish)["id"] == made["id"]
    applicant.get("/dealer/me", status=403)
    applicant.post("/auth/switch", status=403, json={"role": "dealer"})
    admin = office("admin")
    [found] = admin.call(
        "crab.dealer.application",
        "search_read",
        [["phone", "ilike", phone]],
        ["level", "ratio", "source", "agreement_version", "agreement_at", "parent_id"],
    )
    assert (found["level"], f"{found['ratio']:.2f}", found["source"]) == (level, ratio, "invitation")
    assert found["agreement_version"] == "1" and found["agreement_at"]
    admin.button("crab.dealer.application", "action_approve", [found["id"]])
    return applicant.use(applicant.post("/auth/switch", json={"role": "dealer"}))


@pytest.fixture(scope="module")
def dealer(texts, office, top, agreement):
    """Level 2 below ``top``, ratio 0.75."""
    return apply(texts, office, top, PHONE, "静安渠道", "2", "0.75")


@pytest.fixture(scope="module")
def sub(texts, office, dealer):
    """Level 3 below ``dealer``, ratio 0.85."""
    return apply(texts, office, dealer, SUB_PHONE, "静安小店", "3", "0.85")


@covers("HQ-59", "acceptance kept", via="web")
@covers("CH-06", "level 2 rights", "level 3 rights", via="api")
@covers("CH-07", "shows the upstream dealer", via="api")
@covers("CH-09", "invitation carries a level lower than own", via="api")
@covers("CH-09", "invitation carries a ratio above own and below the members'", via="api")
def test_registered(shop, office, dealer, sub, top, agreement, elsewhere):
    me = dealer.get("/dealer/me")
    assert (me["name"], me["level"], me["ratio"]) == ("静安渠道", "2", "0.75")
    assert dealer.get("/dealer/upstream")["upstream"]["name"] == "渠道 W-A"
    assert [one["name"] for one in dealer.get("/dealer/network")["items"]] == ["静安小店"]
    assert {"静安渠道", "静安小店"} < {one["name"] for one in top.get("/dealer/network")["items"]}
    # what was accepted stands in the back office, with the dealer's account
    kept = office("auditor").call(
        "crab.agreement.acceptance",
        "search_read",
        [["agreement_id", "=", agreement], ["account_id", "!=", False]],
        ["account_id", "accepted_at"],
    )
    assert sorted(one["account_id"][1][-12:-1] for one in kept) == [PHONE, SUB_PHONE]
    assert all(one["accepted_at"] for one in kept)
    mine = dealer.get("/dealer/network")["items"][0]["id"]
    elsewhere(
        ("GET", f"/dealer/network/{mine}", None),
        ("PUT", f"/dealer/network/{mine}/ratio", {"ratio": "0.90", "reason": "mine"}),
        ("GET", f"/dealer/network/{me['id']}", None),
    )
    # whoever was invited is invited to one place only
    sub.post("/dealer/invitations", status=403, key=True, json={"level": "3", "ratio": "0.90"})
    dealer.post("/dealer/invitations", status=422, key=True, json={"level": "2", "ratio": "0.90"})
    dealer.post("/dealer/invitations", status=422, key=True, json={"level": "3", "ratio": "0.75"})


def step(api, order, name, json=None, status=200, key=True):
    return api.post(f"{ORDERS}/{order['id']}/{name}", status=status, key=key, json=json)


def hand_down(sender, receiver, elsewhere, first, last):
    """A transfer from ``sender``, received by ``receiver``."""
    below = receiver.get("/dealer/me")["id"]
    wish = {"kind": "transfer", "to": below, "lines": [{"ranges": [[first, last]]}]}
    assert sender.post(f"{ORDERS}/quote", json=wish)["can_submit"]
    order = sender.post(ORDERS, status=201, key=True, json=wish)
    elsewhere(
        ("GET", f"{ORDERS}/{order['id']}", None),
        ("GET", f"{ORDERS}/{order['id']}/numbers", None),
        *(("POST", f"{ORDERS}/{order['id']}/{name}", None) for name in ("submit", "confirm", "cancel")),
        ("POST", f"{ORDERS}/{order['id']}/receive", {}),
        ("POST", f"{ORDERS}/{order['id']}/reject", {"reason": "mine"}),
    )
    step(receiver, order, "receive", {}, status=404)  # a draft is its author's own
    step(sender, order, "submit")
    assert [one["id"] for one in receiver.get(ORDERS, params={"role": "to_do"})["items"]] == [order["id"]]
    done = step(receiver, order, "receive", {}, key=f"receive-{order['id']}")
    assert done["state"] == "done"
    assert step(receiver, order, "receive", {}, key=f"receive-{order['id']}")["state"] == "done"
    return order


@pytest.fixture(scope="module")
def numbers(shop, office, top, dealer, sub, elsewhere):
    """Six numbers of head office: all go to ``top``, four on to ``dealer``, two of them to ``sub``."""
    ids = shop.numbers(6, "STORY")
    issue = shop.run(lambda env: shop.document(env, "issue", ids, ("submit",), receiver_dealer_id=shop.top_id))
    public_id = shop.run(lambda env: env["crab.card.order"].browse(issue).public_id)
    elsewhere(("POST", f"{ORDERS}/{public_id}/receive", {}))
    assert step(top, {"id": public_id}, "receive", {})["state"] == "done"
    found = [f"STORY{place:06}" for place in range(1, 7)]
    hand_down(top, dealer, elsewhere, found[0], found[3])
    hand_down(dealer, sub, elsewhere, found[0], found[1])
    return found


@covers("CH-13", "receiver's library in order of receipt", via="api")
@covers("CH-16", "own library and subtree", "nothing of other trees", via="api")
def test_handed_down(numbers, top, dealer, sub, shop, module_server):
    def seen(api):
        return [
            (one["number"], one["state"], one["holder"]["is_own"])
            for one in api.get("/dealer/cards", params={"number": "STORY"})["items"]
        ]

    assert seen(sub) == [(number, "inactive", True) for number in numbers[:2]]
    assert seen(dealer) == [(number, "inactive", number in numbers[2:4]) for number in numbers[:4]]
    assert len(seen(top)) == 6
    other = Api.login(module_server, shop.registry, "crab.dealer", shop.other_id)
    assert not seen(other)
    wish = {"kind": "activation", "lines": [{"numbers": [numbers[0]]}]}
    refused = other.post(ORDERS, status=422, key=True, json=wish)
    assert refused["code"] == "numbers_refused"


@pytest.fixture(scope="module")
def activation(numbers, shop, office, top, dealer, sub, elsewhere):
    """Asked for by ``sub``, passed on by ``dealer``, paid by ``top``: first refused for lack of funds."""
    wish = {"kind": "activation", "lines": [{"numbers": numbers[:2]}]}
    order = step(sub, sub.post(ORDERS, status=201, key=True, json=wish), "submit")
    assert (order["state"], order["waiting_for"]["name"]) == ("submitted", "静安渠道")
    step(top, order, "confirm", status=403)  # not its turn
    assert step(dealer, order, "confirm")["state"] == "passed_on"
    elsewhere(("POST", f"{ORDERS}/{order['id']}/confirm", None))
    assert top.get(f"{ORDERS}/{order['id']}")["funds"]["missing"] == "1200.00"
    short = step(top, order, "confirm", status=422)
    assert (short["code"], "1,200.00" in short["detail"] or "1200" in short["detail"]) == ("wallet_short", True)
    assert top.get(f"{ORDERS}/{order['id']}")["state"] == "passed_on"
    finance = office("finance")
    values = {"dealer_id": shop.top_id, "kind": "topup", "amount": 1500, "bank_reference": "B-1001"}
    values["voucher"] = base64.b64encode(b"%PDF-1.4 transfer").decode()
    [topup] = finance.call("crab.wallet.document", "create", [values])
    finance.button("crab.wallet.document", "action_confirm", [topup])
    assert top.get("/dealer/wallets")["stored"]["balance"] == "1500.00"
    done = step(top, order, "confirm", key="story-confirm-1")
    assert step(top, order, "confirm", key="story-confirm-1") == done
    return done


@covers("CH-14", "requests of level 3 under a level 2", "too little of both: nothing activated", via="api")
@covers("CH-11", "balance", "movements", via="api")
def test_activated(activation, numbers, top, dealer, sub, shop):
    assert (activation["state"], activation["charged"]) == ("done", "1200.00")
    assert top.get("/dealer/wallets")["stored"]["balance"] == "300.00"
    entries = top.get("/dealer/wallets/stored/entries")["items"]
    assert [(one["amount"], one["balance_after"]) for one in entries] == [
        ("-1200.00", "300.00"),
        ("1500.00", "1500.00"),
    ]
    for api in (dealer, sub):
        api.get("/dealer/wallets", status=403)
        assert api.get(f"{ORDERS}/{activation['id']}")["charged"] is None  # what the level 1 paid is its own
    states = {one["number"]: one["state"] for one in sub.get("/dealer/cards")["items"]}
    assert states == dict.fromkeys(numbers[:2], "active")
    shop.assert_sound()


@pytest.fixture(scope="module")
def staff(dealer, texts, elsewhere):
    """Works for ``dealer`` for a tenth."""
    wish = {"name": "小李", "phone": STAFF_PHONE, "commission_ratio": "0.10"}
    made = dealer.post("/dealer/staff", status=201, key=True, json=wish)
    elsewhere(
        ("GET", f"/dealer/staff/{made['id']}", None),
        ("PATCH", f"/dealer/staff/{made['id']}", {"is_active": False}),
        ("PUT", f"/dealer/staff/{made['id']}/commission", {"ratio": "0.90"}),
        ("POST", f"/dealer/staff/{made['id']}/settlements", {}),
        ("DELETE", f"/dealer/staff/{made['id']}", None),
    )
    api = texts.log_in(STAFF_PHONE)
    assert api.tokens["role"] == "staff"
    api.staff_id = made["id"]
    return api


@pytest.fixture(scope="module")
def earned(shop, texts, staff, dealer, sandbox):
    """A member whom the staff member invited bought a package of 1000, and received it."""
    link = staff.get("/staff/member-invitations")[0]
    member = texts.log_in(MEMBER_PHONE, invite=link["token"])
    assert [one["name"] for one in staff.get("/staff/members")["items"]]
    code = shop.run(lambda env: env["crab.region"].search([("level", "=", "district")], limit=1).code)
    place = {"receiver_name": "赵敏", "receiver_phone": MEMBER_PHONE, "region_code": code, "street": "示例路 9 号"}
    address = member.post("/member/addresses", status=201, key=True, json=place)
    [product] = member.get("/catalog/products", params={"kind": "package"})["items"]
    wish = {"lines": [{"product_id": product["id"], "quantity": 1}], "address_id": address["id"]}
    order = member.post("/orders", status=201, key=True, json=wish)
    member.post(f"/orders/{order['id']}/pay", json={"trade_type": "native"})
    found = shop.run(lambda env: env["sale.order"].search([("public_id", "=", order["id"])]).id)
    number = shop.run(lambda env: env["sale.order"].browse(found).transaction_ids.reference)
    sandbox.ctl("pay", out_trade_no=number)
    sandbox.ctl("notify", out_trade_no=number)
    shop.later()
    [earning] = dealer.get("/dealer/earnings")["items"]
    assert (earning["amount"], earning["state"]) == ("250.00", "pending")
    dealer.post("/dealer/withdrawals", status=422, key=True, json={**CARD, "amount": "1"})

    def ship(env):
        delivery = env["crab.delivery"].search([("order_id", "=", found)])
        delivery._ship("顺丰速运", {delivery.id: "SF1000000001"})

    shop.run(ship)
    member.post(f"/orders/{order['id']}/confirm-receipt")

    def days_are_over(env):
        env["sale.order"].browse(found).crab_credit_due_at = "2026-01-01 00:00:00"

    shop.run(days_are_over)
    shop.cron("crab.earning", "_cron_credit")
    return earning


CARD = {"bank_name": "工商银行", "bank_account": "6222020011112222", "bank_holder": "陈静"}


@covers("CH-17", "total, withdrawable, withdrawn", "not yet credited", via="api")
@covers("CH-19", "each earning with its order", via="api")
@covers("CH-32", "who registers by staff belongs to the staff member too", via="api")
@covers("CS-05", "total, to settle, settled", via="api")
def test_earned(earned, dealer, top, sub, staff, elsewhere):
    path = f"/dealer/earnings/{earned['id']}/explanation"
    explained = dealer.get(path)
    assert {name: explained[name] for name in ("paid", "before", "own_price", "after", "share", "net")} == {
        "paid": "1000.00",
        "before": "1000.00",
        "own_price": "750.00",
        "after": "750.00",
        "share": "250.00",
        "net": "250.00",
    }
    elsewhere(("GET", path, None))
    for api in (top, sub):  # neither above nor below
        api.get(path, status=404)
    assert dealer.get("/dealer/earnings/summary")["withdrawable"] == "250.00"
    [of_top] = top.get("/dealer/earnings")["items"]
    assert of_top["amount"] == "150.00"
    figures = staff.get("/staff/me")["figures"]
    assert (figures["total"], figures["to_settle"], figures["settled"]) == ("25.00", "25.00", "0.00")


@pytest.fixture(scope="module")
def withdrawn(earned, dealer, office, elsewhere):
    """Asked for, approved and paid by finance; another one rejected."""
    dealer.post("/dealer/withdrawals", status=422, key=True, json={**CARD, "amount": "250.01"})
    asked = dealer.post("/dealer/withdrawals", status=201, key="story-out-1", json={**CARD, "amount": "200"})
    assert dealer.post("/dealer/withdrawals", status=201, key="story-out-1", json={**CARD, "amount": "200"}) == asked
    dealer.post("/dealer/withdrawals", status=409, key="story-out-1", json={**CARD, "amount": "20"})
    dealer.post("/dealer/withdrawals", status=422, key=True, json={**CARD, "amount": "50.01"})
    elsewhere(
        ("GET", f"/dealer/withdrawals/{asked['id']}", None),
        ("PUT", f"/dealer/withdrawals/{asked['id']}/invoice", {"picture": "x", "number": "1"}),
    )
    other = dealer.post("/dealer/withdrawals", status=201, key=True, json={**CARD, "amount": "50"})
    finance = office("finance")

    def of(api_id):
        [found] = finance.call("crab.withdrawal", "search", [["name", "=", api_id["name"]]])
        return found

    finance.button("crab.withdrawal", "action_approve", [of(asked)])
    finance.call("crab.withdrawal", "write", [of(asked)], {"bank_reference": "T-2001"})
    finance.button("crab.withdrawal", "action_mark_paid", [of(asked)])
    [wizard] = finance.call("crab.withdrawal.reject", "create", [{"withdrawal_id": of(other), "reason": "卡号不符"}])
    finance.button("crab.withdrawal.reject", "action_confirm", [wizard])
    return asked, other


@covers("CH-18", "withdraw to a bank card", "back office changes the state", "rejection returns the money", via="api")
def test_withdrawn(withdrawn, dealer, shop):
    asked, other = (dealer.get(f"/dealer/withdrawals/{one['id']}") for one in withdrawn)
    assert (asked["state"], asked["bank_reference"]) == ("paid", "T-2001")
    assert (other["state"], other["reject_reason"]) == ("rejected", "卡号不符")
    assert "6222020011112222" not in str(asked)
    summary = dealer.get("/dealer/earnings/summary")
    assert (summary["total"], summary["withdrawable"], summary["withdrawn"]) == ("250.00", "50.00", "200.00")
    month = asked["paid_at"][:7]
    statement = dealer.get("/dealer/earnings/statement", params={"month": month})
    figures = {name: statement[name] for name in ("opening", "shares", "given_back", "withdrawn", "closing")}
    assert figures == {
        "opening": "0.00",
        "shares": "250.00",
        "given_back": "0.00",
        "withdrawn": "-200.00",
        "closing": "50.00",
    }
    got = dealer.raw("GET", "/dealer/earnings/statement.xlsx", params={"month": month})
    assert got.status_code == 200 and got.content[:2] == b"PK"
    shop.assert_books()


@covers("CH-03", "delete archives and keeps history", via="api")
@covers("CS-01", "revoked at once", via="api")
@covers("CS-02", "count and records of settlements", via="api")
def test_staff_leaves(withdrawn, staff, dealer, texts):
    path = f"/dealer/staff/{staff.staff_id}"
    marked = dealer.post(f"{path}/settlements", status=201, key=True, json={"note": "现金"})
    assert marked["amount"] == "25.00"
    assert staff.get("/staff/settlements")["total"] == 1
    dealer.delete(path)
    staff.get("/staff/me", status=401)
    staff.post("/auth/refresh", status=401, json={"refresh_token": staff.tokens["refresh_token"]})
    kept = dealer.get(path)
    assert (kept["is_active"], kept["figures"]["settled"], kept["member_count"]) == (False, "25.00", 1)
    assert dealer.get("/dealer/members")["total"] == 1  # stays with the dealer


def test_closed_at_the_end(withdrawn, activation, numbers, shop, office, dealer, sub, top, elsewhere):
    """What is left goes back up, the earnings are paid, then head office closes: nobody gets in any more."""
    wish = {"kind": "return", "reason": "关店", "lines": [{"numbers": numbers[2:4]}]}
    order = step(dealer, dealer.post(ORDERS, status=201, key=True, json=wish), "submit")
    elsewhere(("POST", f"{ORDERS}/{order['id']}/receive", {}))
    assert step(top, order, "receive", {})["state"] == "done"
    admin = office("admin")
    [dealer_id] = admin.call("crab.dealer", "search", [["name", "=", "静安渠道"]])
    action = admin.button("crab.dealer", "action_close", [dealer_id])
    lines = admin.call(
        "crab.dealer.close.line", "search_read", [["wizard_id", "=", action["res_id"]]], ["name", "count"]
    )
    assert any("渠道商" in line["name"] and line["count"] == 1 for line in lines), lines  # the sub-dealer
    with pytest.raises(harness.RpcError):
        admin.button("crab.dealer.close", "action_close", [action["res_id"]])  # without a reason
    dealer.get("/dealer/me")
    admin.call("crab.dealer.close", "write", [action["res_id"]], {"reason": "合同到期"})
    admin.button("crab.dealer.close", "action_close", [action["res_id"]])
    dealer.get("/dealer/me", status=401)
    dealer.post("/auth/refresh", status=401, json={"refresh_token": dealer.tokens["refresh_token"]})
    # the level 3 goes on: its way up passes over the closed one
    assert sub.get("/dealer/me")["name"] == "静安小店"
    assert sub.get("/dealer/upstream")["upstream"]["name"]
    shop.assert_sound()
