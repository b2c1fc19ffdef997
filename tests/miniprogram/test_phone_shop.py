"""The shop on a phone: from the catalogue to the review, after-sales, and what a bad network does to an order."""

import re

import pytest

import crabenv
from harness import covers

BUYER, CAREFUL, UNLUCKY, GIVER = "13655551001", "13655551002", "13655551003", "13655551004"
FAMILY, SMALL = "家宴套餐 公4.5两 母3.5两 4对装", "尝鲜装 公2.5两 母2.0两 3对装"
ECARD = "电子提货卡 398型"
PAGES = "packages/member/pages"


def make_member(world, number):
    """A member with an address; the id."""
    world.tokens(number)

    def make(env):
        from odoo.addons.crab_base.tools.subject import Subject

        member = env["crab.member"].search([("phone", "=", f"+86{number}")])
        district = env["crab.region"].search([("level", "=", "district"), ("name", "=", "昆山市")], limit=1)
        city = district.parent_id
        receiver = {"receiver_name": "王芳", "receiver_phone": number, "street": "示例路 8 号", "is_default": True}
        region = {"province_id": city.parent_id.id, "city_id": city.id, "district_id": district.id}
        env["crab.member.address"]._add(Subject("member", member.id), {**receiver, **region})
        return member.id

    return world.run(make)


def orders_of(world, member_id):
    """``[(public id, state)]``, the newest first."""

    def read(env):
        found = env["sale.order"].search([("crab_member_id", "=", member_id)], order="id desc")
        return [(order.public_id, order.crab_state) for order in found]

    return world.run(read)


def product(world, name):
    return world.run(lambda env: env["product.template"].search([("name", "=", name)], limit=1).public_id)


def ship(world, public_id):
    def send(env):
        order = env["sale.order"].search([("public_id", "=", public_id)])
        delivery = env["crab.delivery"].search([("order_id", "=", order.id)])
        delivery._ship("顺丰速运", {delivery.id: f"SF{delivery.id:010}"})
        return delivery.tracking_reference

    tracking = world.run(send)
    world.cron("crab.outbox", "_cron_dispatch")
    return tracking


def pay(phone, world, pay_page):
    """Pay on the page of WeChat Pay, which sends the payer back to the shop."""
    phone.allow("favicon.ico").allow_host(pay_page)
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    phone.page.click("button.pay")
    phone.at(f"{PAGES}/pay").see("¥")

    def is_told(env):
        return env["payment.transaction"].search([], order="id desc", limit=1).state == "done"

    crabenv.wait_until(lambda: world.run(is_told), 30, "WeChat Pay tells the shop, which may come after the payer")
    world.later()
    phone.see("支付成功")


def submit(phone):
    agreements = phone.page.locator("[role=checkbox][aria-label='我已阅读并同意']:visible")
    if agreements.count() and agreements.get_attribute("aria-checked") != "true":
        agreements.click()
    phone.tap("提交订单")


@covers("MB-06", "banner opens its target", via="api")
@covers("MB-07", "keyword search", "sort by sales and price", via="api")
@covers("MB-25", "favourites", via="api")
def test_looked_around(phone, world):
    phone.open().see("有卡提蟹")
    phone.page.locator("[aria-label='蒸蟹的火候']").dispatch_event("click")  # it comes by itself, some time
    phone.at(f"{PAGES}/article").see("水开后腹部朝上")
    phone.open("pages/catalogue/index").see("尝鲜")
    phone.tap("尝鲜", exact=True).see(SMALL)
    phone.tap("价格").see("价格 ↑")
    names = phone.page.locator(".product:visible [role=link]")
    names.first.wait_for()
    assert names.all_inner_texts()[0] == SMALL
    phone.tap("全部", exact=True)
    phone.page.locator("input[aria-label='搜索商品名称']:visible").fill("公4.5两")
    phone.page.keyboard.press("Enter")
    phone.see(FAMILY)
    phone.page.locator(f".cell:visible >> text={SMALL}").wait_for(state="detached")

    # what is among the cards is found from among the packages; what is nowhere leads back to all
    search = phone.page.locator("input[aria-label='搜索商品名称']:visible")
    search.fill("电子提货卡")
    phone.page.keyboard.press("Enter")
    phone.see("在“电子卡”中找到").see(ECARD)
    search.fill("龙虾")
    phone.page.keyboard.press("Enter")
    phone.see("没有找到“龙虾”").tap("看全部商品").see(ECARD).tap("现货套餐").see(FAMILY)

    # a stranger reads all of it, and is asked who they are when they buy
    phone.tap(FAMILY).at(f"{PAGES}/product").see("全国统一零售价").see("从湖区到餐桌")
    phone.tap("立即购买").at("pages/login/index")

    make_member(world, CAREFUL)
    phone.enter_as(CAREFUL).open(f"{PAGES}/product", id=product(world, FAMILY)).see("798")
    phone.tap("收藏", exact=True).see("已收藏")
    phone.open(f"{PAGES}/favourites").see(FAMILY)
    phone.tap(f"取消收藏 {FAMILY}").see("还没有收藏商品")


@covers("MB-08", "buy now and add to cart", via="api")
@covers("MB-09", "add, change, remove", "survives logout", via="api")
@covers("MB-10", "choose, add, default address", via="api")
@covers("MB-18", "review each product of a completed order", "only once", via="api")
@covers("MB-19", "own reviews", via="api")
@covers("MB-22", "states", "list and detail", via="api")
@covers("MB-23", "pay and cancel unpaid", "track parcels", "confirm receipt", via="api")
def test_from_the_cart_to_the_review(phone, world, pay_page):
    member_id = make_member(world, BUYER)
    phone.enter_as(BUYER).open("pages/catalogue/index").see(SMALL)
    phone.tap(f"加入购物车：{FAMILY}")
    phone.see("已加入购物车")
    phone.page.locator("[aria-label='购物车，1 件']").wait_for()
    phone.tap(f"加入购物车：{SMALL}")
    phone.page.locator("[aria-label='购物车，2 件']").wait_for()

    phone.enter_as(BUYER).open(f"{PAGES}/cart").see(FAMILY)  # from another phone
    line = phone.page.locator(".line:visible", has_text=FAMILY)
    line.locator("[aria-label=增加]").click()
    line.locator("[aria-label=增加]").click()
    phone.see("2,662.00")
    phone.tap(f"移出 {SMALL}").confirm()
    phone.see("2,394.00").tap("结算").at(f"{PAGES}/checkout").see("昆山市").see("2,394.00")
    phone.page.locator("[role=radio]:visible").nth(2).click()
    phone.fill("备注", "放门口").page.reload()
    phone.settle().see("2,394.00").shot("shop-checkout")
    assert phone.page.locator("[role=radio]:visible").nth(2).get_attribute("aria-checked") == "true"
    submit(phone)
    pay(phone, world, pay_page)
    [(order_id, state)] = orders_of(world, member_id)
    assert state == "to_ship"
    phone.open(f"{PAGES}/cart").see("购物车还是空的")
    assert "放门口" not in phone.page.evaluate("JSON.stringify(localStorage)")

    tracking = ship(world, order_id)
    phone.open(f"{PAGES}/orders", state="to_receive").see(FAMILY)
    phone.tap(FAMILY)
    phone.at(f"{PAGES}/order").see(tracking).see("放门口").shot("shop-order")
    phone.tap("确认收货").confirm().see("待评价")
    phone.tap("评价", exact=True).at(f"{PAGES}/review-write").see(FAMILY)
    phone.tap("4 星").fill("评价", "蟹很肥")
    phone.tap("发布评价").at(f"{PAGES}/reviews").see("蟹很肥")
    phone.open(f"{PAGES}/review-write", id=order_id).see("没有待评价的商品")
    phone.open(f"{PAGES}/product", id=product(world, FAMILY)).see("蟹很肥")
    world.assert_books()


def test_back_closes_the_sheet_that_is_open(phone, world):
    make_member(world, CAREFUL)
    phone.enter_as(CAREFUL).open(f"{PAGES}/product", id=product(world, FAMILY)).tap("立即购买").at(
        f"{PAGES}/checkout"
    ).see("昆山市")
    choices = phone.page.locator(".app-sheet [role=radio]:visible")

    def choose():
        phone.page.locator(".card[role=button]:visible").first.click()
        choices.first.wait_for()

    choose()
    phone.page.go_back()
    choices.first.wait_for(state="hidden")
    phone.at(f"{PAGES}/checkout")
    choose()
    choices.first.click()
    choices.first.wait_for(state="hidden")
    phone.page.go_back()
    phone.at(f"{PAGES}/product")

    # what takes the place of a page takes that of its sheets as well
    phone.tap("立即购买").at(f"{PAGES}/checkout").see("昆山市")
    choose()
    choices.first.click()
    choices.first.wait_for(state="hidden")
    refusal = {"code": "conflict", "detail": "", "fields": {}}
    phone.page.route(re.compile("/api/v1/orders$"), lambda route: route.fulfill(status=409, json=refusal))
    submit(phone)
    phone.confirm().at(f"{PAGES}/orders").page.go_back()
    phone.at(f"{PAGES}/product")


@covers("MB-13", "browse and buy e-cards", "numbers appear at once, active", via="api")
@covers("MB-23", "pay and cancel unpaid", via="api")
def test_e_card(phone, world, pay_page):
    member_id = make_member(world, GIVER)
    phone.enter_as(GIVER).open(f"{PAGES}/product", id=product(world, ECARD)).see("可提")
    phone.tap("立即购买").at(f"{PAGES}/checkout").see("398")
    submit(phone)
    phone.allow("favicon.ico").allow_host(pay_page)
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    phone.page.click("text=取消")
    phone.at(f"{PAGES}/pay").see("待支付").tap("微信支付")
    pay(phone, world, pay_page)
    [(order_id, _state)] = orders_of(world, member_id)
    phone.open(f"{PAGES}/order", id=order_id).see("卡号（1）").see("已激活")

    phone.open(f"{PAGES}/product", id=product(world, ECARD)).tap("立即购买").at(f"{PAGES}/checkout").see("398")
    submit(phone)
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    phone.open(f"{PAGES}/orders", state="to_pay").see(ECARD)
    phone.tap("取消订单").confirm()
    phone.see("已关闭")
    assert [state for _order, state in orders_of(world, member_id)][0] == "closed"


@covers("MB-13", "audit first when switched on", via="api")
def test_an_e_card_that_waits_for_its_audit(phone, world, pay_page):
    member_id = make_member(world, GIVER)

    def audit(is_on):
        world.run(lambda env: env["ir.config_parameter"].set_param("crab_shop.ecard_audit", str(is_on)) and None)

    audit(True)
    try:
        phone.enter_as(GIVER).open(f"{PAGES}/checkout", product=product(world, ECARD)).see("398")
        submit(phone)
        pay(phone, world, pay_page)
    finally:
        audit(False)
    [(order_id, state), *_before] = orders_of(world, member_id)
    assert state == "to_audit"
    phone.open(f"{PAGES}/pay", id=order_id).see("商家审核后")
    assert not phone.can_tap("去提货或转赠").count()
    world.run(lambda env: env["sale.order"].search([("public_id", "=", order_id)])._crab_refuse_ecards("不符") and None)
    world.later()
    phone.open(f"{PAGES}/pay", id=order_id).see("订单已关闭").see("不符")
    assert "支付成功" not in phone.text()


@pytest.fixture
def shipped(world, sandbox):
    """A shipped order of two, of a member of its own; ``(public id, phone)``."""
    member_id = make_member(world, CAREFUL)

    def place(env):
        package = env["product.product"].search([("name", "=", SMALL)])
        from shop_world import ADDRESS

        order = env["crab.shop"]._place(env["crab.member"].browse(member_id), [(package, 2, 0)], address=ADDRESS)
        return order.id, order.public_id

    order_id, public_id = world.run(place)
    reference = world.begin(order_id)
    sandbox.ctl("pay", out_trade_no=reference)
    sandbox.ctl("notify", out_trade_no=reference)
    world.later()
    ship(world, public_id)
    return public_id


@covers("MB-24", "ask with reason and pictures", "follow and cancel the request", via="api")
def test_after_sales(phone, world, shipped, tmp_path):
    from PIL import Image

    picture = tmp_path / "crab.png"
    Image.new("RGB", (60, 60), "#b4472b").save(picture)
    phone.enter_as(CAREFUL).open(f"{PAGES}/order", id=shipped).tap("申请售后").at(f"{PAGES}/after-sale-ask").see(SMALL)
    phone.tap("提交申请")
    phone.see("请选择原因")
    phone.choose("原因", "死蟹或质量问题").fill("说明", "死了一只")
    with phone.page.expect_file_chooser() as chooser:
        phone.tap("添加售后图片 0/9")
    chooser.value.set_files(str(picture))
    phone.see("1/9")
    phone.page.locator(".app-upload__state:visible").wait_for(state="detached")
    phone.tap("减少").tap("提交申请").at(f"{PAGES}/after-sale").see("待商家处理").see("死了一只").see("268")
    phone.tap("撤销申请").confirm().see("已撤销")

    phone.open(f"{PAGES}/after-sale-ask", id=shipped).tap("退货退款").choose("原因", "发错货").tap("提交申请")
    phone.at(f"{PAGES}/after-sale").see("寄回商品")
    world.run(lambda env: env["crab.aftersale"].search([("state", "=", "to_merchant")])._approve() and None)
    phone.open(f"{PAGES}/after-sales").see("请寄回商品并填写运单号").tap("请寄回商品并填写运单号")
    phone.at(f"{PAGES}/after-sale").tap("填写运单号").fill("快递公司", "顺丰速运").fill("运单号", "SF555")
    phone.tap("提交", exact=True).see("SF555").shot("shop-aftersale")


def test_one_order_whatever_the_network_does(phone, world, pay_page):
    member_id = make_member(world, UNLUCKY)
    phone.allow("favicon.ico", "ERR_CONNECTION_RESET", "status of 500").allow_host(pay_page)
    bought = {"product": product(world, FAMILY), "quantity": 1}

    # the order is placed, the answer is lost; the member taps again
    phone.enter_as(UNLUCKY).open(f"{PAGES}/checkout", **bought).see("798")
    phone.net.lose("/orders", method="POST")
    submit(phone)
    phone.see("网络不给力")
    assert len(orders_of(world, member_id)) == 1
    submit(phone)
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    assert len(orders_of(world, member_id)) == 1

    # the answer is slow: whoever taps again and again has ordered once
    phone.open(f"{PAGES}/checkout", **bought).see("798")
    held = phone.net.hold("/orders", method="POST")
    submit(phone)
    phone.page.wait_for_function("() => document.querySelector('.app-button__wheel')")
    for _tap in range(3):
        phone.can_tap("提交订单").click(force=True)
    assert len(held.routes) == 1
    held.release()
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    assert len(orders_of(world, member_id)) == 2

    # the server fails, and is asked again
    phone.open(f"{PAGES}/checkout", **bought).see("798")
    phone.net.fail("/orders", method="POST")
    submit(phone)
    phone.see("服务繁忙，请稍后重试")
    phone.page.get_by_text("服务繁忙，请稍后重试").wait_for(state="hidden")  # taps within a moment are one
    submit(phone)
    phone.page.wait_for_url(re.compile(re.escape(pay_page)))
    assert len(orders_of(world, member_id)) == 3
