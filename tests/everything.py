"""A business in which every model of the suite has a record: what tests about rights, bad input and screens look at."""

import base64
import contextlib
from decimal import Decimal

from world import ADDRESS, PASSWORD, World, new_dealer, redeem

import harness

# 3 × 2 pixels
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEUlEQVR4nGP8v5QBApgYYAAAHsMBqGMfgmwAAAAASUVORK5CYII="
VOUCHER = base64.b64encode(b"%PDF-1.4\n%%EOF")


def system():
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("system", 1)


class Everything(World):
    """``W-A`` is a dealer of the sales rep, who has the department manager; ``W-Z`` is nobody's of the sales team.

    One direct sale, one batch of numbers and their documents belong to the Sales company, the rest to the Group or to
    no company. ``users`` are the ids of a user per role in both companies, by role.
    """

    def __init__(self, registry):
        super().__init__(registry)
        self.users = self.run(harness.make_users)
        self.run(self._make_parties)
        self.fund(stored=20_000, credit=5_000)
        self._make_cards()
        for make in (
            self._make_sales,
            self._make_redemptions,
            self._make_money,
            self._make_rest,
            self._make_shop,
            self._make_site,
        ):
            self.run(make)

    def run(self, func, **kwargs):
        """In Chinese, as users work: what is written down keeps its language."""
        return super().run(func, **{"context": {"lang": "zh_CN", "tz": "Asia/Shanghai"}, **kwargs})

    def _make_parties(self, env):
        users = env["res.users"].browse
        users(self.users["sales_rep"]).crab_manager_id = users(self.users["department_manager"])
        top = env["crab.dealer"].browse(self.top_id)
        top.user_id = users(self.users["sales_rep"])
        stranger = new_dealer(env, "W-Z", level="1", dealer_type="city_partner", ratio=0.62)
        members = env["crab.member"].create(
            [
                {"name": "会员甲", "phone": "13700000002", "tag_ids": [(0, 0, {"name": "老客户"})]},
                {"name": "会员乙", "phone": "13700000003"},
            ]
        )
        for number, (dealer, member) in enumerate(zip(top | stranger, members, strict=True)):
            staff = env["crab.dealer.staff"].create(
                {"dealer_id": dealer.id, "name": "店员", "phone": f"1370000001{number}", "commission_ratio": 0.1}
            )
            member._set_owner(dealer, staff, "门店介绍")
            env["crab.dealer.invitation"].create({"dealer_id": dealer.id, "level": "3", "ratio": 0.8})
            env["crab.dealer.application"].create(
                {
                    "name": "新门店",
                    "contact_name": "申请人",
                    "phone": f"1370000002{number}",
                    "level": "3",
                    "dealer_type": "small_merchant",
                    "parent_id": dealer.id,
                    "ratio": 0.8,
                }
            )
        other = env["product.template"].create(
            {
                "name": "另一张卡",
                "default_code": "W-CARD2",
                "list_price": 500,
                "crab_kind": "physical_card",
                "crab_rule": "fixed",
                "crab_choice_ids": [(6, 0, [self.package_id])],
            }
        )
        self.other_card_id = other.product_variant_id.id
        env["crab.account.openid"].create({"account_id": members[0].account_id.id, "app": "wxapp", "openid": "o-1"})
        new_dealer(env, "W-N", level="1", dealer_type="exclusive_store", ratio=0.6)
        env["crab.member.level"].create({"name": "备用等级", "ratio": 0.95})
        self.stranger_id = stranger.id
        self.member_id, self.other_member_id = members.ids

    def _make_cards(self):
        self.active_ids = self.active(6, "EVA")
        self.issued_ids = self.issued(4, "EVI")
        self.platform_ids = self.numbers(4, "EVP")
        for ids, steps in ((self.platform_ids[:2], ("submit",)), (self.platform_ids[2:3], ())):
            self.run(
                lambda env, ids=ids, steps=steps: self.document(
                    env, "issue", ids, steps, receiver_dealer_id=self.stranger_id
                )
            )
        own, self.top_id = self.top_id, self.stranger_id
        self.fund(credit=100)
        self.active(2, "EVZ")
        self.top_id = own

    def _make_sales(self, env):
        """A member buys a number of the Sales company."""
        self._make_numbers_of_sales(env)
        orders = env["crab.card.order"].create(
            [
                {
                    "kind": "direct",
                    "receiver_member_id": member_id,
                    "line_ids": [(0, 0, {"product_id": self.card_product_id, "quantity": 1, "unit_price": 950})],
                }
                for member_id in (self.member_id, self.other_member_id)
            ]
        )
        for order in orders:
            order.action_submit()
        self.direct_draft_id = orders[0].copy().id
        sold = orders[0]
        sold.action_confirm_payment("BANK-1")
        sold._link_cards(env["crab.card"].search([("number", "=", "EVS000001")]).ids)
        sold.action_send()
        sold.action_receive()
        sold.action_activate_received()

    def _make_numbers_of_sales(self, env):
        lines = "".join(f"EVS{number:06},{PASSWORD},W-CARD\n" for number in range(1, 4))
        done = env["crab.import"]._run_file("card_sales", "EVS.csv", f"卡号,卡密,卡编码\n{lines}".encode())
        assert done.state == "done", done.error_ids.mapped("reason")

    def _make_redemptions(self, env):
        made = env["crab.redemption"]
        for number in ("EVA000001", "EVA000002", "EVA000003", "EVZ000001", "EVS000001"):
            made |= redeem(env, number, key=f"all-{number}")
        for redemption in (made[0], made[4]):
            redemption.delivery_id._ship("顺丰", {redemption.delivery_id.id: "SF1"})
        made[1]._cancel("地址错误")
        self.redemption_ids = made.ids

    def _make_money(self, env):
        from odoo.addons.crab_base.tools.timezone import business_date

        documents = env["crab.wallet.document"]
        for dealer_id, amount in ((self.top_id, 24_000), (self.stranger_id, 50)):
            dealer = env["crab.dealer"].browse(dealer_id)
            env["crab.wallet"]._charge(dealer, Decimal(amount), dealer, "activation", "everything-debt")
            documents._open(dealer, "repayment", Decimal(10), f"everything-repayment-{dealer_id}")
        draft = {"kind": "topup", "dealer_id": self.top_id, "amount": 1, "bank_reference": "BANK-2"}
        above = {**draft, "amount": 10**9 + 1, "voucher": VOUCHER, "voucher_name": "v.pdf"}
        _draft, waiting = documents.create([draft, above])
        waiting.action_confirm()
        assert waiting.state == "waiting"
        documents.create(draft).action_cancel()
        for role in ("group", "sales"):
            env["crab.ledger.batch"]._post_day(env["res.company"]._crab_company(role), business_date())
        env["crab.ledger.batch"]._post_supply(business_date())
        env["crab.ledger.check"].action_run()
        env["crab.outbox"]._emit("wallet.short", env["crab.wallet"].search([], limit=1), {"missing": "1.00"})

    def _make_rest(self, env):
        from odoo.exceptions import UserError

        refused = env["crab.import"]._run_file("card", "bad.csv", "卡号,卡密,卡编码\nEVB000001,1234,NONE\n".encode())
        assert refused.state == "refused"
        with contextlib.suppress(UserError):
            env["crab.card"]._open_with_password(system(), "EVA000001", "wrong")
        env["crab.card.generate"].create({"product_id": self.card_product_id, "count": 2}).action_generate()
        greetings = env["crab.greeting"].create(
            [
                {
                    "partner_id": env["res.partner"].create({"name": "示例企业", "is_company": True}).id,
                    "greeting": "中秋快乐",
                    "send_at": "2030-09-25 01:00:00",
                    "line_ids": [(0, 0, {"card_id": card_id, "phone": "13700000006"})],
                }
                for card_id in self.issued_ids[:3]
            ]
        )
        greetings[1:].action_schedule()
        greetings[2].action_cancel()
        env["product.product"].browse(self.package_id).product_tmpl_id.crab_settlement_price = 500
        env["product.product"].browse(self.package_id).product_tmpl_id.action_crab_put_on_sale()
        env["crab.carrier"].create({"name": "示例快递", "code": "SLKD"})
        rule = {"region_ids": [], "first_price": 12, "next_price": 3}
        env["crab.freight.template"].create({"name": "示例运费", "rule_ids": [(0, 0, rule)]})
        member = env["crab.member"].search([], limit=1)
        env["crab.cart.line"]._put(member, env["product.product"].browse(self.package_id), 2)
        goods, package, empty = env["product.template"].create(
            [
                {"name": "散装大闸蟹", "default_code": "W-B2B", "list_price": 50, "crab_kind": "b2b"},
                {"name": "组合套餐", "default_code": "W-SET", "list_price": 400, "crab_kind": "package"},
                {"name": "新组合套餐", "default_code": "W-SET2", "list_price": 400, "crab_kind": "package"},
            ]
        )
        env["crab.package.part"].create(
            {"package_tmpl_id": package.id, "product_id": goods.product_variant_id.id, "quantity": 8}
        )
        self.goods_id, self.empty_package_tmpl_id = goods.product_variant_id.id, empty.id
        env["crab.chain.seal"]._seal_and_check("crab.card.event")
        env["crab.import.progress"].create({"import_ref": refused.id, "done": 1, "total": 2})
        env["crab.idempotency"]._run(system(), "POST /everything", "key", {}, lambda: {"id": 1})

    def _make_shop(self, env):
        """Orders of the shop in every state that somebody acts on, and what dealers and staff earn with them."""
        from odoo.addons.crab_base.tools.subject import Subject
        from odoo.addons.crab_base.tools.timezone import business_date

        members = env["crab.member"].browse([self.member_id, self.other_member_id])
        package = env["product.product"].browse(self.package_id)
        ecard = env["product.template"].create(
            {
                "name": "电子卡",
                "default_code": "W-ECARD",
                "list_price": 500,
                "crab_kind": "ecard",
                "crab_rule": "fixed",
                "crab_choice_ids": [(6, 0, package.ids)],
                "crab_state": "on_sale",
            }
        )
        env["product.product"]._crab_adjust_stock({ecard.product_variant_id: 100})
        sold = shop_order(env, members[0], ecard.product_variant_id, quantity=3)
        cards = env["crab.card"].search([("batch_id.name", "=", sold.name)], order="number")
        giver, taker = (Subject("member", member.id) for member in members)
        _open, taken = (env["crab.card.gift"]._give(giver, card.id) for card in cards[:2])
        env["crab.card.gift"]._claim(taker, taken.token)
        env["ir.config_parameter"].set_param("crab_shop.ecard_audit", "True")
        env["ir.config_parameter"].set_param("crab_shop.split_shipping", "True")
        received, _shipped, _paid, other, _audit, _unpaid = (
            shop_order(env, member, product, until)
            for member, product, until in (
                (members[0], package, "received"),
                (members[0], package, "shipped"),
                (members[0], package, "paid"),
                (members[1], package, "received"),
                (members[0], ecard.product_variant_id, "paid"),
                (members[0], package, "placed"),
            )
        )
        env["crab.earning"]._credit_orders(received | other)
        buyer = {"kind": "company", "title": "示例有限公司", "tax_number": "91310000MA1K000000"}
        fapiao = env["crab.fapiao"]._ask(received, buyer) | env["crab.fapiao"]._ask(other, buyer)
        fapiao[0].write({"number": "F-1", "issued_date": business_date()})
        fapiao[0].action_issue()
        for order, amount in ((received, 10), (other, 20)):
            goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
            env["crab.refund"]._refund(order, [(goods, 0, amount)], "少发")
        self._make_aftersales(env, members)
        for member, order, score in ((members[0], received, 5), (members[1], other, 2)):
            subject, goods = (
                Subject("member", member.id),
                order.order_line.filtered(lambda line: line.crab_role == "goods"),
            )
            review = {"line_id": goods.id, "score": score, "text": "蟹很肥"}
            env["crab.review"]._write_review(subject, order.id, [review])._answer("谢谢")
            env["crab.favourite"]._add(subject, goods.product_id.product_tmpl_id)
            district = env["crab.region"].search([("code", "=", "310101")])
            receiver = {"receiver_name": "收货人", "receiver_phone": "13700000009", "street": "示例路1号"}
            env["crab.member.address"]._add(subject, {**receiver, "district_id": district.id})
        card = {"bank_name": "银行", "bank_account": "622202001111222233", "bank_holder": "持卡人"}
        asked = [
            env["crab.withdrawal"]._request(Subject("dealer", dealer_id), Decimal(10), card)
            for dealer_id in (self.top_id, self.top_id, self.top_id, self.stranger_id)
        ]
        (asked[1] | asked[2]).action_approve()
        (asked[1] | asked[2]).bank_reference = "BANK-3"
        asked[2].action_mark_paid()
        self._make_bill(env, received)
        for staff in members.staff_id:
            env["crab.staff.settlement"]._settle_for_subject(
                Subject("dealer", staff.dealer_id.id), staff.id, Decimal(1)
            )
        env["crab.outbox"]._dispatch("_notice")
        self._make_sms(env)
        self._make_wechat(env, received)

    def _make_sms(self, env):
        """Accounts of both companies, an SMS of each in several states, and a code that was asked for."""
        for name, provider in (("group", "aliyun"), ("sales", "tencent")):
            account = env["crab.sms.account"].create(
                {
                    "company_id": env["res.company"]._crab_company(name).id,
                    "provider": provider,
                    "sign_name": "示例公司",
                    "key_id": "KEY",
                    "new_secret": "secret",
                    "app_id": "1400000001",
                    "endpoint": "http://127.0.0.1:9",
                }
            )
            _code, news = env["crab.sms.template"].create(
                [
                    {"account_id": account.id, "name": "验证码", "key": "code", "body": "{code}", "provider_code": "1"},
                    {"account_id": account.id, "name": "通知", "body": "订单{order}", "provider_code": "2"},
                ]
            )
            _waiting, failed = env["sms.sms"]._crab_queue(news, [("13700000002", {"order": "S1"})] * 2)
            failed._crab_fail("unknown")
        env["crab.sms.code"]._make("+8613700000002", "login", "203.0.113.7", "123456")
        self._make_logins(env)

    def _make_logins(self, env):
        """A member who is logged in, one who was wrong, a picture on its way."""
        from odoo.addons.crab_base.tools.subject import Subject

        member = env["crab.member"].browse(self.member_id)
        env["crab.session"]._open(member.account_id, "member", "sms", "203.0.113.7", "MP-1")
        env["crab.login.attempt"]._count_try(member.account_id.phone, "203.0.113.7", "MP-1")
        env["crab.upload"]._keep(Subject("member", member.id), base64.b64decode(PICTURE))

    def _make_wechat(self, env, order):
        """A mini-program that reaches nobody, and a row of all that it keeps."""
        app = env["crab.wechat.app"].create(
            {
                "name": "示例小程序",
                "app_id": "wx0123456789abcdef",
                "new_app_secret": "secret",
                "new_message_token": "token",
                "new_aes_key": "a" * 43,
                "base_url": "http://127.0.0.1:9",
            }
        )
        template = env["crab.wechat.template"].create(
            {"name": "发货通知", "app_id": app.id, "template_id": "T-1", "body": "thing1: {goods}"}
        )
        account = order.crab_member_id.account_id
        env["crab.account.openid"].create({"account_id": account.id, "app": app.app_id, "openid": "o-1"})
        _waiting, failed = env["crab.wechat.message"]._queue(template, [(account, {"goods": "蟹"})] * 2)
        failed.write({"state": "error", "code": "unknown"})
        env["crab.wechat.login"]._keep(app.id, "login", "0" * 64, {"openid": "o-1", "union_id": ""})
        env["crab.wechat.scene"]._kept(app.id, "home", "home", "picture")
        env["crab.wechat.event"]._note_refused("form", "203.0.113.7")
        env["crab.wechat.shipping"].create(
            {"order_id": order.id, "transaction_id": order.crab_transaction_id.id, "state": "error", "code": "carrier"}
        )

    def _make_aftersales(self, env, members):
        """Requests of both members about orders that are not credited yet: to be decided, to be sent back, done."""
        from odoo.addons.crab_base.tools.subject import Subject

        package = env["product.product"].browse(self.package_id)
        requests = env["crab.aftersale"]
        for number, kind in ((0, "refund"), (0, "return"), (0, "refund"), (1, "refund")):
            order = shop_order(env, members[number], package, "received")
            goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
            subject = Subject("member", members[number].id)
            requests |= requests._ask(subject, order.public_id, [(goods, 1, None)], kind, "quality", text="一只死蟹")
        requests[1]._approve()
        requests[2]._approve()

    def _make_site(self, env):
        """What the shop shows and hears besides goods."""
        from odoo.addons.crab_base.tools.subject import Subject

        subject = Subject("member", self.member_id)
        article, _draft = env["crab.article"].create(
            [{"title": "关于我们", "kind": "about", "is_published": True}, {"title": "保存方法"}]
        )
        env["crab.banner"].create(
            [
                {"title": "开湖", "image": PICTURE, "target_kind": "article", "article_id": article.id},
                {
                    "title": "活动",
                    "image": PICTURE,
                    "target_kind": "url",
                    "url": "https://shop.example.com",
                    "end_at": "2026-01-01 00:00:00",
                },
            ]
        )
        agreement, _draft = env["crab.agreement"].create(
            [{"kind": "service", "title": "服务协议", "body": "<p>条款</p>"} for _number in range(2)]
        )
        agreement.action_publish()
        agreement._accept(subject)
        feedback = [env["crab.feedback"]._send(subject, text).sudo(False) for text in ("很好", "有一只死蟹")]
        feedback[1].action_take()
        _picture, video = env["crab.media"].create(
            [
                {"name": "湖面", "content": PICTURE, "tag_ids": [(0, 0, {"name": "产地"})]},
                {"name": "捕捞", "kind": "video", "url": "https://storage.example.com/catch.mp4"},
            ]
        )
        env["crab.media.hit"]._record([(video.id, 1, 1_000_000)])

    def _make_bill(self, env, order):
        """A bill of WeChat Pay with an order's payment and a refund that is unknown to us, and a notification."""
        provider = env["payment.provider"].search(
            [("code", "=", "wechatpay"), ("company_id", "=", order.company_id.id)], limit=1
        )
        bill = env["payment.wechatpay.bill"].create({"provider_id": provider.id, "date": "2026-01-05"})
        common = {"bill_id": bill.id, "currency_id": order.currency_id.id, "traded_at": "2026-01-05 02:00:00"}
        bill.line_ids.create(
            [
                {
                    **common,
                    "direction": "in",
                    "out_trade_no": order.crab_transaction_id.reference,
                    "amount_in": order.amount_total,
                    "fee": 1,
                },
                {**common, "direction": "out", "out_trade_no": "OTHER", "out_refund_no": "OTHER-1", "amount_out": 5},
            ]
        )
        bill.state = "loaded"
        bill._compare()
        env["payment.wechatpay.notification"].create(
            {
                "provider_id": provider.id,
                "notification_id": "N-1",
                "state": "unmatched",
                "last_received_at": "2026-01-05 02:00:00",
                "first_received_at": "2026-01-05 02:00:00",
            }
        )


def shop_order(env, member, product, until="paid", quantity=2):
    """An order of the shop, taken to ``placed``, ``paid``, ``shipped`` or ``received``."""
    order = env["crab.shop"]._place(member, [(product, quantity, 0)], address=ADDRESS)
    if until == "placed":
        return order
    provider = env["payment.provider"].search([("code", "!=", "wechatpay")], limit=1)
    method = env["payment.method"].with_context(active_test=False).search([], limit=1)
    transaction = env["payment.transaction"]._crab_start(order, provider, method)
    transaction._set_done()
    transaction._post_process()
    if until in ("shipped", "received"):
        env["crab.delivery"].search([("order_id", "=", order.id)])._ship("顺丰")
    if until == "received":
        order._crab_receive()
    return order
