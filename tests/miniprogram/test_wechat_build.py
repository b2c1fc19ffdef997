"""The built mini-program on a stand-in for WeChat, with a real server: what WeChat would run is what runs here."""

import base64
import io
import json
import re

import mini
import mini_screens
import pytest
import running
from PIL import Image
from test_pages import RICH, rich  # noqa: F401  # a fixture
from wechat_phone import WechatPhone

from harness import covers

FAMILY = "家宴套餐 公4.5两 母3.5两 4对装"
PAGES = "packages/member/pages"
NEW, KNOWN = "13655557001", "13655557002"
# another role's, or there is none of it (any more): the page says so
NOTHING = {"packages/channel/pages/staff-account", "packages/channel/pages/withdrawal"}
NOTHING |= {f"{PAGES}/after-sale", f"{PAGES}/card-redeem", f"{PAGES}/gift"}
ADDRESS = {
    "userName": "王芳",
    "telNumber": "13655557001",
    "provinceName": "江苏省",
    "cityName": "苏州市",
    "countyName": "昆山市",
    "detailInfo": "巴城镇示例路 8 号",
}


@pytest.fixture(scope="session")
def program(h5):
    """The folder of the mini-program; its libraries are there when the page's build is."""
    folder, _said = mini.build("mp-weixin")
    return folder


@pytest.fixture(scope="module")
def wechat(world, tmp_path_factory):
    """WeChat's servers, and the mini-program that the shop has there."""
    started = running.Running("wechat", tmp_path_factory.mktemp("wechat")).start()
    own = json.loads((started.folder / "keys" / "wechat.json").read_text())["credentials"]
    values = {name if name in ("app_id", "corp_id", "service_url") else f"new_{name}": own[name] for name in own}
    values |= {"name": "示例小程序", "base_url": started.url}

    def enter(env):
        template = {
            "name": "订单发货",
            "app_id": env["crab.wechat.app"].create(values).id,
            "template_id": "TEMPLATE-SHIPPED",
        }
        template["body"] = "character_string1: {order}\nthing2: {goods}\nphrase3: 已发货\ncharacter_string4: {tracking}"
        shipped = env["crab.wechat.template"].create(template)
        words = env["crab.notice.template"].search([("event", "=", "order.to_receive")])
        words.write({"is_wechat": True, "wechat_template_id": shipped.id})

    world.run(enter)
    yield started
    started.stop()


@pytest.fixture
def wechat_phones(program, world):
    opened = []

    def make(number=None, role="member"):
        phone = WechatPhone(program, world.server)
        opened.append(phone)
        return phone.enter_as(world.tokens(number, role)) if number else phone

    yield make
    faults = [fault for phone in opened for fault in phone.faults]
    for phone in opened:
        phone.close()
    assert not faults, "\n".join(faults)


@covers("MB-02", "WeChat login", "avatar and phone number come from WeChat", via="phone")
@covers("MB-08", "buy now and add to cart", via="phone")
@covers("MB-23", "pay and cancel unpaid", via="phone")
@covers("MB-30", "subscribe message on order change", via="phone")
def test_from_the_launch_to_the_paid_order(wechat_phones, wechat, world, sandbox):
    phone = wechat_phones()
    phone.launch().see("有卡提蟹").tap("全部商品").at("pages/catalogue/index").see(FAMILY)
    phone.tap(FAMILY).at(f"{PAGES}/product").see("全国统一零售价").see("798")
    assert phone.do("share")["path"].startswith(f"/{PAGES}/product?id=")

    # who is not known logs in with the number that WeChat gives
    phone.tap("加购物车").at("pages/login/index").tap("微信登录").answer("showModal", confirm=False)
    phone.tap("同意用户协议")
    phone.answer("login", code=wechat.ctl("js_code", openid="o-new")).tap("微信登录").at("pages/login/index")
    phone.tap("授权手机号并登录").see("没有得到手机号，可以用短信验证码登录")
    phone.answer("login", code=wechat.ctl("js_code", openid="o-new"))
    phone.answer("getPhoneNumber", code=wechat.ctl("phone_code", phone=NEW))
    phone.tap("授权手机号并登录").at(f"{PAGES}/product").see("已加入购物车")
    phone.tap("购物车，1 件").at(f"{PAGES}/cart").see(FAMILY).tap("增加").see("1,596.00")
    phone.tap("结算（1）").at(f"{PAGES}/checkout").see("请添加收货地址").tap("请添加收货地址").at(f"{PAGES}/address")
    phone.tap("使用微信收货地址").answer("chooseAddress", fail="cancel")
    phone.tap("使用微信收货地址").answer("chooseAddress", **ADDRESS).see("江苏省 苏州市 昆山市").see("王芳")
    phone.tap("保存").at(f"{PAGES}/checkout").see("巴城镇示例路 8 号")
    phone.tap("我已阅读并同意").tap("提交订单").at(f"{PAGES}/pay").see("待支付")

    # WeChat is asked to pay what the server signed; who cancels may begin again
    asked = phone.was_asked("requestPayment")
    assert len(asked["paySign"]) > 300
    assert asked["signType"] == "RSA"
    assert asked["package"].startswith("prepay_id=")
    phone.answer("requestPayment", fail="cancel").tap("微信支付").was_asked("requestPayment")
    [order] = [one for one in sandbox.ctl("orders") if one["trade_state"] == "NOTPAY"]
    sandbox.ctl("pay", out_trade_no=order["out_trade_no"])
    sandbox.ctl("notify", out_trade_no=order["out_trade_no"])
    world.later()
    phone.answer("requestPayment").wait(3).see("支付成功")

    # the message that WeChat may send is asked for within the tap
    phone.tap("发货时微信通知我")
    assert phone.was_asked("requestSubscribeMessage")["tmplIds"] == ["TEMPLATE-SHIPPED"]
    phone.answer("requestSubscribeMessage", **{"TEMPLATE-SHIPPED": "accept"}).see("发货后会在微信里通知您")
    phone.tap("查看订单").at(f"{PAGES}/order").see("待发货").see("巴城镇示例路 8 号")

    # from then on WeChat is enough
    again = wechat_phones().launch("pages/login/index").tap("同意用户协议")
    again.answer("login", code=wechat.ctl("js_code", openid="o-new")).tap("微信登录").at("pages/home/index")
    again.open(f"{PAGES}/profile").see(NEW)


@covers("MB-16", "redeem by number and password without registering", via="phone")
def test_redeemed_by_who_scans_a_card(wechat_phones, world):
    number, password = world.card(8)
    phone = wechat_phones().launch("pages/redeem/index")
    phone.tap("扫一扫").answer("scanCode", fail="cancel")
    phone.tap("扫一扫").answer("scanCode", result=number).see(number)
    phone.fill("卡密", password).tap("下一步").see("送到哪里")
    phone.tap("使用微信收货地址").answer("chooseAddress", **ADDRESS).see("江苏省 苏州市 昆山市")
    phone.tap("确认提货").see("请选择送达日期")
    phone.tap(re.findall(r"\d+月\d+日", phone.text)[1]).tap("确认提货").see("提货成功").see(number)
    state = world.run(lambda env: env["crab.card"].search([("number", "=", number)]).state)
    assert state == "used"


@covers("MB-20", "avatar, name, phone, level", via="phone")
def test_name_and_avatar_come_from_wechat(wechat_phones, world):
    phone = wechat_phones(KNOWN).launch(f"{PAGES}/profile").see("点击更换头像")
    phone.fill("昵称", "蟹友").tap("保存").see("已保存")
    content = io.BytesIO()
    Image.new("RGB", (60, 60), "#b4472b").save(content, "PNG")
    phone.answer("chooseAvatar", avatarUrl=phone.do("photo", base64.b64encode(content.getvalue()).decode()))
    phone.tap("更换头像").see("已保存")
    me = world.api(KNOWN).get("/member/me")
    assert me["name"] == "蟹友"
    assert me["avatar"]


def test_codes_lead_to_their_page(wechat_phones):
    phone = wechat_phones().launch("pages/launch/index", scene="i=abc")
    phone.at("pages/login/index").see("好友邀请您成为会员")
    phone.open("pages/launch/index", scene="d=abc").at("packages/channel/pages/apply")
    phone.open("pages/launch/index", scene="g=abc").at(f"{PAGES}/gift")
    phone.open("pages/launch/index").at("pages/home/index")


@pytest.mark.parametrize("role", ["member", "dealer", "staff"])
def test_every_page(wechat_phones, wechat, world, rich, role):  # noqa: F811
    """With something to show on each of them."""
    phone = wechat_phones(RICH[role], role).launch()
    pages = [path for path in sorted(mini.pages()) if mini_screens.role_of(path) == role]
    shown = {}
    for path in pages:
        phone.open(path + (f"?{query}" if (query := mini_screens.query_of(path, rich[role])) else ""))
        shown[path] = phone.text
        assert not phone.faults, path
    failed = {path: text for path, text in shown.items() if not text or re.search("重试|undefined|NaN", text)}
    assert failed.keys() <= NOTHING, failed


@covers("CH-32", "dealer's own member-invitation link and QR", via="phone")
@covers("CH-09", "QR picture and link", via="phone")
def test_dealers_send_their_invitations_to_friends(wechat_phones, wechat, world):
    def scan():
        """What the code on the poster opens."""
        scene = world.run(lambda env: env["crab.wechat.scene"].search([], order="id desc", limit=1).scene)
        return friend.open("pages/launch/index", scene=scene)

    dealer = wechat_phones(RICH["dealer"], "dealer").launch("packages/channel/pages/poster").tap("发给微信好友")
    friend = wechat_phones().launch(dealer.was_asked("share")["path"]).at("pages/login/index")
    friend.see("好友邀请您成为会员")
    scan().at("pages/login/index").see("好友邀请您成为会员")
    given = {"level": "2", "ratio": "0.75"}
    made = world.api(RICH["dealer"], "dealer").post("/dealer/invitations", json=given, status=201, key=True)
    dealer.open("packages/channel/pages/poster", id=made["id"]).tap("发给微信好友")
    friend.open(dealer.was_asked("share")["path"]).at("packages/channel/pages/apply").see(made["code"])
    scan().at("packages/channel/pages/apply").see(made["code"])


def test_tabs_speak_the_language_of_who_uses_them(wechat_phones):
    phone = wechat_phones(RICH["dealer"], "dealer").launch("pages/mine/index").tap("进入工作台").tap("设置")
    phone.tap("语言").see("English")
    assert phone.tabs == ["首页", "选购", "提蟹", "我的"]  # WeChat changes them on a tab only
    english = ["Home", "Shop", "Redeem", "Me"]
    assert phone.back().back().at("pages/mine/index").see("To the workbench").tabs == english
    again = wechat_phones(RICH["dealer"], "dealer")
    again.do("keep", "crab.settings", {"language": "en"})
    assert again.launch("packages/channel/pages/workbench").open("pages/home/index").tabs == english
