from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers, sandbox
from odoo.addons.crab_card.tests.common import make_numbers
from odoo.addons.crab_sms.tests.common import account_values

from .test_notice import NoticeCase


class NoticeSmsCase(NoticeCase):
    """The Sales company sends by Tencent Cloud; the sandbox plays it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = sandbox("sms").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.env["crab.sms.account"].search([]).active = False
        cls.account = cls.env["crab.sms.account"].create(
            {"company_id": cls.sales.id, **account_values(cls.sandbox, "tencent")}
        )
        cls.shipped, cls.greeting = cls.env["crab.sms.template"].create(
            [
                {
                    "name": "Shipped",
                    "account_id": cls.account.id,
                    "body": "您的订单{order}已发货，{carrier} {tracking}，请留意查收。",
                    "provider_code": "1000002",
                },
                {
                    "name": "Greeting",
                    "account_id": cls.account.id,
                    "key": "greeting",
                    "body": "{company}祝您：{text}",
                    "provider_code": "1000003",
                },
            ]
        )
        cls.admin = cls._new_user("sms-admin", "admin")

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("reset")
        self.sandbox.ctl("settings", pace=False, credit=None, report="", bad_numbers=[], blacklist=[])
        self.before = len(self.sandbox.ctl("messages"))

    def sent(self):
        """``[(phone, text)]`` that the provider got in this test."""
        self.env.flush_all()
        self.env.ref("crab_sms.cron_queue").method_direct_trigger()
        self.env.invalidate_all()
        return [(one["phone"], one["text"]) for one in self.sandbox.ctl("messages")[self.before :]]


class TestNoticeSms(NoticeSmsCase):
    def _switch_on(self, event="order.to_receive"):
        with Form(self._words(event).with_user(self.admin)) as form:
            form.is_sms = True
            form.sms_template_id = self.shipped

    @covers("IF-02", "triggers on order state")
    def test_a_shipped_order_is_told_by_sms_once(self):
        self._switch_on()
        order = self._paid([(self.thousand, 1)])
        self._ship(order)
        self._tell()
        notice = self.Notice.search([("event", "=", "order.to_receive"), ("member_id", "=", self.member.id)])
        self.assertEqual(notice.sms_state, "outgoing")
        [(phone, text)] = self.sent()
        self.assertEqual(phone, self.member.phone)
        self.assertIn(f"您的订单{order.name}已发货，SF", text)
        self.assertEqual(notice.sms_state, "pending")
        events = self.env["crab.outbox"].search([("id", "=", notice.event_id)])
        self.Notice._make(events)
        self.assertEqual(len(self.sent()), 1, "handed over twice, told once")

    def test_by_default_nothing_is_told_by_sms(self):
        self._ship(self._paid([(self.thousand, 1)]))
        self._tell()
        self.assertFalse(self.sent())

    def test_what_is_undone_sends_nothing(self):
        self._switch_on()
        order = self._paid([(self.thousand, 1)])
        self._ship(order)
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self._tell()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.sent())

    def test_the_text_names_what_the_event_can(self):
        words = self._words("wallet.short")
        with self.assertRaisesRegex(ValidationError, "approved text"):
            words.is_sms = True
        words.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "tracking"):
            words.write({"is_sms": True, "sms_template_id": self.shipped.id})
        self._switch_on()
        with self.assertRaisesRegex(ValidationError, "friend"):
            self.shipped.body = "{friend}"

    def test_a_notice_reaches_the_app_though_its_sms_fails(self):
        self._switch_on()
        self.sandbox.ctl("settings", credit=0)
        self._ship(self._paid([(self.thousand, 1)]))
        self.assertIn("order.to_receive", dict(self._told()))
        self.assertFalse(self.sent())
        notice = self.Notice.search([("event", "=", "order.to_receive"), ("member_id", "=", self.member.id)])
        self.assertEqual((notice.sms_state, notice.sms_id.failure_type), ("error", "sms_credit"))


class TestGreetingSms(NoticeSmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls._new_user("greeter", "customer_service")
        cls.cards = make_numbers(cls.env, cls._new_card_product("T-PRINTED", 1000), 2, "GREET")

    def _greeting(self, *phones):
        with Form(self.env["crab.greeting"].with_user(self.agent)) as form:
            form.partner_id = self.env["res.partner"].create({"name": "示例企业", "is_company": True})
            form.greeting = "中秋快乐"
            form.send_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["crab.greeting.line"].with_user(self.agent).create(
            [
                {"greeting_id": form.record.id, "card_id": card.id, "phone": phone}
                for card, phone in zip(self.cards, phones, strict=False)
            ]
        )
        form.record.action_schedule()
        return form.record

    def _hand_over(self):
        self.env["crab.greeting"]._send_due()
        while self.env["crab.outbox"]._dispatch("_sms_greeting"):
            pass

    @covers("HQ-31", "SMS at the set time", via="web")
    def test_a_greeting_goes_out_once_per_line_and_failures_are_seen(self):
        self.sandbox.ctl("settings", bad_numbers=["2"])
        greeting = self._greeting("13811111111", "13822222222")
        self._hand_over()
        self.assertEqual(self.sent(), [("+8613811111111", "【示例公司】示例企业祝您：中秋快乐")])
        self._hand_over()
        self.env["crab.outbox"].search([("event", "=", "greeting.due")])._sms_greeting()
        self.assertEqual(len(self.sent()), 1)
        good, bad = greeting.line_ids.with_user(self.agent)
        self.assertEqual((good.sms_state, bad.sms_state), ("pending", "error"))
        self.assertIn("does not take this phone number", bad.sms_reason)
        keeper = self._new_user("greet-keeper", "card_keeper")
        self.assertEqual((greeting.count_failed, greeting.with_user(keeper).count_failed), (1, 1))
        self.assertEqual(bad.with_user(keeper).sms_state, "error")
        self.assertEqual(bad.action_open_sms()["res_id"], bad.sms_id.id)

    def test_without_an_approved_text_everybody_waits(self):
        self.greeting.active = False
        greeting = self._greeting("13811111111")
        self._hand_over()
        self.assertEqual((greeting.count_sent, greeting.line_ids.state), (0, "waiting"))
        self.greeting.active = True
        self._hand_over()
        self.assertEqual(len(self.sent()), 1)

    def test_text_that_is_switched_off_meanwhile_keeps_the_event(self):
        self._greeting("13811111111")
        self.env["crab.greeting"]._send_due()
        self.greeting.active = False
        with mute_logger("odoo.addons.crab_base.models.crab_outbox_delivery"):
            self.env["crab.outbox"]._dispatch("_sms_greeting")
        delivery = self.env["crab.outbox.delivery"].search([("consumer", "=", "_sms_greeting")], limit=1)
        self.assertEqual(delivery.state, "failed")
        self.greeting.active = True
        delivery.next_try_at = fields.Datetime.now()
        self.env["crab.outbox"]._dispatch("_sms_greeting")
        self.assertEqual(len(self.sent()), 1)
