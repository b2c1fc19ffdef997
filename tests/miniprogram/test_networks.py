"""Whatever creates or moves something, over a network that fails, is slow and loses the answer: it happens once."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from everything import PICTURE, shop_order
from test_phone_cards import choose_day, enter_card, fill_receiver
from test_phone_shop import make_member, submit
from test_phone_shop import product as product_of

from odoo.addons.crab_base.tools.subject import Subject

import crabenv

MEMBER, OTHER = "13655557001", "13655557002"
STORE, DISTRIBUTOR = "13900000001", "13900000003"
CODE = "123456"
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
    lost: str = "网络不给力"  # what is seen when the answer is lost
    spot: str = WHEEL  # what is tapped on while the answer is awaited


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

    def printed(self, number):
        """This number on a printed card that the member bought from the platform and received."""

        def buy(env):
            sold = env["crab.card.order"].create(
                {
                    "kind": "direct",
                    "receiver_member_id": self.member_id,
                    "line_ids": [(0, 0, {"product_id": self.world.card_product_id, "quantity": 1, "unit_price": 950})],
                }
            )
            lines = f"卡号,卡密,卡编码\n{number},pass1234,W-CARD\n"
            assert env["crab.import"]._run_file("card_sales", f"{number}.csv", lines.encode()).state == "done"
            sold.action_submit()
            sold.action_confirm_payment("BANK-1")
            sold._link_cards(env["crab.card"].search([("number", "=", number)]).ids)
            sold.action_send()
            sold.action_receive()
            return number

        return self.world.run(buy)

    def redemption(self):
        """``(public id, number)`` of a redemption of the member."""
        number, _password = self.card()
        wish = {"address_id": self.api.get("/member/addresses")[0]["id"]}
        made = self.api.post(f"/cards/{number}/redemptions", json=wish, status=201, key=True)
        return made["id"], number

    def code(self, phone, purpose):
        """A code that was sent to this number more than a minute ago."""

        def send(env):
            env["crab.sms.code"]._make(f"+86{phone}", purpose, "203.0.113.7", CODE)
            env["crab.sms.code"].search([("phone", "=", f"+86{phone}")], limit=1).asked_at -= timedelta(minutes=2)

        self.world.run(send)
        return CODE

    def document(self, kind, sender, *steps, count=1, receiver=None):
        """``(public id, numbers)`` of a document of dealers, taken through ``steps``."""
        numbers = [next(self.store_numbers) for _number in range(count)]

        def make(env):
            cards = env["crab.card"].search([("number", "in", numbers)])
            at = {code: env["crab.dealer"].search([("code", "=", code)]).id for code in ("A0001", "B0001")}
            if sender == "B0001":
                sides = {"sender_dealer_id": at["A0001"], "receiver_dealer_id": at["B0001"]}
                self.world.document(env, "transfer", cards.ids, ("submit", "receive"), **sides)
            sides = {"sender_dealer_id": at[sender]} | ({"receiver_dealer_id": at[receiver]} if receiver else {})
            order_id = self.world.document(env, kind, cards.ids, steps, **sides)
            return env["crab.card.order"].browse(order_id).public_id

        return self.world.run(make), numbers

    def staff(self, phone, **values):
        """The public id of one more of the store's staff."""

        def employ(env):
            store = env["crab.dealer"].search([("code", "=", "A0001")])
            values.update(dealer_id=store.id, name="陆晴", phone=phone, commission_ratio=0.3)
            return env["crab.dealer.staff"].create(values).public_id

        return self.world.run(employ)

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


# ---------------------------------------------------------------------- who somebody is


def members(phone):
    return lambda env: env["crab.member"].search_count(
        [("phone", "=", f"+86{phone}"), ("account_id.state", "=", "live")]
    )


def account(env, phone):
    return env["crab.account"].search([("phone", "=", f"+86{phone}")])


def at_login(phone, number, code=None):
    phone.open("pages/login/index").fill("手机号", number).tap("同意用户协议")
    if code:
        phone.fill("验证码", code)
    return phone


@flow
def a_code(phone, things, number="13655557010"):
    phone.open("pages/login/index").fill("手机号", number)
    return Flow(
        "POST",
        "/auth/sms-codes",
        tap("获取验证码"),
        lambda phone: phone.see("请一分钟后再获取").see("秒后重发"),
        lambda env: env["crab.sms.code"].search_count([("phone", "=", f"+86{number}")]),
    )


@flow
def a_login_by_code(phone, things, number="13655557011"):
    at_login(phone, number, things.code(number, "login"))

    def done(phone):
        phone.see("可能已经用过").fill("验证码", things.code(number, "login")).tap("登录", exact=True)
        phone.at("pages/home/index")

    return Flow("POST", "/auth/login/sms", tap("登录"), done, members(number))


@flow
def a_login_by_password(phone, things, number="13655557012"):
    things.world.tokens(number)
    things.world.run(lambda env: account(env, number)._set_password("nine crabs and 1 pot"))
    at_login(phone, number).tap("密码登录").fill("密码", "nine crabs and 1 pot")

    def entered(env):
        return min(
            1,
            env["crab.session"].search_count([("account_id.phone", "=", f"+86{number}"), ("method", "=", "password")]),
        )

    return Flow("POST", "/auth/login/password", tap("登录"), lambda phone: phone.at("pages/home/index"), entered)


@flow
def a_password(phone, things, number="13655557013"):
    phone.enter_as(number).open("pages/login/password").fill("手机号", number)
    phone.fill("验证码", things.code(number, "password")).fill("新密码", "nine crabs and 1 pot")
    return Flow(
        "PUT",
        "/auth/password",
        tap("更改密码并登录"),
        lambda phone: phone.at("pages/home/index"),
        lambda env: bool(account(env, number).password_hash),
    )


@flow
def a_new_number(phone, things, number="13655557014", other="13655557015"):
    phone.enter_as(number).open(member("settings")).tap("手机号").at(member("phone"))
    phone.fill("手机号", other).fill("验证码", things.code(other, "phone"))

    def done(phone):
        """The change ended the session, and its answer with the new one was lost."""
        phone.at("pages/login/index").see("请重新登录").fill("手机号", other)
        phone.fill("验证码", things.code(other, "login")).tap("同意用户协议").tap("登录", exact=True)
        phone.at(member("phone")).see(other)

    return Flow("PUT", "/auth/phone", tap("更换手机号"), done, members(other))


@flow
def another_role(phone, things):
    things.world.tokens(DISTRIBUTOR)
    phone.enter_as(DISTRIBUTOR, "dealer").open("pages/mine/index")
    roles = phone.page.locator(".mine__role:visible")

    def press(phone):
        roles.click()
        phone.tap("会员")

    def switched(env):
        mine = [("account_id", "=", account(env, DISTRIBUTOR).id), ("method", "=", "switch")]
        return min(1, env["crab.session"].search_count(mine))

    return Flow("POST", "/auth/switch", press, lambda phone: phone.see("我的订单"), switched, spot=".mine__name")


@flow
def a_closed_account(phone, things, number="13655557016"):
    phone.enter_as(number).open(member("closing")).tap("我已知晓并愿意放弃以上内容")
    return Flow(
        "DELETE",
        "/member/me",
        tap("注销账户", confirm=True),
        lambda phone: phone.at("pages/home/index"),
        lambda env: -members(number)(env),
        again=False,
        lost="账户已注销",
    )


@flow
def accepted_agreements(phone, things, number="13655557017"):
    phone.enter_as(number).open(member("agreements")).see("协议有更新")
    return Flow(
        "POST",
        "/member/agreements",
        tap("我已阅读并同意"),
        lambda phone: phone.page.get_by_text("协议有更新").wait_for(state="detached"),
        lambda env: (
            not env["crab.agreement"]._missing(
                Subject("member", env["crab.member"].search([("phone", "=", f"+86{number}")]).id)
            )
        ),
    )


@flow
def a_name(phone, things):
    phone.enter_as(MEMBER).open(member("profile")).fill("昵称", "王小芳")
    return Flow(
        "POST",
        "/member/me",
        tap("保存"),
        lambda phone: phone.see("已保存"),
        lambda env: env["crab.member"].browse(things.member_id).name == "王小芳",
    )


@flow
def a_portrait(phone, things, picture="portrait.png"):
    phone.enter_as(MEMBER).open(member("profile"))

    def press(phone):
        with phone.page.expect_file_chooser() as chooser:
            phone.tap("更换头像")
        chooser.value.set_files({"name": picture, "mimeType": "image/png", "buffer": base64.b64decode(PICTURE)})

    def sent(env):
        return min(1, env["crab.upload"].search_count([("subject_id", "=", things.member_id)]))

    return Flow("POST", "/files", press, lambda phone: phone.see("已保存"), sent, spot="uni-page-head")


def unread(things):
    """A message that the member has not read; counts them."""

    def tell(env):
        values = {"event": "order.to_receive", "member_id": things.member_id, "document_model": "crab.member"}
        values |= {"document_id": things.member_id, "title": "新消息", "body": "示例", "told_at": "2026-01-05 02:00:00"}
        return env["crab.notice"].create({**values, "event_id": -1 - env["crab.notice"].search_count([])}).id

    notice_id = things.world.run(tell)
    return lambda env: int(not env["crab.notice"].browse(notice_id).read_at)


@flow
def read_messages(phone, things):
    is_unread = unread(things)
    phone.enter_as(MEMBER).open(member("messages")).see("新消息")
    return Flow(
        "POST",
        "/member/messages/read",
        tap("全部已读"),
        lambda phone: phone.page.get_by_text("全部已读").wait_for(state="detached"),
        lambda env: -is_unread(env),
    )


# ---------------------------------------------------------------------- a member in the shop


def favourites(things):
    return lambda env: env["crab.favourite"].search_count([("member_id", "=", things.member_id)])


@flow
def a_favourite(phone, things):
    product = product_of(things.world, PACKAGE)
    phone.enter_as(MEMBER).open(member("product"), id=product).see("收藏")
    heart = "[role=button][aria-pressed]:visible"
    return Flow(
        "PUT",
        f"/member/favourites/{product}",
        lambda phone: phone.page.locator(heart).click(),
        lambda phone: phone.see("已收藏"),
        favourites(things),
        spot=heart,
    )


@flow
def a_forgotten_favourite(phone, things):
    product = product_of(things.world, PACKAGE)
    things.api.put(f"/member/favourites/{product}", status=204)
    phone.enter_as(MEMBER).open(member("favourites"))
    return Flow(
        "DELETE",
        f"/member/favourites/{product}",
        tap(f"取消收藏 {PACKAGE}"),
        lambda phone: phone.see("还没有收藏商品"),
        lambda env: -favourites(things)(env),
        spot="[aria-label^=取消收藏]:visible",
    )


def pieces(things):
    return lambda env: sum(env["crab.cart.line"].search([("member_id", "=", things.member_id)]).mapped("quantity"))


def cart(phone, things):
    """The package of which one piece lies in it."""
    product = product_of(things.world, PACKAGE)
    things.api.put(f"/cart/lines/{product}", json={"quantity": 1})
    phone.enter_as(MEMBER).open(member("cart")).see("268.00")
    return product


@flow
def a_piece_in_the_cart(phone, things):
    phone.enter_as(MEMBER).open(member("product"), id=product_of(things.world, PACKAGE)).see("加购物车")
    return Flow(
        "POST",
        "/cart/lines",
        tap("加购物车"),
        lambda phone: phone.can_tap("购物车，1 件").wait_for(),
        pieces(things),
        again=False,
        lost="已加入购物车",
    )


@flow
def one_piece_more(phone, things):
    product = cart(phone, things)
    more = "[aria-label=增加]:visible"
    return Flow(
        "PUT",
        f"/cart/lines/{product}",
        lambda phone: phone.page.locator(more).click(),
        lambda phone: phone.see("536.00"),
        pieces(things),
        again=False,
        spot=more,
    )


@flow
def out_of_the_cart(phone, things):
    product = cart(phone, things)
    out = f"移出 {PACKAGE}"
    return Flow(
        "DELETE",
        f"/cart/lines/{product}",
        tap(out, confirm=True),
        lambda phone: phone.see("购物车还是空的"),
        lambda env: -pieces(things)(env),
        again=False,
        spot=f"[aria-label='{out}']",
    )


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
def a_later_receipt(phone, things):
    order = things.order("shipped")
    phone.enter_as(MEMBER).open(member("order"), id=order)
    return Flow(
        "POST",
        f"/orders/{order}/extend-receipt",
        tap("延长收货", confirm=True),
        lambda phone: phone.can_tap("延长收货").wait_for(state="detached"),
        orders(things, ("public_id", "=", order), ("crab_is_extended", "=", True)),
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


def sent_back(phone, things, *steps):
    """``(public id, count)`` of a request for goods that go back, of which the page is open."""
    order = things.order("received")

    def ask(env):
        sold = env["sale.order"].search([("public_id", "=", order)])
        goods = sold.order_line.filtered(lambda line: line.crab_role == "goods")
        subject = Subject("member", things.member_id)
        asked = env["crab.aftersale"]._ask(subject, order, [(goods, 1, None)], "return", "quality")
        for step in steps:
            getattr(asked, step)()
        return asked.public_id

    request = things.world.run(ask)
    phone.enter_as(MEMBER).open(member("after-sale"), id=request)
    return (
        request,
        lambda *domain: lambda env: env["crab.aftersale"].search_count([("public_id", "=", request), *domain]),
    )


@flow
def a_cancelled_after_sale(phone, things):
    request, found = sent_back(phone, things)
    return Flow(
        "POST",
        f"/after-sales/{request}/cancel",
        tap("撤销申请", confirm=True),
        lambda phone: phone.see("已取消"),
        found(("state", "=", "cancelled")),
        again=False,
    )


@flow
def a_parcel_back(phone, things):
    request, found = sent_back(phone, things, "_approve")
    phone.tap("填写运单号").fill("快递公司", "顺丰速运").fill("运单号", "SF555")
    return Flow(
        "POST",
        f"/after-sales/{request}/parcel",
        tap("提交"),
        lambda phone: phone.see("顺丰速运 SF555"),
        found(("tracking_reference", "=", "SF555")),
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
def a_redemption_on_another_day(phone, things):
    redemption, number = things.redemption()
    phone.enter_as(MEMBER).open(member("redemption"), id=redemption)

    def press(phone):
        phone.page.locator("[role=button][aria-label^='送达日期']:visible").click()
        phone.page.locator(".app-date__day.is-ok:not(.is-on):visible").last.click()
        phone.confirm()

    return Flow(
        "POST",
        f"/redemptions/{redemption}",
        press,
        lambda phone: phone.see("将于"),
        redemptions(number, ("wish_date", "!=", False)),
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
    number = things.printed("NET000001")
    phone.enter_as(MEMBER).open(member("card"), id=number)
    return Flow(
        "POST",
        "/member/card-returns",
        tap("申请返还", confirm=True),
        lambda phone: phone.at(member("card-returns")).see(number),
        lambda env: env["crab.card.order"].search_count([("kind", "=", "return"), ("number_search", "in", [number])]),
    )


@flow
def a_card_kept_after_all(phone, things):
    number = things.printed("NET000002")
    sent = things.api.post("/member/card-returns", json={"numbers": [number]}, status=201, key=True)["id"]
    phone.enter_as(MEMBER).open(member("card-returns"))
    back = phone.page.locator(".card:visible", has_text=number).get_by_text("撤销返还")
    return Flow(
        "POST",
        f"/member/card-returns/{sent}/cancel",
        lambda phone: phone.press(back).confirm(),
        lambda phone: back.wait_for(state="detached"),
        lambda env: env["crab.card.order"].search_count([("public_id", "=", sent), ("state", "=", "cancelled")]),
        again=False,
    )


@flow
def a_changed_address(phone, things):
    receiver = things.world.run(
        lambda env: env["crab.region"].search([("level", "=", "district"), ("name", "=", "昆山市")], limit=1).code
    )
    values = {
        "receiver_name": "李娜",
        "receiver_phone": "13900001234",
        "region_code": receiver,
        "street": "示例路 1 号",
    }
    api = things.world.api("13655557018")
    api.post("/member/addresses", json=values, status=201, key=True)
    made = api.post("/member/addresses", json=values, status=201, key=True)["id"]
    phone.enter_as("13655557018").open(member("addresses"))
    phone.page.locator(".card:visible").last.get_by_text("编辑").click()
    phone.at(member("address")).fill("详细地址", "示例路 2 号").tap("设为默认地址")
    return Flow(
        "POST",
        f"/member/addresses/{made}",
        tap("保存"),
        lambda phone: phone.at(member("addresses")).see("示例路 2 号"),
        lambda env: env["crab.member.address"].search_count(
            [("street", "=", "示例路 2 号"), ("is_default", "=", True), ("member_id.phone", "=", "+8613655557018")]
        ),
    )


@flow
def a_removed_address(phone, things):
    api = things.world.api("13655557018")
    made = api.get("/member/addresses")[0]["id"]
    phone.enter_as("13655557018").open(member("addresses"))
    phone.page.locator(".card:visible").first.get_by_text("编辑").click()
    phone.at(member("address"))
    return Flow(
        "DELETE",
        f"/member/addresses/{made}",
        tap("删除地址", confirm=True),
        lambda phone: phone.at(member("addresses")).see("示例路 1 号"),
        lambda env: -env["crab.member.address"].search_count([("member_id.phone", "=", "+8613655557018")]),
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
    order, [number] = things.document("transfer", "A0001", "submit", receiver="B0001")
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


def in_state(order, state):
    return lambda env: env["crab.card.order"].search_count([("public_id", "=", order), ("state", "=", state)])


def at_document(phone, things, person, kind, sender, *steps, **wish):
    """The document that the page of ``person`` shows."""
    order, _numbers = things.document(kind, sender, *steps, **wish)
    phone.enter_as(person, "dealer").open(channel("card-order"), id=order)
    return order


@flow
def a_transfer_taken_back(phone, things):
    order = at_document(phone, things, STORE, "transfer", "A0001", "submit", receiver="B0001")
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/cancel",
        tap("撤销", confirm=True),
        lambda phone: phone.see("已关闭"),
        in_state(order, "cancelled"),
        again=False,
    )


@flow
def a_submitted_draft(phone, things):
    below = things.world.run(lambda env: env["crab.dealer"].search([("code", "=", "B0001")]).public_id)
    draft = {"kind": "transfer", "to": below, "lines": [{"numbers": [next(things.store_numbers)]}]}
    order = things.world.api(STORE, "dealer").post("/dealer/card-orders", json=draft, status=201, key=True)["id"]
    phone.enter_as(STORE, "dealer").open(channel("card-order"), id=order)
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/submit",
        tap("提交"),
        lambda phone: phone.see("在途"),
        in_state(order, "in_transit"),
        again=False,
    )


@flow
def a_request_activated(phone, things):
    order = at_document(phone, things, STORE, "activation", "B0001", "submit")
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/confirm",
        tap("确认激活", confirm=True),
        lambda phone: phone.see("已完成"),
        in_state(order, "done"),
        again=False,
    )


@flow
def a_refused_transfer(phone, things):
    order = at_document(phone, things, DISTRIBUTOR, "transfer", "A0001", "submit", receiver="B0001")
    phone.tap("拒绝").fill("原因", "先核对")
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/reject",
        tap("确定"),
        lambda phone: phone.see("已拒绝"),
        in_state(order, "rejected"),
    )


@flow
def a_difference_accepted(phone, things):
    order, numbers = things.document("transfer", "A0001", "submit", count=2, receiver="B0001")
    things.world.api(DISTRIBUTOR, "dealer").post(
        f"/dealer/card-orders/{order}/receive", json={"numbers": numbers[:1]}, key=True
    )
    phone.enter_as(STORE, "dealer").open(channel("card-order"), id=order).tap("认可差额").fill("原因", "少了一张")
    return Flow(
        "POST",
        f"/dealer/card-orders/{order}/close",
        tap("确定"),
        lambda phone: phone.see("少了一张"),
        in_state(order, "done"),
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


def employed(staff):
    return lambda env: env["crab.dealer.staff"].search_count([("public_id", "=", staff)])


@flow
def a_removed_staff_member(phone, things):
    staff = things.staff("13655557020")
    phone.enter_as(STORE, "dealer").open(channel("staff-member"), id=staff)
    return Flow(
        "DELETE",
        f"/dealer/staff/{staff}",
        tap("停用", confirm=True),
        lambda phone: phone.see("已停用"),
        lambda env: -employed(staff)(env),
        again=False,
    )


@flow
def a_staff_member_back(phone, things):
    staff = things.staff("13655557021", active=False)
    phone.enter_as(STORE, "dealer").open(channel("staff-member"), id=staff)
    return Flow(
        "POST", f"/dealer/staff/{staff}", tap("恢复"), lambda phone: phone.see("在职"), employed(staff), again=False
    )


@flow
def a_share_of_staff(phone, things):
    staff = things.staff("13655557022")
    phone.enter_as(STORE, "dealer").open(channel("staff-member"), id=staff).tap("提成比例").fill("提成（%）", "25")
    return Flow(
        "PUT",
        f"/dealer/staff/{staff}/commission",
        tap("确定"),
        lambda phone: phone.see("30% → 25%"),
        lambda env: env["crab.dealer.staff.ratio"].search_count([("staff_id.public_id", "=", staff)]),
        again=False,
        lost="已修改",
    )


@flow
def a_ratio_below(phone, things):
    below = things.world.run(lambda env: env["crab.dealer"].search([("code", "=", "B0001")]).public_id)
    phone.enter_as(STORE, "dealer").open(channel("dealer"), id=below).tap("调整折扣")
    phone.fill("新折扣（折）", "7.2").fill("原因", "按新约定")
    return Flow(
        "PUT",
        f"/dealer/network/{below}/ratio",
        tap("确定"),
        lambda phone: phone.see("7 折 → 7.2 折"),
        lambda env: env["crab.dealer.ratio"].search_count([("dealer_id.public_id", "=", below)]),
        again=False,
        lost="已修改",
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
def a_revoked_invitation(phone, things):
    terms = {"level": "2", "ratio": "0.75", "valid_days": 7, "max_uses": 1}
    store = things.world.api(STORE, "dealer")
    invitation = store.post("/dealer/invitations", json=terms, status=201, key=True)["id"]
    phone.enter_as(STORE, "dealer").open(channel("invite"))

    def press(phone):
        phone.press(phone.page.locator(".item:visible").first.get_by_text("作废", exact=True)).confirm()

    return Flow(
        "POST",
        f"/dealer/invitations/{invitation}/revoke",
        press,
        lambda phone: phone.page.locator(".item:visible").first.get_by_text("已撤销").wait_for(),
        lambda env: env["crab.dealer.invitation"].search_count(
            [("public_id", "=", invitation), ("is_revoked", "=", True)]
        ),
        again=False,
    )


@flow
def an_invoice(phone, things):
    things.sale()
    card = {"bank_name": "工商银行", "bank_account": "6222020011113333", "bank_holder": "示例专卖店"}
    store = things.world.api(STORE, "dealer")
    made = store.post("/dealer/withdrawals", json={"amount": "10.00", **card}, status=201, key=True)["id"]
    phone.enter_as(STORE, "dealer").open(channel("withdrawal"), id=made).fill("发票号", "F-7")
    with phone.page.expect_file_chooser() as chooser:
        phone.tap("添加发票 0/1")
    phone.net.lose("/files")
    chooser.value.set_files({"name": "invoice.png", "mimeType": "image/png", "buffer": base64.b64decode(PICTURE)})
    phone.see("点此重传").tap("点此重传")
    phone.page.locator(".app-upload__state:visible").wait_for(state="detached")
    return Flow(
        "PUT",
        f"/dealer/withdrawals/{made}/invoice",
        tap("提交发票"),
        lambda phone: phone.see("更换发票"),
        lambda env: env["crab.withdrawal"].search_count([("public_id", "=", made), ("invoice_number", "=", "F-7")]),
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
        phone.page.locator(wanted.spot).first.click(force=True)
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
    phone.see(wanted.lost).idle()
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


def test_read_and_gone_whatever_the_network_does(phone, things):
    """What is told to the server by the way holds nobody up, and is told when it can be."""
    is_unread = unread(things)
    phone.allow("ERR_INTERNET_DISCONNECTED").enter_as(MEMBER).open(member("messages"))
    newest = phone.page.locator(".card:visible", has_text="新消息").first
    dot = newest.locator("[aria-label=未读]")
    held = phone.net.hold("/member/messages/read")
    with phone.sends("/member/messages/read"):
        newest.click()
    dot.wait_for(state="detached")
    for route in held.routes:
        route.abort("internetdisconnected")
    dot.wait_for()
    assert things.world.run(is_unread)
    with phone.page.expect_response("**/member/messages/read"):
        newest.click()
    assert not things.world.run(is_unread)

    phone.net.break_off("/auth/logout")
    phone.open(member("settings")).tap("退出登录").confirm().at("pages/mine/index").see("登录 / 注册")
    assert not phone.page.evaluate("localStorage.getItem('crab.tokens')")


def test_every_answer_takes_long(phone, things):
    """Each page shows that it is being loaded, what is tapped twice opens once, and the card is redeemed."""
    number, _password = things.card()
    asked = []
    phone.enter_as(MEMBER).page.on("request", lambda request: asked.append((request.method, request.url)))

    def wait(path, act, method="GET", seen="[aria-busy=true]:visible"):
        held = phone.net.hold(path, method=method)
        with phone.sends(path, method):
            act()
        phone.page.locator(seen).first.wait_for()
        return held

    card = phone.page.locator(".item:visible", has_text=number)
    phone.page.goto("about:blank")
    wait("/member/cards", lambda: phone.page.goto(f"{phone.url}/m/#/{member('cards')}")).release()
    wait(f"/member/cards/{number}", card.dblclick).release()
    options = wait(f"/cards/{number}/redemption-options", phone.can_tap("我要提货").dblclick)
    addresses = wait("/member/addresses", options.release, seen=".redeem-form [aria-busy=true]:visible")
    choose_day(phone)
    phone.can_tap("确认提货").click(force=True)  # not before it is known where to
    addresses.release()
    phone.see("昆山市")
    sent = wait(f"/cards/{number}/redemptions", lambda: phone.tap("确认提货"), "POST", WHEEL)
    phone.page.locator(WHEEL).first.dblclick(force=True)
    sent.release()
    phone.at(member("redemption")).see("提货成功")
    assert not [one for one in asked if "/api/v1/" in one[1] and asked.count(one) > 1]
    phone.page.go_back()
    phone.at(member("card")).page.go_back()
    phone.at(member("cards"))
    assert things.world.run(redemptions(number)) == 1


# ---------------------------------------------------------------------- whether all of it is here

# nothing is made or moved by these
ASKED = {
    "POST /auth/login/wechat": "WeChat's own, test_wechat_build.py",
    "POST /auth/logout": "test_read_and_gone_whatever_the_network_does",
    "POST /dealer/card-orders/quote": "a price",
    "POST /orders/quote": "a price",
    "POST /redemptions/quick/options": "what a card gives",
}


def test_every_call_that_sends_is_driven():
    """A call of the page's that is new needs a flow."""

    def calls(pattern, *paths):
        found = [one for path in paths for one in re.findall(pattern, path.read_text(encoding="utf-8"))]
        return {f"{method.upper().replace('PATCH', 'POST')} {re.sub('{.*?}', '*', path)}" for method, path in found}

    source = crabenv.ROOT / "miniprogram" / "src"
    sent = calls(r"\b(post|put|patch|delete)[\w<>]*\(\s*'(/[^']+)'", *source.rglob("*.vue"), *source.rglob("*.ts"))
    steps = calls(r"()'(/dealer/card-orders/{order_id}/\w+)'", source / "packages" / "channel" / "documents.ts")
    driven = calls(r'"(POST|PUT|DELETE)",\s*f?"(/[^"]+)"', Path(__file__))
    assert (sent | {f"POST{step}" for step in steps}) - driven == set(ASKED)
