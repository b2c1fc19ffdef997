"""Cards on a phone: redeemed without a login, bound and redeemed, given away; addresses; leaving."""

import base64
import re

import pytest
from everything import PICTURE, shop_order

from harness import covers

RECEIVER = "收货人：李娜 手机：139 0000 1234 江苏省苏州市昆山市巴城镇示例路 1 号"


@pytest.fixture(scope="module")
def ecards(world):
    """``ecards(phone, count)``: numbers of e-cards that this member bought."""

    def make(env):
        package = env["product.product"].browse(world.package_id)
        values = {"name": "示例电子卡", "default_code": "P-ECARD", "list_price": 500, "crab_kind": "ecard"}
        values |= {"crab_rule": "fixed", "crab_choice_ids": [(6, 0, package.ids)], "crab_state": "on_sale"}
        product = env["product.template"].create(values).product_variant_id
        env["product.product"]._crab_adjust_stock({product: 100})
        return product.id

    product_id = world.run(make)

    def buy(phone, count):
        def order(env):
            member = env["crab.member"].search([("phone", "=", f"+86{phone}")])
            sold = shop_order(env, member, env["product.product"].browse(product_id), quantity=count)
            return env["crab.card"].search([("batch_id.name", "=", sold.name)], order="number").mapped("number")

        world.tokens(phone)
        return world.run(order)

    return buy


def redemptions(world, number):
    """``[(state, receiver, wished date)]`` of what this number was redeemed for."""

    def read(env):
        found = env["crab.redemption"].search([("card_id.number", "=", number)], order="id")
        return [(one.state, one.delivery_id.receiver_name, one.wish_date) for one in found]

    return world.run(read)


def state_of(world, number):
    return world.run(lambda env: env["crab.card"].search([("number", "=", number)]).state)


def enter_card(phone, number, password):
    phone.fill("卡号", number).fill("卡密", password).tap("下一步")


def fill_receiver(phone):
    phone.fill("粘贴整段地址自动识别", RECEIVER)
    phone.see("江苏省 苏州市 昆山市")


def choose_day(phone):
    """The second day on offer."""
    phone.page.locator("[role=radiogroup][aria-label='送达日期'] [role=radio]").nth(1).click()


@covers("MB-16", "redeem by number and password without registering", "wished date within capacity", via="api")
def test_redeemed_without_login(phone, world):
    number, password = world.card(1)
    phone.allow("ERR_CONNECTION_RESET")
    phone.open("pages/redeem/index")
    enter_card(phone, number, "wrong")
    phone.see("卡号或卡密错误")
    enter_card(phone, number.lower(), password)
    phone.see("送到哪里").tap("确认提货")
    phone.see("请填写收货人")
    fill_receiver(phone)
    assert "请填写" not in phone.text()
    choose_day(phone)
    phone.fill("手机号", "1390000123").tap("确认提货").see("手机号不对，请核对").fill("手机号", "13900001234")
    phone.see("送到 李娜")

    # it is done, and the answer is lost: whoever presses again gets the same redemption
    phone.net.lose("/redemptions/quick", method="POST")
    phone.tap("确认提货")
    told = phone.page.get_by_text("网络不给力").locator("visible=true").first
    told.wait_for()
    told.wait_for(state="hidden")  # sooner a second touch counts as the first
    assert len(redemptions(world, number)) == 1
    phone.tap("确认提货").see("提货成功").see("李娜")
    [(state, receiver, _day)] = redemptions(world, number)
    assert (state, receiver) == ("confirmed", "李娜")
    kept = phone.page.evaluate("JSON.stringify(localStorage)")
    assert password not in kept and "李娜" not in kept

    # a stranger follows the parcel with what it has: number and password
    def ship(env):
        delivery = env["crab.redemption"].search([("card_id.number", "=", number)]).delivery_id
        delivery._ship("顺丰速运", {delivery.id: "SF7777777777"})

    world.run(ship)
    phone.tap("再提一张")
    enter_card(phone, number, password)
    phone.see("这张卡已提货").see("SF7777777777")


def test_lost_answer_and_the_page_is_gone(phone, world):
    number, password = world.card(2)
    phone.allow("ERR_CONNECTION_RESET")
    phone.open("pages/redeem/index")
    enter_card(phone, number, password)
    phone.see("送到哪里")
    fill_receiver(phone)
    choose_day(phone)
    phone.net.lose("/redemptions/quick", method="POST")
    phone.tap("确认提货")
    phone.page.get_by_text("网络不给力").locator("visible=true").first.wait_for()
    phone.open("pages/redeem/index")
    phone.fill("卡密", password).tap("下一步").see("这张卡已提货")  # the number was kept
    assert len(redemptions(world, number)) == 1


@covers("MB-14", "right pair binds the card to the member", "state does not change", via="api")
@covers("MB-15", "list with state", via="api")
@covers("MB-16", "redeem from the list", "fixed package or choice", via="api")
@covers("MB-26", "address book", "default address", "province, city, district", via="api")
def test_bound_and_redeemed(phone, world):
    number, password = world.card(3)
    phone.enter_as("13655551001").open("packages/member/pages/addresses").see("还没有收货地址")
    phone.tap("新增地址").at("packages/member/pages/address")
    fill_receiver(phone)
    phone.tap("保存").at("packages/member/pages/addresses").see("默认")

    phone.open("packages/member/pages/card-bind")
    phone.fill("卡号", number).fill("卡密", password).tap("绑定到我的账户").at("packages/member/pages/card")
    assert state_of(world, number) == "active"
    phone.open("packages/member/pages/cards").see("已激活").tap_text(number)
    phone.at("packages/member/pages/card").tap("我要提货").at("packages/member/pages/card-redeem").see("巴城镇示例路")
    choose_day(phone)
    phone.tap("确认提货").at("packages/member/pages/redemption").see("提货成功")
    assert [state for state, *_more in redemptions(world, number)] == ["confirmed"]
    phone.tap("取消提货").confirm().see("已取消")
    assert state_of(world, number) == "active"


def test_an_address_typed_for_a_card_outlives_the_page(phone, ecards):
    [number] = ecards("13655551009", 1)
    phone.enter_as("13655551009").open("packages/member/pages/card-redeem", id=number).see("送到哪里")
    fill_receiver(phone)
    phone.open("packages/member/pages/card-redeem", id=number).see("巴城镇示例路")


@covers("MB-17", "give by link with a time limit", "revoke before claimed", "every move in the history", via="api")
def test_gift_between_two_phones(phone, other_phone, phones, ecards, world):
    kept, revoked = ecards("13655551002", 2)
    phone.enter_as("13655551002")

    def give(number):
        phone.open("packages/member/pages/card", id=number).tap("转赠给亲友").fill("祝福语", "中秋快乐")
        phone.tap("生成转赠链接").at("packages/member/pages/gift").see("未领取，卡自动退回")
        return world.run(lambda env: env["crab.card.gift"].search([("card_id.number", "=", number)]).token)

    token = give(kept)
    other_phone.enter_as("13655551003").open(search={"gift": token}).at("packages/member/pages/gift").see("中秋快乐")
    other_phone.tap("立即领取").see("已放入您的提货卡").tap("查看这张卡").at("packages/member/pages/card").see(kept)
    third = phones()
    third.enter_as("13655551004").open(search={"gift": token}).at("packages/member/pages/gift").see("去首页看看")
    assert not third.can_tap("立即领取").count()
    phone.open("packages/member/pages/gifts").see("已领取")

    token = give(revoked)
    third.open(search={"gift": token}).at("packages/member/pages/gift").see("立即领取")
    phone.tap("收回", exact=True).confirm().see("已撤销")
    third.tap("立即领取").see("去首页看看")  # it was open when the page was
    holders = world.run(
        lambda env: env["crab.card"].search([("number", "in", (kept, revoked))]).mapped("member_id.phone")
    )
    assert sorted(holders) == ["+8613655551002", "+8613655551003"]


@covers("MB-15", "list with state", via="api")
def test_a_card_that_is_given_away_says_so(phone, ecards, world):
    kept, given = ecards("13655551007", 2)
    world.api("13655551007").post(f"/cards/{given}/gifts", status=201, key=True, json={})
    phone.enter_as("13655551007").open("packages/member/pages/cards")
    rows = phone.page.locator(".item:visible")
    rows.filter(has_text=given).get_by_text("转赠中").wait_for()
    rows.filter(has_text=kept).get_by_text("已激活").wait_for()
    phone.tap("可用", exact=True)
    rows.filter(has_text=given).wait_for(state="detached")
    rows.filter(has_text=kept).wait_for()
    phone.tap("转赠中", exact=True)
    rows.filter(has_text=kept).wait_for(state="detached")
    phone.tap_text(given).at("packages/member/pages/card").see("电子卡 · 转赠中").see("此卡正在转赠中").see("发起转赠")


@covers("MB-27", "feedback with pictures", via="api")
def test_a_picture_is_waited_for_and_goes_with_what_it_is_about(phone):
    phone.enter_as("13655551008").open("packages/member/pages/feedback").fill("意见", "收到的蟹")
    held = phone.net.hold("/files")
    with phone.page.expect_file_chooser() as chooser:
        phone.tap("添加图片 0/9")
    chooser.value.set_files({"name": "crab.png", "mimeType": "image/png", "buffer": base64.b64decode(PICTURE)})
    phone.see("上传中").tap("提交", exact=True).see("还有图片没有传完")
    held.release()
    phone.page.locator(".app-upload__state:visible").wait_for(state="detached")
    phone.tap("提交", exact=True)
    phone.page.locator(".pictures__one:visible").wait_for()
    phone.page.locator("[aria-label='添加图片 0/9']:visible").wait_for()
    assert not phone.page.locator(".app-upload__picture:visible").count()


@covers("MB-20", "avatar, name, phone, level", via="api")
@covers("MB-27", "feedback with pictures", via="api")
def test_own_things(phone, world):
    phone.enter_as("13655551005").open("packages/member/pages/profile").see("13655551005")
    phone.fill("昵称", "蟹友").tap("保存").see("已保存")
    phone.open("packages/member/pages/feedback").fill("意见", "蟹很新鲜").tap("提交")
    phone.see("蟹很新鲜")
    phone.open("packages/member/pages/feedback").see("蟹很新鲜")
    name = world.run(lambda env: env["crab.member"].search([("phone", "=", "+8613655551005")]).name)
    assert name == "蟹友"


@covers("MB-31", "close account", via="api")
def test_account_closed(phone, ecards, world):
    ecards("13655551006", 1)
    phone.enter_as("13655551006").open("packages/member/pages/closing").see("未使用的提货卡")
    phone.tap("我已知晓并愿意放弃以上内容").tap("注销账户").confirm()
    phone.page.wait_for_url(re.compile(r"#/(pages/home/index)?$"))
    assert "access_token" not in phone.page.evaluate("JSON.stringify(localStorage)")
    state = world.run(
        lambda env: env["crab.member"].with_context(active_test=False).search([("phone", "=", "+8613655551006")]).state
    )
    assert state != "active"
