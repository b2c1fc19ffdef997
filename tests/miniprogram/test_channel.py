"""Dealers and their staff at work: cards between two phones, money, network, staff."""

import re

import pytest
from playwright.sync_api import expect

from harness import covers

STORE, DISTRIBUTOR = "13900000001", "13900000003"
ORDERS = "/dealer/card-orders"


def page(name):
    return f"packages/channel/pages/{name}"


def documents(world, kind, *numbers):
    """States of the documents of this kind that hold these numbers."""

    def read(env):
        orders = env["crab.card.order"].search([("kind", "=", kind), ("number_search", "in", list(numbers))])
        return orders.sorted("id").mapped("state")

    return world.run(read)


def holder(world, number):
    return world.run(lambda env: env["crab.card"].search([("number", "=", number)]).dealer_id.code)


def choose_range(phone, first, last):
    count = int(last[-6:]) - int(first[-6:]) + 1
    phone.fill("起始卡号", first).fill("结束卡号", last).see(f"共 {count} 张")  # added to the box or not
    return phone.tap("核对卡号与金额")


@covers("CH-13", "choose a lower dealer", "choose numbers and ranges", "create the order", via="api")
@covers("CH-13", "receiver's library in order of receipt", via="api")
@covers("CH-16", "number, card name, state, holder", via="api")
def test_a_transfer_between_two_phones(phone, other_phone, world):
    phone.enter_as(STORE, "dealer").open(page("workbench"))
    phone.tap("流转").at(page("card-order-new"))
    phone.tap("接收渠道商").tap("示例经销商")
    choose_range(phone, "DEMO1000031", "DEMO1000033").see("3 张").see("¥835.80")

    # done, but the answer is lost: the second tap finds what the first one did
    phone.allow("ERR_CONNECTION_RESET").net.lose(ORDERS, method="POST")
    phone.tap("发出", exact=True)
    assert "网络" in phone.told()
    assert documents(world, "transfer", "DEMO1000031") == ["draft"]
    phone.tap("发出", exact=True).at(page("card-order")).see("在途")
    assert documents(world, "transfer", "DEMO1000031") == ["in_transit"]

    other_phone.enter_as(DISTRIBUTOR, "dealer").open(page("workbench"))
    other_phone.tap("待我处理的卡单据").at(page("card-orders"))
    other_phone.tap("A0001 示例专卖店").at(page("card-order"))
    other_phone.tap("部分收货").see("共 3 张")  # what is on the way stands there
    other_phone.fill("已选卡号", "DEMO1000031").tap("确认收到").see("部分收货")
    other_phone.see("已收到").tap("逐个查看").at(page("card-numbers")).see("DEMO1000031")
    other_phone.tap("已占用", exact=True).see("DEMO1000032").see("DEMO1000033")
    other_phone.page.locator("text=DEMO1000031 >> visible=true").wait_for(state="detached")
    other_phone.page.go_back()
    other_phone.at(page("card-order"))
    assert [holder(world, f"DEMO100003{n}") for n in (1, 2)] == ["B0001", "A0001"]
    other_phone.tap("全部收到").confirm().see("已完成")
    assert [holder(world, f"DEMO100003{n}") for n in (1, 2, 3)] == ["B0001"] * 3
    other_phone.open(page("cards")).tap_text("最近收到")
    other_phone.tap("DEMO1000033").at(page("card")).see("我的卡库").see("A0001 示例专卖店")


def test_what_does_not_fit_is_left_out(phone, world):
    """The first eight are active, the next two a member's: said before anything is sent."""
    phone.enter_as(STORE, "dealer")
    kept = '{"type": "object", "data": {"staff": "who left meanwhile"}}'
    phone.page.evaluate("kept => localStorage.setItem('crab.draft.channel-activation', kept)", kept)
    phone.open(page("card-order-new"), kind="activation")
    phone.fill("起始卡号", "DEMO1000012").fill("结束卡号", "DEMO1000007").see("起始卡号要小于结束卡号")
    assert phone.can_tap("核对卡号与金额").get_attribute("aria-disabled") == "true"
    choose_range(phone, "DEMO1000007", "DEMO1000012").see("2 个卡号不能用")
    phone.tap("去掉这些卡号").see("2 张不在您手中").see("¥477.60").see("扣储值")
    phone.can_tap("确认激活", exact=True).wait_for()
    box = phone.page.locator("textarea[aria-label='已选卡号']")
    expect(box).to_have_value("DEMO1000009-DEMO1000012")
    assert documents(world, "activation", "DEMO1000011") == []


@covers("CH-14", "own activation orders", "stored value first, then credit", via="api")
@covers("CH-14", "too little of both: nothing activated", via="api")
@covers("CH-11", "balance", "movements", via="api")
def test_an_activation_waits_for_funds(phone, world):
    world.issued(2, "CHN")
    number = world.run(lambda env: env["crab.dealer"].browse(world.top_id).phone)
    phone.enter_as(number, "dealer").open(page("card-order-new"), kind="activation")
    choose_range(phone, "CHN000001", "CHN000002").see("还差 ¥1,200.00，不能激活").see("联系平台充值")
    assert phone.can_tap("确认激活").get_attribute("aria-disabled") == "true"
    assert documents(world, "activation", "CHN000001") == []

    # what was typed is still there when the money has come
    world.fund(stored=1000, credit=500)
    phone.open(page("card-order-new"), kind="activation")
    phone.tap("核对卡号与金额").see("扣储值").see("¥1,000.00").see("¥200.00")
    phone.tap("确认激活").at(page("card-order")).see("已完成")
    assert world.money() == (0, 200)
    assert documents(world, "activation", "CHN000001") == ["done"]
    phone.open(page("wallet")).see("卡激活消耗").see("-¥1,000.00")
    phone.tap("额度明细").see("-¥200.00")
    phone.tap("欠款", exact=True).see("未结 ¥200.00").tap("未结清").see("未结 ¥200.00")


def test_a_card_is_seen_as_it_is_now(phone, world):
    """Typed twice it counts once; what became of it shows wherever one comes back to."""
    world.issued(1, "NOW")
    number = "NOW000001"
    world.fund(stored=1000)
    top = world.run(lambda env: env["crab.dealer"].browse(world.top_id).phone)
    phone.enter_as(top, "dealer").open(page("cards"))
    phone.tap(number).at(page("card")).tap("激活", exact=True).at(page("card-order-new"))
    phone.fill("已选卡号", f"{number}\n{number.lower()} {number}-{number}").see("共 1 张")
    phone.tap("核对卡号与金额").see("扣储值")
    assert "不在您手中" not in phone.text()
    phone.tap("确认激活").at(page("card-order")).see("已完成")
    phone.page.go_back()
    phone.at(page("card")).see("已激活")
    assert not phone.page.locator("uni-button:visible, [role=button]:visible").filter(has_text="流转").count()
    phone.page.go_back()
    phone.at(page("cards"))
    expect(phone.can_tap(number)).to_contain_text("已激活")
    phone.tap("在途", exact=True).see("没有符合的卡号")


def test_a_return_says_with_whom_it_lies(phone, world):
    phone.enter_as(STORE, "dealer").open(page("card-order-new"), kind="return", number="DEMO1000045")
    phone.tap("核对卡号与金额").tap("提交返还", exact=True).at(page("card-order")).see("等待 平台 处理")
    phone.tap("撤销", exact=True).confirm().see("已关闭")
    assert "处理" not in phone.text()


def test_documents_by_whom_they_are_for(phone, world):
    phone.enter_as(STORE, "dealer").open(page("card-orders"))
    phone.tap("激活", exact=True).tap("一级自建", exact=True).see("激活 · 一级自建")
    with phone.sends(ORDERS, "GET") as sent:
        phone.tap("下属二级", exact=True)
    assert "scope=level2" in sent.value.url and "kind=activation" in sent.value.url
    with phone.sends(ORDERS, "GET") as sent:
        phone.tap("返还", exact=True)
    assert "scope" not in sent.value.url
    phone.see("三级返还二级")


@covers("CH-14", "requests of level 2", via="api")
def test_a_request_from_below_is_refused(phone, other_phone, world):
    def give(env):
        cards = env["crab.card"].search([("number", "=", "DEMO1000040")])
        below = env["crab.dealer"].search([("code", "=", "B0001")])
        sides = {"sender_dealer_id": cards.dealer_id.id, "receiver_dealer_id": below.id}
        world.document(env, "transfer", cards.ids, ("submit", "receive"), **sides)

    world.run(give)
    other_phone.enter_as(DISTRIBUTOR, "dealer").open(page("card-order-new"), kind="activation", number="DEMO1000040")
    other_phone.tap("核对卡号与金额").see("¥278.60")
    other_phone.tap("提交激活申请").at(page("card-order")).see("已提交")
    phone.enter_as(STORE, "dealer").open(page("card-orders"), role="to_do")
    phone.tap("B0001 示例经销商").at(page("card-order")).see("¥238.80")
    phone.tap("拒绝").fill("原因", "先收款").tap("确定").see("已拒绝")
    other_phone.open(page("card-orders"), kind="activation")
    other_phone.tap("B0001 示例经销商").at(page("card-order")).see("先收款")


@covers("CH-07", "shows the upstream dealer", via="api")
@covers("CH-08", "level 1 sees level 2 and all level 3 below", "level 3 sees none", via="api")
@covers("CH-09", "invitation carries a level lower than own", "QR picture and link", via="api")
@covers("CH-34", "direct children only", via="api")
def test_the_network_grows_by_an_invitation(phone, other_phone, world):
    phone.enter_as(STORE, "dealer").open(page("network")).see("示例经销商")
    phone.tap("展开 1 个三级").see("示例小商户").see("属 示例经销商")
    phone.tap("联系人三").at(page("dealer")).see("7 折")
    phone.tap("调整折扣").fill("新折扣（折）", "5").fill("原因", "季初").see("须高于 6 折")
    phone.page.locator(".form-row__error:visible").wait_for()
    assert phone.can_tap("确定").get_attribute("aria-disabled") == "true"
    phone.fill("新折扣（折）", "7.2").tap("确定").see("7 折 → 7.2 折")
    phone.page.go_back()
    phone.at(page("network")).see("7.2 折")

    phone.open(page("network")).tap("邀请下级渠道商").at(page("invite"))
    phone.tap("新建邀请").choose("对方级别", "二级渠道商").fill("对方折扣（折）", "7.5").tap("生成邀请")
    phone.at(page("poster")).can_tap("保存海报").wait_for()
    link = re.search(r"dealer_invite=(\w+)", phone.text())
    phone.page.locator("uni-image.poster img").wait_for(state="attached")

    other_phone.enter_as("13655560009").open(search={"dealer_invite": link[1]}).at(page("apply"))
    other_phone.see("示例专卖店 邀请您成为二级渠道商，拿货 7.5 折")
    other_phone.fill("公司或店铺名称", "平江路蟹行").fill("联系人", "周敏").fill("手机号", "13655560008")
    if other_phone.page.locator("[role=checkbox]:visible").count():
        other_phone.page.locator("[role=checkbox]:visible").click()
    other_phone.tap("提交申请").see("申请已收到")

    def application(env):
        found = env["crab.dealer.application"].search([("phone", "=", "+8613655560008")])
        return found.level, found.state, found.parent_id.code

    assert world.run(application) == ("2", "new", "A0001")
    other_phone.open(page("apply"), invite=link[1]).see("已用完")  # before anything is written
    assert other_phone.can_tap("提交申请").get_attribute("aria-disabled") == "true"
    other_phone.fill("邀请码", "").see("级别")

    small = world.run(lambda env: env["crab.dealer"].search([("code", "=", "C0001")]).phone)
    other_phone.enter_as(small, "dealer").open(page("workbench"))
    other_phone.tap("归属上级").at(page("network")).see("示例经销商")
    assert "示例专卖店" not in other_phone.text()


@pytest.fixture
def sold(world, module_registry):
    """``sold(staff)``: a member of this staff member paid 1000, and it was credited."""

    def sell(staff_name):
        def member(env):
            staff = env["crab.dealer.staff"].search([("name", "=", staff_name)])
            values = {"name": "陆晴", "phone": "13655560005", "dealer_id": staff.dealer_id.id, "staff_id": staff.id}
            return env["crab.member"].create(values).id

        world.member_id = world.run(member)
        order_id = world.order()
        reference = world.begin(order_id)
        world.sandbox.ctl("pay", out_trade_no=reference)
        world.check_now(reference)
        world.run(lambda env: env["crab.earning"]._credit_orders(env["sale.order"].browse(order_id)) and None)

    return sell


@covers("CH-01", "own staff with total", via="api")
@covers("CH-03", "add a staff login", "delete archives and keeps history", via="api")
@covers("CH-05", "marked settled by hand", "record of each marking", via="api")
@covers("CH-17", "total, withdrawable, withdrawn", via="api")
@covers("CH-18", "withdraw to a bank card", "rejection returns the money", via="api")
@covers("CH-19", "each earning with its order", via="api")
@covers("CS-01", "login granted by the dealer", "revoked at once", via="api")
@covers("CS-02", "count and records of settlements", via="api")
@covers("CS-03", "shows the dealer", via="api")
@covers("CS-04", "only members invited directly", via="api")
@covers("CS-06", "online distribution", via="api")
def test_staff_earns_and_sees_only_its_own(phone, other_phone, world, sold):
    phone.enter_as(STORE, "dealer").open(page("staff"))
    phone.tap("添加员工").fill("姓名", "李静").fill("手机号", "13655560001").fill("提成（%）", "30").tap(
        "添加", exact=True
    )
    phone.see("李静").see("提成 30%").see("共 2 人")
    sold("李静")

    # 1000 paid, own price 600: 400 for the store, 30 % of it for who invited
    other_phone.enter_as("13655560001", "staff").open(page("workbench")).see("示例专卖店").see("¥120.00")
    other_phone.tap("我的会员").at(page("members")).see("陆晴").see("共 1 位会员")
    assert "会员一" not in other_phone.text()
    other_phone.open(page("earnings")).see("请切换到其他身份")
    other_phone.open(page("cards")).see("请切换到其他身份")

    phone.open(page("earnings")).see("近 7 日收益").see("今天 ¥400.00")
    phone.tap("这笔怎么来的").see("收益说明").see("¥1,000.00").see("¥600.00").tap("关闭")
    phone.open(page("staff")).tap("李静").at(page("staff-member")).see("¥120.00")
    phone.tap("标记结算").fill("金额（不填为全部）", "100").tap("确定").see("¥20.00")
    other_phone.open(page("workbench")).tap("结算记录").see("共结算 1 笔").see("第 1 笔").see("¥100.00")

    # the money goes to the bank; a lost answer makes one withdrawal
    phone.open(page("earnings")).tap("提现", exact=True).at(page("withdraw"))
    phone.fill("提现金额", "300").fill("开户银行", "工商银行").fill("银行卡号", "6222020011112222").fill(
        "户名", "示例专卖店"
    )
    phone.allow("ERR_CONNECTION_RESET").net.lose("/dealer/withdrawals", method="POST")
    phone.tap("申请提现", exact=True)
    assert "网络" in phone.told()
    phone.tap("申请提现", exact=True).at(page("withdrawal")).see("**** 2222")
    phone.page.go_back()
    phone.at(page("earnings")).see("¥100.00").see("¥300.00")

    def reject(env):
        [withdrawal] = env["crab.withdrawal"].search([("dealer_id.code", "=", "A0001")])
        withdrawal.with_user(world.users["finance"]).action_reject("户名不符")

    world.run(reject)
    phone.open(page("withdrawals")).tap("¥300.00").see("户名不符")
    phone.open(page("earnings")).see("¥400.00")

    phone.open(page("staff")).tap("李静").at(page("staff-member"))
    phone.tap("停用").confirm().see("已停用")
    other_phone.open(page("workbench")).tap("登录", exact=True).at("pages/login/index")


def test_who_logs_in_again_goes_on_where_the_session_ended(phone, world):
    phone.enter_as(STORE, "dealer").open(page("staff")).tap("添加员工").fill("姓名", "孙悦").fill(
        "手机号", "13655560021"
    )

    def end(env):
        env["crab.session"].search([("account_id.phone", "=", f"+86{STORE}"), ("ended_at", "=", False)])._end("office")

    world.run(end)
    phone.tap("添加", exact=True).at("pages/login/index").fill("手机号", STORE).tap("获取验证码").see("秒后重发")
    phone.fill("验证码", world.code(STORE)).tap("同意用户协议").tap("登录", exact=True).at(page("staff"))
    phone.tap("添加", exact=True)
    phone.page.locator(".app-sheet:visible").wait_for(state="detached")
    phone.see("孙悦")


def test_each_role_can_be_chosen(phone, world):
    """The tab bar of a browser lies over what stands at the bottom."""

    def be_member_too(env):
        env["crab.member"]._sign_up(env["crab.account"].search([("phone", "=", "+8613900000002")]))

    world.run(be_member_too)
    phone.enter_as("13900000002", "member").open("pages/mine/index").tap("切换身份")
    phone.tap("渠道商示例城市合伙人").see("进入工作台")
    phone.tap("切换身份").tap("会员普通会员").see("我的订单")


def test_tabs_speak_the_language_of_who_uses_them(phone):
    tabs = phone.page.locator(".uni-tabbar__label:visible")
    phone.enter_as(STORE, "dealer").open("pages/mine/index").see("进入工作台")
    assert tabs.all_inner_texts() == ["首页", "选购", "提蟹", "我的"]
    phone.tap("进入工作台").at(page("workbench")).tap("设置").at(page("settings")).tap("语言").see("English")
    for path in (page("workbench"), "pages/mine/index"):
        phone.page.go_back()
        phone.at(path)
    phone.see("To the workbench")
    english = ["Home", "Shop", "Redeem", "Me"]
    assert tabs.all_inner_texts() == english
    phone.open("pages/mine/index").see("To the workbench")  # as it starts anew
    assert tabs.all_inner_texts() == english
    phone.tap("To the workbench").at(page("workbench")).tap("Settings").at(page("settings")).tap("Language")
    phone.see("简体中文").page.go_back()
    phone.at(page("workbench")).page.go_back()
    phone.at("pages/mine/index").see("进入工作台")
    assert tabs.all_inner_texts() == ["首页", "选购", "提蟹", "我的"]


def test_figures_of_a_card_stand_side_by_side_in_english(small_phone):
    small_phone.enter_as(STORE, "dealer")
    kept = {"type": "object", "data": {"bigText": False, "language": "en"}}
    small_phone.page.evaluate("kept => localStorage.setItem('crab.settings', JSON.stringify(kept))", kept)
    small_phone.open(page("cards")).see("In transit").shot("cards-english-small")
    figures = small_phone.page.locator(".stock:visible").first.locator(".figure")
    assert figures.count() == 5
    assert len({figure.bounding_box()["y"] for figure in figures.all()}) == 1
