from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import WechatCase

BODY = "character_string1: {order}\nthing2: {goods}\nphrase3: 已发货\ncharacter_string4: {tracking}"
SHIPPED = "TEMPLATE-SHIPPED"


class TestMessages(WechatCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["crab.wechat.template"].create(
            {"name": "Shipped", "app_id": cls.program.id, "template_id": SHIPPED, "body": BODY}
        )
        cls.admin = cls._new_user("wechat-admin", "admin")
        cls.agent = cls._new_user("wechat-agent", "customer_service")

    def setUp(self):
        super().setUp()
        self.openid = f"o-{self.account.id}"
        self.bind(self.account, self.openid)
        self.before = len(self.sandbox.ctl("messages"))

    def switch_on(self):
        with Form(self._words("order.to_receive").with_user(self.admin)) as form:
            form.is_wechat = True
            form.wechat_template_id = self.template

    def subscribe(self, times=1):
        self.sandbox.ctl("subscribe", openid=self.openid, template=SHIPPED, times=times)

    def shipped(self):
        order = self._paid([(self.thousand, 1)])
        self._delivery(order)._ship("SF", {self._delivery(order).id: "SF123"})
        self._tell()
        notice = self.Notice.search([("event", "=", "order.to_receive"), ("document_id", "=", order.id)])
        return order, notice.wechat_message_id

    def sent(self):
        self.run_job("cron_messages")
        return self.sandbox.ctl("messages")[self.before :]

    @covers("MB-30", "subscribe message on order change")
    def test_a_shipped_order_is_told_once(self):
        self.switch_on()
        self.subscribe(5)
        order, message = self.shipped()
        self.assertEqual(message.state, "outgoing")
        [told] = self.sent()
        self.assertEqual(told["openid"], self.openid)
        self.assertEqual(told["page"], "pages/launch/index")
        values = {
            "character_string1": order.name,
            "thing2": "Product T-1000 × 1",
            "phrase3": "已发货",
            "character_string4": "SF123",
        }
        self.assertEqual(told["data"], values)
        self.assertEqual(message.state, "sent")
        self.Notice._make(self.env["crab.outbox"].search([("aggregate_id", "=", order.id)]))
        self.assertEqual(len(self.sent()), 1)

    def test_by_default_nothing_is_told_and_what_is_undone_neither(self):
        self.shipped()
        self.switch_on()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.shipped()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.sent())

    def test_who_does_not_use_the_program_gets_none(self):
        self.switch_on()
        self.account.openid_ids.unlink()
        _order, message = self.shipped()
        self.assertFalse(message)

    def test_without_a_quota_it_is_final_and_no_failure(self):
        self.switch_on()
        _order, message = self.shipped()
        self.assertFalse(self.sent())
        self.assertEqual((message.state, message.code), ("not_subscribed", "43101"))
        with self.assertRaises(UserError):
            message.with_user(self.agent).action_retry()
        self.subscribe()
        self.assertFalse(self.sent())

    def test_busy_and_used_up_are_tried_again(self):
        self.switch_on()
        self.subscribe()
        _order, message = self.shipped()
        for code, seconds in ((-1, 60), (45009, 3600)):
            with self.subTest(code):
                self.sandbox.ctl("settings", refuse={"notice": code})
                self.assertFalse(self.sent())
                self.assertEqual(message.state, "outgoing")
                wait = (message.next_try_at - fields.Datetime.now()).total_seconds()
                self.assertAlmostEqual(wait, seconds, delta=30)
                self.assertFalse(self.sent(), "not before its time")
                message.next_try_at = fields.Datetime.now()
        self.sandbox.ctl("settings", refuse={})
        self.assertEqual(len(self.sent()), 1)

    def test_no_connection_is_tried_again(self):
        self.switch_on()
        self.subscribe()
        _order, message = self.shipped()
        self.program.base_url = "http://127.0.0.1:9"
        self.sent()
        self.assertEqual((message.state, message.code), ("outgoing", "unreachable"))
        self.program.base_url = self.sandbox.url
        message.next_try_at = fields.Datetime.now()
        self.assertEqual(len(self.sent()), 1)

    def test_a_lost_answer_sends_nothing_twice(self):
        self.switch_on()
        self.subscribe(2)
        _order, message = self.shipped()
        self.sandbox.ctl("fault", on="notice", do="lose")
        self.assertEqual(len(self.sent()), 1)
        self.assertEqual((message.state, message.code), ("error", "unknown"))
        self.assertEqual(len(self.sent()), 1)

    def test_a_process_that_was_killed_sends_nothing_twice(self):
        self.switch_on()
        self.subscribe(2)
        _order, message = self.shipped()
        self.assertTrue(self.env["crab.wechat.message"]._take())
        self.assertFalse(self.sent())
        self.assertEqual(message.state, "process")
        message.taken_at = fields.Datetime.now() - timedelta(minutes=6)
        self.assertFalse(self.sent())
        self.assertEqual((message.state, message.code), ("error", "unknown"))

    def test_wrong_templates_are_said_and_sent_again(self):
        self.switch_on()
        self.subscribe(2)
        _order, message = self.shipped()
        self.template.template_id = "OTHER"
        self.assertFalse(self.sent())
        self.assertEqual(message.state, "error")
        self.assertIn("number of the template", message.reason)
        self.template.template_id = SHIPPED
        message.with_user(self.agent).action_retry()
        self.assertEqual(len(self.sent()), 1)

    def test_a_token_that_ended_does_not_keep_a_message_back(self):
        self.switch_on()
        self.subscribe()
        self.shipped()
        self.env["crab.wechat.token"]._get(self.program)
        self.sandbox.ctl("end_tokens")
        self.assertEqual(len(self.sent()), 1)

    def test_long_values_are_cut_and_empty_ones_dashed(self):
        data = self.template._data({"order": "S1", "goods": "蟹" * 30, "tracking": ""})
        self.assertEqual((len(data["thing2"]), data["thing2"][-1], data["character_string4"]), (20, "…", "-"))

    def test_what_is_entered_is_checked(self):
        for body in ("nonsense", "thing1 {goods}", "thing1: {goods}\nthing1: {order}", "other1: {goods}", " \n "):
            with self.subTest(body), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.template.body = body
        words = self._words("wallet.short")
        with self.assertRaisesRegex(ValidationError, "Choose the subscribe message"), self.env.cr.savepoint():
            words.is_wechat = True
        with self.assertRaisesRegex(ValidationError, "tracking"), self.env.cr.savepoint():
            words.write({"is_wechat": True, "wechat_template_id": self.template.id})
        self.switch_on()
        with self.assertRaisesRegex(ValidationError, "friend"), self.env.cr.savepoint():
            self.template.body = "thing1: {friend}"

    def test_many_notices_ask_for_open_ids_once(self):
        rows = [(self.account, {"order": str(number), "goods": "x", "tracking": ""}) for number in range(5)]
        Message, counts = self.env["crab.wechat.message"], []
        for few in (rows[:1], rows):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(len(Message._queue(self.template, few)), len(few))
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_what_was_sent_to_an_erased_person_goes(self):
        self.switch_on()
        account = self.Account.create({"name": "Somebody", "phone": "13611112222"})
        self.bind(account, "o-erased")
        [message] = self.env["crab.wechat.message"]._queue(
            self.template, [(account, {"order": "S1", "goods": "x", "tracking": ""})]
        )
        account.with_user(self.admin)._erase_person("Asked for it.")
        self.assertFalse(message.exists())
