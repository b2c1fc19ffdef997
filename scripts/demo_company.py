"""A small made-up company, entered through the imports and documents that users use; ``scripts/run`` calls it.

usage: demo_company.py DATABASE ADDRESS     of the sandbox of WeChat Pay

It reads the passwords of the users, by login, as JSON from its input.
"""

import json
import sys

import demo_shop
import sandboxes

import crabenv

NAMES = {
    "admin": "总部管理员",
    "finance": "财务",
    "card_keeper": "卡管员",
    "warehouse": "仓库",
    "customer_service": "客服",
    "sales_rep": "销售员",
    "department_manager": "部门主管",
    "auditor": "审计",
}
PRODUCTS = """\
编码,类型,分类,名称,零售价,服务费补贴,结算成本,提货规则,关联商品,单位
PKG001,现货套餐,礼盒,示例套餐 公3.0两 母2.0两 4对装,398.00,15.92,167.16,,,盒
PKG002,现货套餐,礼盒,示例套餐 公4.0两 母3.0两 4对装,598.00,23.92,251.16,,,盒
CARD001,实体提货卡,礼品卡,示例提货卡 398型,398.00,15.92,167.16,固定套餐,PKG001,张
CARD002,实体提货卡,礼品卡,示例提货卡 598型 任选,598.00,23.92,251.16,任选,"PKG001,PKG002",张
"""
DEALERS = """\
编码,名称,联系人,手机号,等级,类型,上级编码,折扣,省,市,区,地址,纬度,经度,储值,额度
A0001,示例专卖店,联系人一,13900000001,一级,专卖店,,0.60,江苏省,苏州市,昆山市,示例路1号,31.39,120.98,20000,5000
A0002,示例城市合伙人,联系人二,13900000002,一级,城市合伙人,,0.58,上海市,上海市,浦东新区,示例路2号,31.22,121.54,10000,0
B0001,示例经销商,联系人三,13900000003,二级,经销商,A0001,0.70,江苏省,苏州市,吴中区,示例路3号,31.26,120.63,0,0
C0001,示例小商户,联系人四,13900000004,三级,小商户,B0001,0.80,江苏省,苏州市,吴中区,示例路4号,31.27,120.64,0,0
"""
LEVELS = """\
名称,折扣,累计消费
普通会员,1.00,0
银卡会员,0.98,2000
金卡会员,0.95,8000
"""
MEMBERS = """\
会员号,姓名,手机号,等级,归属渠道商,邀请会员号,注册日期
M000001,会员一,13800000001,普通会员,A0001,,2026-09-01
M000002,会员二,13800000002,银卡会员,B0001,,2026-09-02
M000003,会员三,13800000003,金卡会员,C0001,M000002,2026-09-03
"""


def password_of(number):
    """The password of a card ``DEMO<product><six digits>`` or ``SHOP<product><six digits>``."""
    return f"{(int(number[5:]) * 7919 + int(number[4]) * 104729) % 100000000:08d}"


def numbers_of(issuer, count):
    """The file of so many numbers of each card."""
    numbers = (f"{issuer}{product}{number:06d}" for product in (1, 2, 3) for number in range(1, count + 1))
    return "卡号,卡密,卡编码\n" + "".join(f"{number},{password_of(number)},CARD00{number[4]}\n" for number in numbers)


CARDS = numbers_of("DEMO", 200)  # the Group's, which dealers sell
SHOP_CARDS = numbers_of("SHOP", 30)  # the Sales company's, which the shop sells
OPENING_STOCK = 1000


def load(env, kind, name, text):
    """Import the CSV file that a user would bring."""
    done = env["crab.import"]._run_file(kind, f"{name}.csv", text.encode())
    if done.state != "done":
        errors = done.error_ids.mapped("reason") if "error_ids" in done._fields else done.error_rows
        crabenv.die(f"the file {name} was {done.state}: {errors}")


def make_users(env, passwords):
    companies = env["res.company"]._crab_company("group") | env["res.company"]._crab_company("sales")
    for login, password in passwords.items():
        values = {
            "name": NAMES[login],
            "login": login,
            "password": password,
            "lang": "zh_CN",
            "tz": "Asia/Shanghai",
            "company_id": companies[:1].id,
            "company_ids": [(6, 0, companies.ids)],
        }
        role = env.ref(f"crab_base.group_{login}")
        if login == "admin":
            env.ref("base.user_admin").write({**values, "group_ids": [(4, role.id)]})
        else:
            env["res.users"].with_context(no_reset_password=True).create({**values, "group_ids": [(6, 0, role.ids)]})
    return env.ref("base.user_admin").id


def open_stock(env):
    products = env["product.product"].search([("crab_kind", "in", ("package", "b2b", "ecard"))])
    env["product.product"]._crab_adjust_stock(dict.fromkeys(products, OPENING_STOCK))


def issue_and_activate(env):
    """The platform issues 50 numbers to the store, which receives them and activates ten."""
    from odoo.addons.crab_base.tools.subject import Subject

    dealer = env["crab.dealer"].search([("code", "=", "A0001")])
    cards = env["crab.card"]._lowest([("number", "=like", "DEMO1%")], 50)
    platform, store = Subject.of(env), Subject("dealer", dealer.id)
    order = env["crab.card.order"]._create_for_subject(platform, "issue", cards, receiver_dealer_id=dealer.id)
    order._step_for_subject(platform, "submit")
    order._step_for_subject(store, "receive")
    activation = env["crab.card.order"]._create_for_subject(store, "activation", cards[:10])
    activation._step_for_subject(store, "submit")
    activation._step_for_subject(store, "execute")


def open_payments(env, sandbox):
    """The Sales company takes payments at the sandbox of WeChat Pay."""
    provider = env["payment.provider"].search(
        [("code", "=", "wechatpay"), ("company_id", "=", env["res.company"]._crab_company("sales").id)]
    )
    provider.write(
        {**sandboxes.wechatpay_values(), "wechatpay_base_url": sandbox, "state": "test", "is_published": True}
    )


def open_sms(env):
    """The Sales company sends its SMS to the sandbox of Tencent Cloud, where they are read."""
    own = sandboxes.sms_credentials("tencent")
    account = env["crab.sms.account"].create(
        {
            "company_id": env["res.company"]._crab_company("sales").id,
            "provider": "tencent",
            "new_secret": own.pop("key_secret"),
            "endpoint": f"http://127.0.0.1:{sandboxes.SMS_PORT}",
            **own,
        }
    )
    texts = (
        ("验证码", "code", "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。", "1000001"),
        ("企业祝福", "greeting", "{company}祝您：{text}", "1000003"),
        ("订单发货", False, "您的订单{order}已发货，{carrier} {tracking}，请留意查收。", "1000002"),
    )
    env["crab.sms.template"].create(
        [
            {"account_id": account.id, "name": name, "key": key, "body": body, "provider_code": code}
            for name, key, body, code in texts
        ]
    )


def open_wechat(env):
    """The mini-program of the sandbox of WeChat; a shipped order is told by it."""
    own = sandboxes.wechat_credentials()
    app = env["crab.wechat.app"].create(
        {
            "name": "示例小程序",
            "base_url": f"http://127.0.0.1:{sandboxes.WECHAT_PORT}",
            **{name if name in ("app_id", "corp_id", "service_url") else f"new_{name}": own[name] for name in own},
        }
    )
    shipped = env["crab.wechat.template"].create(
        {
            "name": "订单发货",
            "app_id": app.id,
            "template_id": "TEMPLATE-SHIPPED",
            "body": "character_string1: {order}\nthing2: {goods}\nphrase3: 已发货\ncharacter_string4: {tracking}",
        }
    )
    words = env["crab.notice.template"].search([("event", "=", "order.to_receive")])
    words.write({"is_wechat": True, "wechat_template_id": shipped.id})


def main(database, wechatpay):
    passwords = json.load(sys.stdin)
    registry = crabenv.open_registry(database)
    crabenv.ensure_card_keys()
    from odoo.addons.crab_base.tools import transaction

    user_id = transaction.run(registry, lambda env: make_users(env, passwords))

    def step(func):
        transaction.run(registry, func, uid=user_id, context={"lang": "zh_CN", "tz": "Asia/Shanghai"})

    enter_business(step)
    transaction.run(registry, lambda env: open_payments(env, wechatpay))
    step(lambda env: demo_shop.shop_a_while(env, lambda number: sandboxes.tell(wechatpay, "pay", out_trade_no=number)))
    transaction.run(registry, open_sms)
    transaction.run(registry, open_wechat)


def enter_business(step):
    """Goods, dealers, members, cards; ``step(func)`` calls ``func(env)`` as the admin in a transaction of its own."""
    step(lambda env: load(env, "product", "products", PRODUCTS))
    step(lambda env: load(env, "product", "more-products", demo_shop.PRODUCTS))
    step(open_stock)
    step(lambda env: load(env, "member_level", "member-levels", LEVELS))
    step(lambda env: load(env, "dealer", "dealers", DEALERS))
    step(lambda env: load(env, "member", "members", MEMBERS))
    step(lambda env: load(env, "card", "card-numbers", CARDS))
    step(lambda env: load(env, "card_sales", "card-numbers-of-the-shop", SHOP_CARDS))
    step(issue_and_activate)
    step(demo_shop.dress_goods)
    step(demo_shop.write_pages)
    step(lambda env: demo_shop.meet_people(env, password_of))


if __name__ == "__main__":
    main(*sys.argv[1:])
