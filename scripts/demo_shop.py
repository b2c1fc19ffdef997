"""What the made-up company shows on a phone: goods with pictures, banners, pages, a member's cards, staff."""

import base64
import io

PRODUCTS = """\
编码,类型,分类,名称,零售价,服务费补贴,结算成本,提货规则,关联商品,单位
PKG003,现货套餐,家宴,家宴套餐 公4.5两 母3.5两 4对装,798.00,31.92,335.16,,,盒
PKG004,现货套餐,家宴,家宴套餐 公5.0两 母4.0两 5对装,1280.00,51.20,537.60,,,盒
PKG005,现货套餐,礼盒,尊享礼盒 公5.5两 母4.5两 4对装,1880.00,75.20,789.60,,,盒
PKG006,现货套餐,尝鲜,尝鲜装 公2.5两 母2.0两 3对装,268.00,10.72,112.56,,,盒
PKG007,现货套餐,尝鲜,全母蟹 2.5两 6只装,328.00,13.12,137.76,,,盒
PKG008,现货套餐,尝鲜,全公蟹 3.5两 6只装,428.00,17.12,179.76,,,盒
CARD003,实体提货卡,礼品卡,实体提货卡 1280型,1280.00,51.20,537.60,固定套餐,PKG004,张
ECARD01,电子提货卡,电子卡,电子提货卡 398型,398.00,15.92,167.16,固定套餐,PKG001,张
ECARD02,电子提货卡,电子卡,电子提货卡 任选型,598.00,23.92,251.16,任选,"PKG001,PKG002,PKG006",张
"""
RECOMMENDED = ("PKG001", "PKG002", "PKG004", "PKG006", "ECARD01", "CARD001")
DETAIL = """\
<h3>从湖区到餐桌</h3>
<p>每只蟹在湖区捆扎、称重、逐只检查，当日装箱，冷链送达。</p>
<ul><li>规格：以商品名称所示为准，单只误差不超过 0.2 两</li><li>包装：保温箱、冰袋、蟹醋与姜茶</li>
<li>保存：0～5℃ 冷藏，三日内食用</li></ul>
<h3>收到之后</h3>
<p>请当面验收。活蟹如有死亡，请在签收后 24 小时内拍照，从订单里申请售后。</p>
"""
ARTICLES = (
    ("蒸蟹的火候", "article", "<p>水开后腹部朝上入锅，三两以内蒸 15 分钟，四两蒸 18 分钟，五两蒸 20 分钟。</p>"),
    ("提货卡怎么用", "article", "<p>刮开涂层得到密码，在“提蟹”页输入卡号与密码，选择日期与地址即可，无需注册。</p>"),
    ("关于我们", "about", "<p>我们只做湖区直供的大闸蟹，从捕捞到送达不超过 48 小时。</p>"),
)
AGREEMENTS = (
    (
        "registration",
        "注册协议",
        "<p>本协议说明注册为会员后双方的权利与义务。</p><p>一、账号归本人使用，请妥善保管。</p>",
    ),
    (
        "service",
        "服务协议",
        "<p>本协议说明订购、提货与售后的规则。</p><p>一、活鲜商品签收后 24 小时内可以申请售后。</p>",
    ),
    ("supplier", "供应商协议", "<p>本协议说明供货的要求与结算方式。</p>"),
)
PAPER, SHELL, DARK, GOLD = (247, 239, 226), (196, 78, 46), (140, 51, 32), (196, 154, 74)


def picture(width, height, crabs, ground=PAPER):
    """A drawing of so many crabs, as a JPEG in base64."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    for ring in range(40, 0, -1):
        shade = tuple(min(255, value + (40 - ring) // 3) for value in ground)
        draw.ellipse(_box(width / 2, height * 0.55, width * ring / 60, height * ring / 60), fill=shade)
    across = min(crabs, 2 if width < height * 1.5 else 4)
    down = -(-crabs // across)
    size = min(width / across, height / down) * 0.36
    for number in range(crabs):
        x = width * (number % across + 0.5) / across
        y = height * (number // across + 0.55) / down
        _crab(draw, x, y, size)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=86)
    return base64.b64encode(target.getvalue())


def _box(x, y, rx, ry):
    return (x - rx, y - ry, x + rx, y + ry)


def _crab(draw, x, y, size):
    thick = max(3, int(size / 9))
    for side in (-1, 1):
        for step in range(4):
            knee = (x + side * size * 1.05, y - size * 0.25 + step * size * 0.26)
            foot = (x + side * size * (1.3 - step * 0.08), y + size * 0.1 + step * size * 0.3)
            draw.line([(x + side * size * 0.5, y + step * size * 0.12), knee, foot], fill=DARK, width=thick)
        claw = (x + side * size * 0.95, y - size * 0.85)
        draw.line([(x + side * size * 0.5, y - size * 0.2), claw], fill=DARK, width=thick * 2)
        draw.ellipse(_box(*claw, size * 0.32, size * 0.4), fill=SHELL, outline=DARK, width=thick // 2)
        draw.pieslice(_box(claw[0], claw[1] - size * 0.12, size * 0.3, size * 0.36), 245, 295, fill=PAPER)
    draw.ellipse(_box(x, y, size * 0.8, size * 0.62), fill=SHELL, outline=DARK, width=thick // 2)
    draw.arc(_box(x, y + size * 0.2, size * 0.5, size * 0.4), 200, 340, fill=DARK, width=max(2, thick // 2))
    for side in (-1, 1):
        draw.line(
            [(x + side * size * 0.22, y - size * 0.5), (x + side * size * 0.26, y - size * 0.78)],
            fill=DARK,
            width=thick // 2 or 1,
        )
        draw.ellipse(_box(x + side * size * 0.26, y - size * 0.82, size * 0.09, size * 0.09), fill=(43, 38, 34))


def dress_goods(env):
    """Pictures, texts, and which are recommended."""
    goods = env["product.template"].search([("crab_kind", "!=", False)], order="default_code")
    for number, product in enumerate(goods):
        card = product.crab_kind in ("physical_card", "ecard")
        ground = GOLD if card else PAPER
        product.write(
            {
                "image_1920": picture(800, 800, 1 if card else 2 + number % 3, ground),
                "crab_detail_html": DETAIL,
                "crab_is_recommended": product.default_code in RECOMMENDED,
            }
        )


def write_pages(env):
    articles = env["crab.article"].create(
        [{"title": title, "kind": kind, "body": body, "is_published": True} for title, kind, body in ARTICLES]
    )
    goods = {product.default_code: product for product in env["product.template"].search([("crab_kind", "!=", False)])}
    env["crab.banner"].create(
        [
            {
                "title": "开湖第一篓",
                "image": picture(1200, 520, 4, (240, 214, 190)),
                "target_kind": "product",
                "product_tmpl_id": goods["PKG004"].id,
                "sequence": 1,
            },
            {
                "title": "送人就送提货卡",
                "image": picture(1200, 520, 3, (233, 214, 170)),
                "target_kind": "category",
                "categ_id": goods["CARD001"].categ_id.id,
                "sequence": 2,
            },
            {
                "title": "蒸蟹的火候",
                "image": picture(1200, 520, 2, (221, 228, 214)),
                "target_kind": "article",
                "article_id": articles[0].id,
                "sequence": 3,
            },
        ]
    )
    drafts = env["crab.agreement"].create(
        [{"kind": kind, "title": title, "body": body} for kind, title, body in AGREEMENTS]
    )
    drafts.action_publish()
    env["res.config.settings"].create(
        {
            "crab_shop_name": "示例大闸蟹旗舰店",
            "crab_shop_phone": "4008000000",
            "crab_shop_city": "苏州市",
            "crab_shop_street": "示例路 1 号",
        }
    ).execute()


def meet_people(env, password_of):
    """A member with two cards and an address, and a staff member of the first dealer."""
    from odoo.addons.crab_base.tools.subject import Subject

    member = env["crab.member"].search([("number", "=", "M000001")])
    subject = Subject("member", member.id)
    cards = env["crab.card"].search([("number", "in", ("DEMO1000009", "DEMO1000010"))])
    for card in cards:
        env["crab.card"]._bind_for_subject(subject, card.number, password_of(card.number))
    district = env["crab.region"].search([("level", "=", "district"), ("name", "=", "昆山市")], limit=1)
    env["crab.member.address"]._add(
        subject,
        {
            "receiver_name": "会员一",
            "receiver_phone": "13800000001",
            "province_id": district.parent_id.parent_id.id,
            "city_id": district.parent_id.id,
            "district_id": district.id,
            "street": "示例路 8 号",
            "is_default": True,
        },
    )
    dealer = env["crab.dealer"].search([("code", "=", "A0001")])
    env["crab.dealer.staff"]._add_for_subject(Subject("dealer", dealer.id), "店员一", "13900000011", 0.1)


def shop_a_while(env, pay):
    """What the member has ordered, given away, redeemed and asked for; so the dealers above have earned.

    :param pay: ``pay(reference)`` pays at the sandbox of WeChat Pay
    """
    from odoo.addons.crab_base.tools.subject import Subject

    member = env["crab.member"].search([("number", "=", "M000001")])
    subject = Subject("member", member.id)
    place = env["crab.member.address"].search([("member_id", "=", member.id)], limit=1)
    names = ("receiver_name", "receiver_phone", "province_id", "city_id", "district_id", "street")
    address = {name: place[name] if isinstance(place[name], str) else place[name].id for name in names}
    goods = {product.default_code: product for product in env["product.product"].search([("crab_kind", "!=", False)])}

    def order(number, code, quantity=1, is_paid=True):
        made = env["crab.shop"]._place(member, [(goods[code], quantity, 0)], address=address, key=f"demo-{number}")
        if is_paid:
            payment = made._crab_wechat_payment("native")
            payment._wechatpay_prepay("native")
            pay(payment.reference)
            payment._wechatpay_settle()
            payment._post_process()
        return made

    def ship(made, tracking):
        deliveries = env["crab.delivery"].search([("order_id", "=", made.id)])
        deliveries._ship("顺丰速运", dict.fromkeys(deliveries.ids, tracking))

    order(1, "PKG004", is_paid=False)
    order(2, "PKG003", 2)
    on_its_way, received, complained = order(3, "PKG006"), order(4, "PKG005"), order(5, "PKG007")
    for number, made in enumerate((on_its_way, received, complained), 1):
        ship(made, f"SF100000000000{number}")
    (received + complained)._crab_receive()
    line = complained.order_line.filtered(lambda line: line.crab_role == "goods")
    env["crab.aftersale"]._ask(subject, complained.public_id, [(line, 1, None)], "refund", "quality", "有一只不太活")
    order(6, "ECARD01", 2)
    ecards = env["crab.card"].search([("kind", "=", "ecard"), ("member_id", "=", member.id)])
    env["crab.card.gift"]._give(subject, ecards[:1].id, "中秋快乐")
    [card] = env["crab.card"].search([("number", "=", "DEMO1000009")])
    env["crab.redemption"]._redeem(subject, card, address)
    for code in ("PKG004", "ECARD02"):
        env["crab.favourite"]._add(subject, goods[code].product_tmpl_id)
