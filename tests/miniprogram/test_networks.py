"""Whatever creates or moves something, over a network that fails, is slow and loses the answer: it happens once."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from everything import shop_order
from test_phone_cards import choose_day, enter_card, fill_receiver
from test_phone_shop import make_member, submit
from test_phone_shop import product as product_of

MEMBER, OTHER = "13655557001", "13655557002"
STORE, DISTRIBUTOR = "13900000001", "13900000003"
PACKAGE = "尝鲜装 公2.5两 母2.0两 3对装"
WHEEL = ".app-button__wheel:visible"
FLOWS = []


@dataclass
class Flow:
    """One thing that a phone, which stands before it, is about to do."""

    method: str
    path: str  # of what is sent
    press: Callable  # what the user does, and does again
    done: Callable  # waits for what the user sees at the end
    made: Callable  # how many of it there are, in an environment
    again: bool = True  # False: the page finds out by itself that it was done


def flow(make):
    FLOWS.append(make)
    return make


def member(name):
    return f"packages/member/pages/{name}"


def channel(name):
    return f"packages/channel/pages/{name}"


def tap(*texts, confirm=False):
    """Presses what has this text, and says yes."""

    def press(phone):
        for text in texts:
            phone.tap(text, exact=True)
        if confirm:
            phone.confirm()

    return press


class Things:
    """What the flows begin with; each makes its own."""

    def __init__(self, world):
        self.world, self.numbers, self.buyers = world, iter(range(1, 9)), iter(range(7100, 7200))
        self.member_id = make_member(world, MEMBER)
        self.api = world.api(MEMBER)
        self.store_numbers = iter(f"DEMO1{count:06d}" for count in range(11, 51))
        self.ecard_id = world.run(self._ecard)

    def _ecard(self, env):
        package = env["product.product"].browse(self.world.package_id)
        values = {"name": "示例电子卡", "default_code": "P-ECARD", "list_price": 500, "crab_kind": "ecard"}
        values |= {"crab_rule": "fixed", "crab_choice_ids": [(6, 0, package.ids)], "crab_state": "on_sale"}
        product = env["product.template"].create(values).product_variant_id
        env["product.product"]._crab_adjust_stock({product: 100})
        return product.id

    def order(self, until="placed"):
        """The public id of an order of the member."""

        def make(env):
            package = env["product.product"].search([("name", "=", PACKAGE)])
            return shop_order(env, env["crab.member"].browse(self.member_id), package, until, quantity=1).public_id

        return self.world.run(make)

    def ecard(self):
        """The number of an e-card that the member bought."""

        def buy(env):
            product = env["product.product"].browse(self.ecard_id)
            sold = shop_order(env, env["crab.member"].browse(self.member_id), product, quantity=1)
            return env["crab.card"].search([("batch_id.name", "=", sold.name)]).number

        return self.world.run(buy)

    def card(self, is_bound=True):
        number, password = self.world.card(next(self.numbers))
        if is_bound:
            self.api.post("/cards/bind", json={"number": number, "password": password})
        return number, password

    def printed(self):
        """The number of a printed card that the member bought from the platform and received."""

        def buy(env):
            sold = env["crab.card.order"].create(
                {
                    "kind": "direct",
                    "receiver_member_id": self.member_id,
                    "line_ids": [(0, 0, {"product_id": self.world.card_product_id, "quantity": 1, "unit_price": 950})],
                }
            )
            lines = "卡号,卡密,卡编码\nNET000001,pass1234,W-CARD\n"
            assert env["crab.import"]._run_file("card_sales", "NET.csv", lines.encode()).state == "done"
            sold.action_submit()
            sold.action_confirm_payment("BANK-1")
            sold._link_cards(env["crab.card"].search([("number", "=", "NET000001")]).ids)
            sold.action_send()
            sold.action_receive()
            return "NET000001"

        return self.world.run(buy)

    def redemption(self):
        """``(public id, number)`` of a redemption of the member."""
        number, _password = self.card()
        wish = {"address_id": self.api.get("/member/addresses")[0]["id"]}
        made = self.api.post(f"/cards/{number}/redemptions", json=wish, status=201, key=True)
        return made["id"], number

    def sale(self, staff_name=None):
        """The store, and one of its staff, earn on what a member pays."""

        def sell(env):
            store = env["crab.dealer"].search([("code", "=", "A0001")])
            values = {"name": "陆晴", "phone": f"1365555{next(self.buyers)}", "dealer_id": store.id}
            if staff_name:
                staff = {"dealer_id": store.id, "name": staff_name, "phone": "13655557007", "commission_ratio": 0.3}
                values["staff_id"] = env["crab.dealer.staff"].create(staff).id
            buyer = env["crab.member"].create(values)
            sold = shop_order(env, buyer, env["product.product"].browse(self.world.package_id), quantity=1)
            env["crab.earning"]._credit_orders(sold)
            return buyer.staff_id.public_id or None

        return self.world.run(sell)


@pytest.fixture(scope="module")
def things(world):
    return Things(world)


# ---------------------------------------------------------------------- a member in the shop


def cashier(phone, things):
    """Waits until the member is at the page of WeChat Pay."""
    url = things.world.sandbox.url
    phone.allow_host(url)
    return lambda phone: phone.page.wait_for_url(re.compile(re.escape(url)))


def orders(things, *domain):
    return lambda env: env["sale.order"].search_count([("crab_member_id", "=", things.member_id), *domain])


def checkout(phone, things):
    phone.open(member("checkout"), product=product_of(things.world, PACKAGE), quantity=1).see("268.00")
    return Flow("POST", "/orders", submit, cashier(phone, things), orders(things))


@flow
def an_order(phone, things):
    return checkout(phone.enter_as(MEMBER), things)


@flow
def a_payment(phone, things):
    order = things.order()
    phone.enter_as(MEMBER).open(member("pay"), id=order).see("待支付")
    return Flow(
        "POST",
        f"/orders/{order}/pay",
        tap("微信支付"),
        cashier(phone, things),
        lambda env: len(env["sale.order"].search([("public_id", "=", order)]).transaction_ids),
    )


@flow
def a_cancelled_order(phone, things):
    order = things.order()
    phone.enter_as(MEMBER).open(member("order"), id=order)
    return Flow(
        "POST",
        f"/orders/{order}/cancel",
        tap("取消订单", confirm=True),
        lambda phone: phone.see("已关闭"),
        orders(things, ("public_id", "=", order), ("crab_state", "=", "closed")),
        again=False,
    )


@flow
def a_receipt(phone, things):
    order = things.order("shipped")
    phone.enter_as(MEMBER).open(member("orders"), state="to_receive")
    return Flow(
        "POST",
        f"/orders/{order}/confirm-receipt",
        tap("确认收货", confirm=True),
        lambda phone: phone.see("待评价"),
        orders(things, ("public_id", "=", order), ("crab_received_at", "!=", False)),
        again=False,
    )


@flow
def a_review(phone, things):
    order = things.order("received")
    phone.enter_as(MEMBER).open(member("review-write"), id=order).fill("评价", "膏满黄肥")
    return Flow(
        "POST",
        f"/orders/{order}/reviews",
        tap("发布评价"),
        lambda phone: phone.at(member("reviews")).see("膏满黄肥"),
        lambda env: env["crab.review"].search_count([("order_id.public_id", "=", order)]),
    )


@flow
def an_after_sale(phone, things):
    order = things.order("shipped")
    phone.enter_as(MEMBER).open(member("after-sale-ask"), id=order).choose("原因", "死蟹或质量问题")
    return Flow(
        "POST",
        f"/orders/{order}/after-sales",
        tap("提交申请"),
        lambda phone: phone.at(member("after-sale")).see("待商家处理"),
        lambda env: env["crab.aftersale"].search_count([("order_id.public_id", "=", order)]),
    )


@flow
def a_fapiao(phone, things):
    order = things.order("received")
    phone.enter_as(MEMBER).open(member("order"), id=order)
    phone.page.get_by_text("申请开票").click()
    phone.at(member("fapiao")).fill("抬头", "王芳")
    return Flow(
        "POST",
        f"/orders/{order}/fapiao",
        tap("提交申请"),
        lambda phone: phone.at(member("order")),
        lambda env: env["crab.fapiao"].search_count([("order_id.public_id", "=", order)]),
    )


# ---------------------------------------------------------------------- a member and its cards


def redemptions(number, *domain):
    return lambda env: env["crab.redemption"].search_count([("card_id.number", "=", number), *domain])


@flow
def a_bound_card(phone, things):
    number, password = things.card(is_bound=False)
    phone.enter_as(MEMBER).open(member("card-bind")).fill("卡号", number).fill("卡密", password)
    return Flow(
        "POST",
        "/cards/bind",
        tap("绑定到我的账户"),
        lambda phone: phone.at(member("card")).see(number),
        lambda env: env["crab.card"].search_count([("number", "=", number), ("member_id", "=", things.member_id)]),
    )


@flow
def a_redemption(phone, things):
    number, _password = things.card()
    phone.enter_as(MEMBER).open(member("card-redeem"), id=number).see("送到哪里")
    choose_day(phone)
    return Flow(
        "POST",
        f"/cards/{number}/redemptions",
        tap("确认提货"),
        lambda phone: phone.at(member("redemption")).see("提货成功"),
        redemptions(number),
    )


@flow
def a_redemption_without_login(phone, things):
    number, password = things.card(is_bound=False)
    phone.open("pages/redeem/index")
    enter_card(phone, number, password)
    phone.see("送到哪里")
    fill_receiver(phone)
    choose_day(phone)
    return Flow("POST", "/redemptions/quick", tap("确认提货"), lambda phone: phone.see("提货成功"), redemptions(number))


@flow
def a_cancelled_redemption(phone, things):
    redemption, number = things.redemption()
    phone.enter_as(MEMBER).open(member("redemption"), id=redemption)
    return Flow(
        "DELETE",
        f"/redemptions/{redemption}",
        tap("取消提货", confirm=True),
        lambda phone: phone.see("已取消"),
        redemptions(number, ("state", "=", "cancelled")),
        again=False,
    )


@flow
def a_gift(phone, things):
    number = things.ecard()
    phone.enter_as(MEMBER).open(member("card"), id=number).tap("转赠给亲友")
    return Flow(
        "POST",
        f"/cards/{number}/gifts",
        tap("生成转赠链接"),
        lambda phone: phone.at(member("gift")).see("未领取，卡自动退回"),
        lambda env: env["crab.card.gift"].search_count([("card_id.number", "=", number)]),
    )


@flow
def a_taken_gift(phone, things):
    number = things.ecard()
    token = things.api.post(f"/cards/{number}/gifts", json={}, status=201, key=True)["token"]
    phone.enter_as(OTHER).open(member("gift"), token=token)
    return Flow(
        "POST",
        f"/gifts/{token}/claim",
        tap("立即领取"),
        lambda phone: phone.see("已放入您的提货卡"),
        lambda env: env["crab.card.gift"].search_count([("token", "=", token), ("state", "=", "claimed")]),
        again=False,
    )


@flow
def a_revoked_gift(phone, things):
    number = things.ecard()
    token = things.api.post(f"/cards/{number}/gifts", json={}, status=201, key=True)["token"]
    phone.enter_as(MEMBER).open(member("gift"), token=token)
    return Flow(
        "DELETE",
        f"/gifts/{token}",
        tap("收回", confirm=True),
        lambda phone: phone.see("已撤销"),
        lambda env: env["crab.card.gift"].search_count([("token", "=", token), ("state", "=", "revoked")]),
        again=False,
    )


@flow
def a_returned_card(phone, things):
    number = things.printed()
    phone.enter_as(MEMBER).open(member("card"), id=number)
    return Flow(
        "POST",
        "/member/card-returns",
        tap("申请返还", confirm=True),
        lambda phone: phone.at(member("card-returns")).see(number),
        lambda env: env["crab.card.order"].search_count([("kind", "=", "return"), ("number_search", "in", [number])]),
    )


@flow
def an_address(phone, things):
    phone.enter_as(OTHER).open(member("addresses")).tap("新增地址").at(member("address"))
    fill_receiver(phone)
    return Flow(
        "POST",
        "/member/addresses",
        tap("保存"),
        lambda phone: phone.at(member("addresses")).see("巴城镇示例路"),
        lambda env: env["crab.member.address"].search_count([("member_id.phone", "=", f"+86{OTHER}")]),
    )


@flow
def a_feedback(phone, things, text="包装很好"):
    phone.enter_as(MEMBER).open(member("feedback")).fill("意见", text)
    return Flow(
        "POST",
        "/feedback",
        tap("提交"),
        lambda phone: phone.page.locator(".card:visible .text", has_text=text).wait_for(),
        lambda env: env["crab.feedback"].search_count([("text", "=", text)]),
    )


# ---------------------------------------------------------------------- a dealer


def documents(kind, number, *domain):
    return lambda env: env["crab.card.order"].search_count(
        [("kind", "=", kind), ("number_search", "in", [number]), *domain]
    )


@flow
def a_transfer(phone, things):
    number = next(things.store_numbers)
    phone.enter_as(STORE, "dealer").open(channel("card-order-new"), kind="transfer", number=number)
    phone.tap("接收渠道商").tap("示例经销商").tap("核对卡号与金额").see("1 张")
    return Flow(
        "POST",
        "/dealer/card-orders",
        tap("发出"),
        lambda phone: phone.at(channel("card-order")).see("在途"),
        documents("transfer", number),
    )


@flow
def an_arrival(phone, things):
    number = next(things.store_numbers)

    def give(env):
        card = env["crab.card"].search([("number", "=", number)])
        below = env["crab.dealer"].search([("code", "=", "B0001")])
        sides = {"sender_dealer_id": card.dealer_id.id, "receiver_dealer_id": below.id}
        order_id = things.world.document(env, "transfer", card.ids, ("submit",), **sides)
        return env["crab.card.order"].browse(order_id).public_id

    order = things.world.run(give)
    phone.enter_as(DISTRIBUTOR, "dealer").open(channel("card-order"), id=order)
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/receive",
        tap("全部收到", confirm=True),
        lambda phone: phone.see("已完成"),
        documents("transfer", number, ("state", "=", "done")),
        again=False,
    )


@flow
def an_activation(phone, things):
    number = next(things.store_numbers)
    phone.enter_as(STORE, "dealer").open(channel("card-order-new"), kind="activation", number=number)
    phone.tap("核对卡号与金额").see("扣储值")
    return Flow(
        "POST",
        "/dealer/card-orders",
        tap("确认激活"),
        lambda phone: phone.at(channel("card-order")).see("已完成"),
        documents("activation", number),
    )


@flow
def a_new_staff_member(phone, things):
    phone.enter_as(STORE, "dealer").open(channel("staff")).tap("添加员工")
    phone.fill("姓名", "李静").fill("手机号", "13655557003")
    return Flow(
        "POST",
        "/dealer/staff",
        tap("添加"),
        lambda phone: phone.see("李静"),
        lambda env: env["crab.dealer.staff"].search_count([("phone", "=", "+8613655557003")]),
    )


@flow
def a_settlement(phone, things):
    staff = things.sale("周敏")
    phone.enter_as(STORE, "dealer").open(channel("staff-member"), id=staff).tap("标记结算")
    phone.fill("金额（不填为全部）", "20")
    return Flow(
        "POST",
        f"/dealer/staff/{staff}/settlements",
        tap("确定"),
        lambda phone: phone.see("¥100.00"),
        lambda env: env["crab.staff.settlement"].search_count([("staff_id.public_id", "=", staff)]),
    )


@flow
def an_invitation(phone, things):
    phone.enter_as(STORE, "dealer").open(channel("invite")).tap("新建邀请")
    phone.choose("对方级别", "二级渠道商").fill("对方折扣（折）", "7.5")
    return Flow(
        "POST",
        "/dealer/invitations",
        tap("生成邀请"),
        lambda phone: phone.at(channel("poster")),
        lambda env: env["crab.dealer.invitation"].search_count([("dealer_id.code", "=", "A0001")]),
    )


@flow
def a_withdrawal(phone, things):
    things.sale()
    phone.enter_as(STORE, "dealer").open(channel("withdraw")).fill("提现金额", "30").fill("开户银行", "工商银行")
    phone.fill("银行卡号", "6222020011112222").fill("户名", "示例专卖店")
    return Flow(
        "POST",
        "/dealer/withdrawals",
        tap("申请提现"),
        lambda phone: phone.at(channel("withdrawal")).see("**** 2222"),
        lambda env: env["crab.withdrawal"].search_count([("dealer_id.code", "=", "A0001")]),
    )


@flow
def an_application(phone, things):
    phone.enter_as(OTHER).open(channel("apply")).fill("公司或店铺名称", "平江路蟹行").fill("联系人", "周敏")
    phone.fill("手机号", "13655557004")
    if phone.page.locator("[role=checkbox]:visible").count():
        phone.page.locator("[role=checkbox]:visible").click()
    return Flow(
        "POST",
        "/dealer-applications",
        tap("提交申请"),
        lambda phone: phone.see("申请已收到"),
        lambda env: env["crab.dealer.application"].search_count([("phone", "=", "+8613655557004")]),
    )


# ---------------------------------------------------------------------- the networks


def provoke(phone):
    return phone.allow("ERR_CONNECTION_RESET", "status of 500", "favicon.ico")


def counted(things, wanted):
    """How many were made from now on."""
    before = things.world.run(wanted.made)
    return lambda: things.world.run(wanted.made) - before


def hold(phone, wanted):
    """Press, and press again while the answer does not come."""
    held = phone.net.hold(wanted.path, method=wanted.method)
    with phone.sends(wanted.path, wanted.method):
        wanted.press(phone)
    for _tap in range(2):
        phone.page.locator(WHEEL).first.click(force=True)
    assert len(held.routes) == 1
    return held


@pytest.mark.parametrize("make", FLOWS, ids=lambda make: make.__name__)
def test_it_happens_once(phone, things, make):
    """The server fails; it is asked again, slowly, and tapped on; the answer is lost; it is asked once more."""
    wanted = make(provoke(phone), things)
    made = counted(things, wanted)
    phone.net.fail(wanted.path, method=wanted.method)
    wanted.press(phone)
    phone.see("服务繁忙").idle()
    assert made() == 0

    hold(phone, wanted).lose()
    phone.see("网络不给力").idle()
    assert made() == 1
    if wanted.again:
        wanted.press(phone)
    wanted.done(phone)
    phone.idle()
    assert made() == 1


@pytest.mark.parametrize("make", [an_order, a_withdrawal], ids=lambda make: make.__name__)
def test_the_program_is_ended_while_it_sends(phone, things, make):
    """It was done when the program ended; whoever opens it again and sends the same has it once."""
    wanted = make(provoke(phone), things)
    made = counted(things, wanted)
    held = hold(phone, wanted)
    held.routes[0].fetch()
    phone.page.reload()
    held.routes[0].abort()
    phone.settle()
    assert made() == 1
    wanted.press(phone)
    wanted.done(phone)
    assert made() == 1


def test_another_wish_after_a_lost_answer(phone, things):
    """What was changed after a lost answer is not a second order: the member is shown the first."""
    wanted = an_order(provoke(phone), things)
    made = counted(things, wanted)
    phone.net.lose("/orders", method="POST")
    wanted.press(phone)
    phone.see("网络不给力").idle()
    phone.tap("增加").see("536.00")
    wanted.press(phone)
    phone.see("已经提交成功").confirm().at(member("orders")).see(PACKAGE)
    assert made() == 1

    # it never arrived: what is wished for now is ordered
    wanted = checkout(phone, things)
    phone.allow("ERR_INTERNET_DISCONNECTED").net.break_off("/orders", method="POST")
    wanted.press(phone)
    phone.see("网络不给力").idle()
    phone.tap("增加").see("536.00")
    wanted.press(phone)
    wanted.done(phone)
    assert made() == 2


def test_offline_and_back(phone, things):
    """What could not be sent is sent when the network is back; what could not be loaded comes by itself."""
    wanted = a_feedback(phone.allow("ERR_INTERNET_DISCONNECTED"), things, "写于断网时")
    made = counted(things, wanted)
    phone.net.offline()
    wanted.press(phone)
    phone.see("网络不给力").idle()
    phone.net.offline(False)
    wanted.press(phone)
    wanted.done(phone)
    assert made() == 1

    phone.net.break_off("/feedback", times=2, method="GET")
    phone.page.reload()
    phone.see("网络不给力")
    phone.net.offline()
    phone.see("网络已断开")
    phone.net.offline(False)
    wanted.done(phone)


def test_left_while_it_sends(phone, things):
    """An answer that comes when the user has gone elsewhere leads nowhere; that it was done is said."""
    phone.enter_as(OTHER).open("pages/mine/index").tap("收货地址").at(member("addresses"))
    phone.tap("新增地址").at(member("address"))
    fill_receiver(phone)
    wanted = Flow("POST", "/member/addresses", tap("保存"), None, None)
    held = hold(phone, wanted)
    phone.page.go_back()
    phone.at(member("addresses"))
    held.release()
    phone.see("刚才的提交已成功").at(member("addresses"))

    # nor is anybody taken to the cashier
    order = things.order()
    phone.enter_as(MEMBER).open(member("order"), id=order)
    held = phone.net.hold(f"/orders/{order}/pay")
    with phone.sends(f"/orders/{order}/pay"):
        phone.tap("去支付")
    phone.at(member("pay")).page.go_back()
    phone.at(member("order"))
    with phone.page.expect_response(f"**/orders/{order}/pay"):
        held.release()
    phone.tap("取消订单").confirm().see("已关闭")


def test_two_tabs(phone, things):
    """The same order sent from two tabs at once is one order."""
    wanted = an_order(provoke(phone), things)
    made = counted(things, wanted)
    other = phone.tab()
    checkout(other, things)
    first, second = hold(phone, wanted), hold(other, wanted)
    first.release()
    wanted.done(phone)
    second.release()
    other.at(member("pay")).see("正在确认支付结果")  # the first one began it
    assert made() == 1
