"""What rows ask of a page and no other flow goes through: for members, dealers among themselves, staff."""

import re

import pytest
from client import Api
from test_phone_shop import make_member, orders_of, pay, product, submit

from harness import covers

MEMBER, CHANNEL = "packages/member/pages", "packages/channel/pages"
STORE, DISTRIBUTOR, MERCHANT = "13900000001", "13900000003", "13900000004"  # A0001, B0001, C0001
STAFF = "13900000011"


def read(world, model, field, **known):
    """A field of the one record with these values."""
    domain = [(name.replace("__", "."), "=", value) for name, value in known.items()]
    return world.run(lambda env: env[model].search(domain).mapped(field))


def search(phone, words):
    phone.fill("姓名或手机号", words)
    phone.page.keyboard.press("Enter")
    return phone


def confirm_return(env, number):
    """The platform has the number back."""
    waiting = env["crab.card.order"].search([("number_search", "in", [number]), ("state", "=", "in_transit")])
    waiting.action_receive()


@covers("MB-20", "avatar, name, phone, level", via="api")
def test_points_say_what_the_next_levels_ask_for(phone):
    phone.enter_as("13655553001").open(f"{MEMBER}/points").see("升级银卡会员").see("9.8 折").see("消费满 ¥2,000.00")
    phone.see("升级金卡会员").see("已 ¥0.00")
    phone.enter_as("13800000003").open(f"{MEMBER}/points").see("金卡会员")
    assert "升级" not in phone.text(), "there is nothing above"


@covers("MB-16", "wished date within capacity", via="api")
@covers("MB-22", "four kinds of orders", via="api")
def test_a_redemption_goes_elsewhere_until_it_has_left(phone, world):
    number, password = world.card(4)
    [region] = set(read(world, "crab.region", "code", level="district", name="昆山市"))
    member = world.api("13655553002")
    to = {"receiver_name": "李娜", "receiver_phone": "13900001234", "region_code": region}
    first, _second = (
        member.post("/member/addresses", status=201, key=True, json={**to, "street": f"示例路 {place} 号"})
        for place in (1, 2)
    )
    member.post("/cards/bind", json={"number": number, "password": password})
    days = member.get(f"/cards/{number}/redemption-options")["delivery_dates"]
    wish = {"address_id": first["id"], "delivery_date": days[9]}
    made = member.post(f"/cards/{number}/redemptions", status=201, key=True, json=wish)

    def delivery():
        return read(world, "crab.redemption", "delivery_id.street", name=made["id"])

    phone.enter_as("13655553002").open(f"{MEMBER}/orders").tap("提货单").at(f"{MEMBER}/redemptions")
    phone.tap_text(number).at(f"{MEMBER}/redemption").see("示例路 1 号")
    phone.tap("更改收货地址").at(f"{MEMBER}/addresses").tap_text("示例路 2 号").at(f"{MEMBER}/redemption")
    phone.confirm(yes=False)
    assert delivery() == ["示例路 1 号"]
    phone.tap("更改收货地址").at(f"{MEMBER}/addresses").tap_text("示例路 2 号").at(f"{MEMBER}/redemption")
    phone.confirm()
    assert phone.told() == "已更改"
    assert delivery() == ["示例路 2 号"]
    phone.page.locator("[role=button][aria-label^='送达日期']:visible").click()
    other = phone.page.locator(".app-date__day.is-ok:not(.is-on):visible").first
    words = other.get_attribute("aria-label")
    other.click()
    phone.confirm().see(f"将于 {words} 送达")

    def ship(env):
        parcel = env["crab.redemption"].search([("name", "=", made["id"])]).delivery_id
        parcel._ship("顺丰速运", {parcel.id: "SF8888888888"})

    world.run(ship)
    phone.open(f"{MEMBER}/redemption", id=made["id"]).see("SF8888888888").see("示例路 2 号")
    assert not phone.can_tap("更改收货地址").count()


@covers("MB-12", "buy now without cart", "address and payment", "status query", via="api")
@covers("MB-33", "give back an unused own card", "platform confirms, number cancelled", via="api")
@covers("MB-33", "refund by the original route", via="api")
@covers("CH-15", "return to the platform from members", via="api")
def test_a_bought_card_is_given_back(phone, world, pay_page):
    member_id = make_member(world, "13655553003")
    phone.enter_as("13655553003").open(f"{MEMBER}/product", id=product(world, "示例提货卡 398型")).see("398")
    assert not phone.can_tap("加入购物车").count()
    phone.tap("立即购买").at(f"{MEMBER}/checkout").see("昆山市").see("398")
    submit(phone)
    pay(phone, world, pay_page)
    [(order_id, _state)] = orders_of(world, member_id)

    def send(env):
        sale = env["sale.order"].search([("public_id", "=", order_id)]).crab_card_order_ids
        free = [("holder_kind", "=", "platform"), ("transit_id", "=", False), ("state", "=", "inactive")]
        sold = [("product_id.default_code", "=", "CARD001"), ("company_id", "=", sale.company_id.id)]
        card = env["crab.card"].search([*sold, *free], limit=1)
        sale._link_cards(card.ids)
        sale.action_send()
        return card.number

    number = world.run(send)
    phone.open(f"{MEMBER}/order", id=order_id).tap("确认收货").confirm().see(number)
    phone.open(f"{MEMBER}/cards").tap_text(number).at(f"{MEMBER}/card")
    phone.tap("申请返还").confirm().at(f"{MEMBER}/card-returns").see(number).see("撤销返还")
    phone.open(f"{MEMBER}/cards").tap("返还中", exact=True).tap_text(number).at(f"{MEMBER}/card")
    phone.see("实体卡 · 返还中").see("此卡正在返还中").see("申请返还")
    world.run(lambda env: confirm_return(env, number))
    world.later()
    phone.open(f"{MEMBER}/card-returns").see("已完成")
    assert read(world, "crab.card", "state", number=number) == ["cancelled"]
    assert read(world, "sale.order", "crab_amount_refunded", public_id=order_id) == [398.0]
    phone.open(f"{MEMBER}/order", id=order_id).see("售后与退款")


@covers("MB-28", "about page", "agreements", via="api")
@covers("MB-30", "in-app list", via="api")
@covers("MB-31", "log out", via="api")
def test_told_informed_and_gone(phone, world, sandbox):
    reference = world.begin(world.order())
    sandbox.ctl("pay", out_trade_no=reference)
    world.check_now(reference)
    world.cron("crab.outbox", "_cron_dispatch")
    phone.enter_as("13711112222").open("pages/mine/index").tap("消息").at(f"{MEMBER}/messages")
    phone.tap_text("查看 ›").at(f"{MEMBER}/order").see("商品 W-PKG")
    phone.open(f"{MEMBER}/about").see("示例大闸蟹旗舰店").see("4008000000")
    phone.tap("协议与规则").at(f"{MEMBER}/agreements").tap("服务协议").at(f"{MEMBER}/agreement").see("活鲜商品签收后")
    kept = phone.page.evaluate("JSON.parse(localStorage.getItem('crab.tokens')).data")
    phone.open(f"{MEMBER}/settings").tap("退出登录").confirm().at("pages/mine/index").see("登录 / 注册")
    Api(world.server, tokens=kept).get("/member/me", status=401)


@covers("MB-21", "own invitation QR", "the chain stays with the inviter's dealer", via="api")
def test_a_friend_follows_the_invitation(phone, other_phone, world):
    phone.enter_as("13800000002").open(f"{MEMBER}/invitation").see("会**")
    phone.page.locator("[aria-label='邀请二维码'] img").wait_for(state="attached")
    code = world.api("13800000002").get("/member/invitation")["code"]
    other_phone.login("13655553005", invite=code).at("pages/home/index")
    found = {"phone": "+8613655553005"}
    assert read(world, "crab.member", "inviter_id.number", **found) == ["M000002"]
    assert read(world, "crab.member", "dealer_id.code", **found) == ["B0001"]
    phone.open(f"{MEMBER}/invitation")
    phone.page.locator(".pair:visible", has_text="加入").nth(1).wait_for()


def test_applied_without_an_invitation(phone, world):
    phone.enter_as("13655553006").open("pages/mine/index").tap("成为渠道商").at(f"{CHANNEL}/apply")
    phone.fill("公司或店铺名称", "观前街蟹行").fill("联系人", "周敏").fill("手机号", "13655553007")
    phone.choose("级别", "二级渠道商").choose("类型", "经销商")
    phone.choose("所在地区", "江苏省")
    for part in ("苏州市", "昆山市"):
        phone.page.locator(".app-sheet [role=button]:visible").filter(has_text=part).last.click()
    phone.page.locator("[role=checkbox]:visible").click()
    phone.tap("提交申请").see("申请已收到")

    def application(env):
        found = env["crab.dealer.application"].search([("phone", "=", "+8613655553007")])
        return found.level, found.dealer_type, found.state, found.parent_id.code, found.district_id.name

    assert world.run(application) == ("2", "distributor", "new", False, "昆山市")


def link_of(phone):
    """The invitation for members on the poster that is shown."""
    phone.can_tap("保存海报").wait_for()
    return re.search(r"invite=(\S+)", phone.text())[1]


@covers("CH-10", "search by name and phone", via="api")
@covers("CH-32", "dealer's own member-invitation link and QR", "each staff member's own link and QR", via="api")
@covers("CH-32", "who registers belongs to the dealer", via="api")
@covers("CH-32", "who registers by staff belongs to the staff member too", via="api")
@covers("CS-04", "only members invited directly", "search", via="api")
def test_members_come_by_the_poster(phone, other_phone, world):
    phone.enter_as(STORE, "dealer").open(f"{CHANNEL}/poster")
    of_store = link_of(phone)
    phone.open(f"{CHANNEL}/staff").tap("店员一").at(f"{CHANNEL}/staff-member")
    phone.tap("会员邀请码").at(f"{CHANNEL}/poster")
    of_staff = link_of(phone)
    for number, invite in (("13655553008", of_store), ("13655553009", of_staff)):
        other_phone.login(number, invite=invite).at("pages/home/index")
        other_phone.page.evaluate("localStorage.clear()")
        assert read(world, "crab.member", "dealer_id.code", phone=f"+86{number}") == ["A0001"]
    assert read(world, "crab.member", "staff_id.name", phone="+8613655553009") == ["店员一"]
    assert read(world, "crab.member", "staff_id.name", phone="+8613655553008") == []

    phone.open(f"{CHANNEL}/members").fill("姓名或手机号", "13655553008")
    phone.page.keyboard.press("Enter")
    phone.see("共 1 位会员").see("渠道邀请")
    other_phone.enter_as(STAFF, "staff").open(f"{CHANNEL}/members").see("共 1 位会员").fill(
        "姓名或手机号", "13655553008"
    )
    other_phone.page.keyboard.press("Enter")
    other_phone.see("共 0 位会员")


@covers("CH-01", "search by name and phone", via="api")
@covers("CH-02", "details and members introduced", "ratio and amount to settle", via="api")
@covers("CH-04", "own ratio per staff member", via="api")
def test_the_share_of_a_staff_member_changes(phone, world):
    phone.enter_as(STORE, "dealer").open(f"{CHANNEL}/staff").see("店员一")
    search(phone, "没有这个人").see("没有符合的员工")
    search(phone, STAFF).see("店员一").tap("店员一").at(f"{CHANNEL}/staff-member").see("待结算").see("会员")
    phone.tap("提成比例").fill("提成（%）", "25").tap("确定").see("10% → 25%")
    assert read(world, "crab.dealer.staff", "commission_ratio", name="店员一") == [0.25]


@pytest.fixture
def handed_down(world):
    """``handed_down(number)`` goes from the store by its level 2 to the level 3 below that."""

    def give(number):
        def transfer(env):
            card = env["crab.card"].search([("number", "=", number)])
            below = [env["crab.dealer"].search([("code", "=", code)]) for code in ("B0001", "C0001")]
            for receiver in below:
                sides = {"sender_dealer_id": card.dealer_id.id, "receiver_dealer_id": receiver.id}
                world.document(env, "transfer", card.ids, ("submit", "receive"), **sides)

        world.run(transfer)
        return number

    return give


def to_do(phone, person, sender):
    """The document of ``sender`` that waits for this dealer."""
    phone.enter_as(person, "dealer").open(f"{CHANNEL}/card-orders", role="to_do")
    return phone.tap(sender).at(f"{CHANNEL}/card-order")


@covers("CH-15", "return to level 2 from its level 3", "return to level 1 from level 2 and direct level 3", via="api")
@covers("CH-15", "return to the platform from level 1", "one step up, to the direct parent", via="api")
@covers("CH-15", "receiver confirms", via="api")
def test_a_number_goes_back_step_by_step(phone, other_phone, world, handed_down):
    number = handed_down("DEMO1000045")

    def holder():
        return read(world, "crab.card", "dealer_id.code", number=number)

    def give_back(giver, parent):
        phone.enter_as(giver, "dealer").open(f"{CHANNEL}/card-order-new", kind="return", number=number).see(parent)
        phone.tap("核对卡号与金额").see("1 张").tap("提交返还").at(f"{CHANNEL}/card-order").see("在途")

    give_back(MERCHANT, "示例经销商")
    to_do(other_phone, DISTRIBUTOR, "C0001 示例小商户").tap("全部收到").confirm().see("已完成")
    assert holder() == ["B0001"]
    give_back(DISTRIBUTOR, "示例专卖店")
    to_do(other_phone, STORE, "B0001 示例经销商").tap("拒绝").fill("原因", "先核对").tap("确定").see("已拒绝")
    assert holder() == ["B0001"]
    give_back(DISTRIBUTOR, "示例专卖店")
    to_do(other_phone, STORE, "B0001 示例经销商").tap("全部收到").confirm().see("已完成")
    assert holder() == ["A0001"]
    give_back(STORE, "平台")
    world.run(lambda env: confirm_return(env, number))
    assert read(world, "crab.card", "holder_kind", number=number) == ["platform"]


@covers("CH-14", "requests of level 3 under a level 2", "stored value first, then credit", via="api")
def test_a_request_climbs_to_who_pays(phone, other_phone, world, handed_down):
    number = handed_down("DEMO1000044")

    def stored():
        [balance] = read(world, "crab.wallet", "balance", dealer_id__code="A0001", kind="stored")
        return round(balance * 100)

    before = stored()
    phone.enter_as(MERCHANT, "dealer").open(f"{CHANNEL}/card-order-new", kind="activation", number=number)
    phone.tap("核对卡号与金额").see("¥318.40").tap("提交激活申请").at(f"{CHANNEL}/card-order").see("已提交")
    to_do(other_phone, DISTRIBUTOR, "C0001 示例小商户").tap("转交上级").confirm().see("示例专卖店")
    to_do(other_phone, STORE, "C0001 示例小商户").tap("确认激活").confirm().see("已完成")
    assert read(world, "crab.card", "state", number=number) == ["active"]
    assert before - stored() == 23880, "the price of level 1, whoever sold it"


@covers("CH-06", "level 3 rights", via="api")
@covers("CH-11", "level 1 only", via="api")
@covers("CH-12", "movements", "debt", "remaining credit", via="api")
@covers("CH-29", "平台充值", "卡激活消耗", "filter by kind", via="api")
@covers("CH-30", "平台充值额度", "debt settlement records", via="api")
def test_the_books_of_a_level_1(phone, world):
    phone.enter_as(STORE, "dealer").open(f"{CHANNEL}/workbench").tap("储值与额度", exact=True).at(f"{CHANNEL}/wallet")
    phone.see("总额度").see("¥5,000.00").see("未结算欠款")
    rows = phone.page.locator(".entry:visible")
    rows.filter(has_text="卡激活消耗").first.wait_for()
    phone.choose("类型", "平台充值")
    rows.filter(has_text="卡激活消耗").first.wait_for(state="detached")
    rows.filter(has_text="平台充值").first.wait_for()
    phone.tap("额度明细")
    rows.filter(has_text="¥5,000.00").first.wait_for()
    phone.tap("还款").see("没有记录")
    phone.enter_as(MERCHANT, "dealer").open(f"{CHANNEL}/workbench").see("归属上级")
    assert not phone.can_tap("储值与额度").count()
    world.api(MERCHANT, "dealer").get("/dealer/wallets", status=403)


@covers("CS-05", "total, to settle, settled", "not yet credited", via="api")
@covers("CS-11", "log in by SMS code or password", "change password and log out", via="api")
def test_staff_set_a_password_and_come_back_by_it(phone, world):
    phone.enter_as(STAFF, "staff").open(f"{CHANNEL}/workbench").see("示例专卖店")
    phone.tap("收益明细").at(f"{CHANNEL}/staff-account").see("累计收益").see("未入账").see("没有记录")
    phone.open(f"{CHANNEL}/settings").tap("修改密码").at("pages/login/password").fill("手机号", STAFF).tap("获取验证码")
    phone.see("秒后重发").fill("验证码", world.code(STAFF)).fill("新密码", "nine crabs and 1 pot")
    phone.tap("更改密码并登录").at("pages/mine/index").see("进入工作台")
    phone.open(f"{CHANNEL}/settings").tap("退出登录").confirm().at("pages/home/index")
    phone.open("pages/login/index").tap("密码登录").fill("手机号", STAFF).fill("密码", "nine crabs and 1 pot")
    phone.tap("同意用户协议").tap("登录", exact=True).at("pages/mine/index").see("进入工作台")
