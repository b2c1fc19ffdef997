"""A member's story over HTTP, from the code by SMS to the closed account; our sandboxes play SMS and WeChat Pay."""

import pytest
from client import Api
from shop_world import ShopWorld
from world import PASSWORD

import harness
from harness import covers

PHONE = "13655550001"


@pytest.fixture(scope="module")
def shop(module_registry, module_server, sandbox):
    world = ShopWorld(module_registry)
    world.pay_at(sandbox, module_server)
    return world


@pytest.fixture(scope="module")
def member(shop, module_server, texts):
    """Registered by the invitation of a dealer."""
    api = Api(module_server, shop.registry)
    api.post("/auth/sms-codes", status=204, json={"phone": PHONE})
    invite = shop.run(lambda env: env["crab.dealer"].browse(shop.below_id).invite_code)
    code = texts.code(PHONE)
    api.post("/auth/login/sms", status=422, json={"phone": PHONE, "code": str((int(code) + 1) % 10**6).zfill(6)})
    tokens = api.post("/auth/login/sms", json={"phone": PHONE, "code": code, "invite": invite})
    assert (tokens["is_new"], tokens["role"]) == (True, "member")
    api.post("/auth/login/sms", status=422, json={"phone": PHONE, "code": code})
    return api.use(tokens)


@pytest.fixture(scope="module")
def receiver(shop):
    code = shop.run(lambda env: env["crab.region"].search([("level", "=", "district")], limit=1).code)
    return {"receiver_name": "王芳", "receiver_phone": PHONE, "region_code": code, "street": "示例路 8 号"}


@pytest.fixture(scope="module")
def order(shop, member, receiver):
    """What was put into the cart, ordered; the answer got lost, so it was sent twice."""
    member.patch("/member/me", json={"name": "王芳"})
    address = member.post("/member/addresses", status=201, key=True, json={**receiver, "is_default": True})
    [product] = member.get("/catalog/products", params={"kind": "package"})["items"]
    assert (product["retail_price"], product["currency"]) == ("1000.00", "CNY")
    [own] = member.get("/catalog/prices", params={"ids": product["id"]})
    assert own["retail_price"] == "1000.00"
    member.put(f"/member/favourites/{product['id']}", status=204)
    member.post("/cart/lines", json={"product_id": product["id"], "quantity": 1})
    cart = member.put(f"/cart/lines/{product['id']}", json={"quantity": 2})
    assert [line["quantity"] for line in cart["lines"]] == [2]
    wish = {"cart": [product["id"]], "address_id": address["id"]}
    quote = member.post("/orders/quote", json=wish)
    assert quote["can_order"] and quote["delivery_dates"]
    wish["delivery_date"] = quote["delivery_dates"][0]
    first = member.post("/orders", status=201, key="story-order-1", json=wish)
    again = member.post("/orders", status=201, key="story-order-1", json=wish)
    assert (first["id"], first["total"]) == (again["id"], quote["total"])
    member.post("/orders", status=409, key="story-order-1", json={**wish, "note": "别的"})
    assert not member.get("/cart")["lines"]
    assert len(member.get("/orders")["items"]) == 1
    return first


@pytest.fixture(scope="module")
def received(shop, member, order, sandbox, texts):
    """Paid at WeChat Pay, shipped, received."""
    path = f"/orders/{order['id']}"
    payment = member.post(f"{path}/pay", json={"trade_type": "native"})
    assert payment["amount"] == order["total"] and payment["parameters"]["code_url"]
    member.post(f"{path}/pay", json={"trade_type": "native"})  # begun again: the same

    def reference(env):
        [number] = env["sale.order"].search([("public_id", "=", order["id"])]).transaction_ids.mapped("reference")
        return number

    number = shop.run(reference)
    sandbox.ctl("pay", out_trade_no=number)
    assert [one["status"] for one in sandbox.ctl("notify", out_trade_no=number, times=2)] == [200, 200]
    shop.later()
    assert member.get(path)["state"] == "to_ship"
    member.post(f"{path}/cancel", status=422)
    texts.tell("order.to_receive", "您的订单{order}已发货，{carrier} {tracking}，请留意查收。", "1000002")

    def ship(env):
        found = env["sale.order"].search([("public_id", "=", order["id"])])
        delivery = env["crab.delivery"].search([("order_id", "=", found.id)])
        delivery._ship("顺丰速运", {delivery.id: "SF1234567890"})

    shop.run(ship)
    shop.cron("crab.outbox", "_cron_dispatch")
    [parcel] = member.get(f"{path}/tracking")["parcels"]
    assert parcel["tracking_number"] == "SF1234567890"
    done = member.post(f"{path}/confirm-receipt")
    assert done["state"] == "to_review"
    assert member.post(f"{path}/confirm-receipt")["state"] == "to_review"
    return done


@covers("MB-04", "an unknown phone registers", via="api")
@covers("MB-01", "member belongs to the inviter's dealer", via="api")
@covers("CH-32", "who registers belongs to the dealer", via="api")
def test_registered(shop, member):
    found = member.get("/member/me")
    dealer_id = shop.run(lambda env: env["crab.member"].search([("phone", "=", f"+86{PHONE}")]).dealer_id.id)
    assert dealer_id == shop.below_id
    assert found["phone"].replace(" ", "").endswith(PHONE) or "****" in found["phone"]


@covers("IF-02", "triggers on order state", via="api")
def test_told_by_sms(received, order, texts):
    found = [text for text in texts.of(PHONE) if order["number"] in text]
    assert len(found) == 1 and "已发货" in found[0] and "SF1234567890" in found[0]


@covers("MB-11", "double notification is safe", via="api")
@covers("MB-23", "confirm receipt", via="api")
def test_bought_paid_received(received, shop):
    assert received["can_review"]
    shop.assert_books()


def test_reviewed(member, received):
    [pending] = [one for one in member.get("/reviews/pending")["items"] if one["order_id"] == received["id"]]
    review = {"product_id": pending["product_id"], "score": 5, "text": "蟹很肥 <b>好</b>"}
    path = f"/orders/{received['id']}/reviews"
    member.post(path, status=201, key="story-review-1", json={"reviews": [review]})
    member.post(path, status=201, key="story-review-1", json={"reviews": [review]})
    member.post(path, status=422, key="story-review-2", json={"reviews": [review]})
    shown = member.get(f"/catalog/products/{pending['product_id']}/reviews")["items"]
    assert [one["text"] for one in shown] == ["蟹很肥 <b>好</b>"]
    assert len(member.get("/member/reviews")["items"]) == 1


def test_after_sales(member, received):
    product_id = received["lines"][0]["product_id"]
    wish = {"kind": "refund", "reason": "quality", "lines": [{"product_id": product_id, "quantity": 1}]}
    path = f"/orders/{received['id']}/after-sales"
    asked = member.post(path, status=201, key="story-aftersale", json=wish)
    assert member.get(f"/orders/{received['id']}")["aftersale"] == "to_merchant"
    member.post(f"/after-sales/{asked['id']}/cancel")
    assert member.get(f"/orders/{received['id']}")["aftersale"] is None


def test_card_bound_and_redeemed(shop, member, receiver, people_elsewhere):
    [card_id] = shop.active(1, "API")
    number = shop.run(lambda env: env["crab.card"].browse(card_id).number)
    wrong = member.post("/cards/bind", status=422, json={"number": number, "password": "nonsense"})
    unknown = member.post("/cards/bind", status=422, json={"number": "API999999", "password": "nonsense"})
    assert wrong == unknown
    bound = member.post("/cards/bind", json={"number": number, "password": PASSWORD})
    assert bound["state"] == "active"
    people_elsewhere.raw("GET", f"/member/cards/{number}")
    assert people_elsewhere.raw("GET", f"/member/cards/{number}").status_code == 404
    options = member.get(f"/cards/{number}/redemption-options")
    wish = {"receiver": receiver, "delivery_date": options["delivery_dates"][2]}
    path = f"/cards/{number}/redemptions"
    made = member.post(path, status=201, key="story-redeem-1", json=wish)
    assert member.post(path, status=201, key="story-redeem-1", json=wish)["id"] == made["id"]
    member.post(path, status=422, key="story-redeem-2", json=wish)
    assert people_elsewhere.raw("GET", f"/redemptions/{made['id']}").status_code == 404
    member.delete(f"/redemptions/{made['id']}")
    assert member.get(f"/member/cards/{number}")["state"] == "active"


@pytest.fixture(scope="module")
def people_elsewhere(shop, module_server):
    other = shop.run(lambda env: env["crab.member"].create({"name": "别人", "phone": "13655550002"}).id)
    return Api.login(module_server, shop.registry, "crab.member", other)


def test_redeemed_without_login(shop, module_server, receiver):
    [card_id] = shop.active(1, "QUICK")
    number = shop.run(lambda env: env["crab.card"].browse(card_id).number)
    stranger = Api(module_server)
    options = stranger.post("/redemptions/quick/options", json={"number": number, "password": PASSWORD})
    wish = {"token": options["token"], "receiver": receiver, "delivery_date": options["options"]["delivery_dates"][0]}
    stranger.post("/redemptions/quick", status=201, key="story-quick-1", json=wish)
    stranger.post("/redemptions/quick", status=422, key="story-quick-2", json=wish)
    forged = {**wish, "token": options["token"][:-4] + "0000"}
    assert stranger.post("/redemptions/quick", status=422, key="story-quick-3", json=forged)["code"] == "token_expired"


def test_messages(member, received):
    assert member.get("/member/messages/unread")["count"] > 0
    assert member.get("/member/messages")["items"][0]["body"]
    member.post("/member/messages/read", json={})
    assert member.get("/member/messages/unread")["count"] == 0


@covers("MB-31", "close account", via="api")
def test_closed_at_the_end(shop, module_server, texts):
    phone = "13655550003"
    api = texts.log_in(phone)
    assert api.get("/member/me/closing")["can_close"]
    api.delete("/member/me", params={"is_confirmed": True})
    api.get("/member/me", status=401)
    Api(module_server).post("/auth/refresh", status=401, json={"refresh_token": api.tokens["refresh_token"]})
    assert harness.in_transaction(
        shop.registry, lambda env: env["crab.account"].search([("phone", "=", f"+86{phone}")]).state
    ) in (False, "closed")
