from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import RedemptionCase


class TestGreeting(RedemptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls._new_user("greeter", "customer_service")
        channel = {"greeting.due": ["_retry"]}  # any method of the model: events are not dispatched here
        cls.startClassPatcher(patch.object(type(cls.env["crab.outbox"]), "_handlers", return_value=channel))
        cls.company_partner = cls.env["res.partner"].create({"name": "示例企业", "is_company": True})

    def _greeting(self, phones, send_at=None):
        with Form(self.env["crab.greeting"].with_user(self.agent)) as form:
            form.partner_id = self.company_partner
            form.greeting = "中秋快乐"
            form.send_at = send_at or fields.Datetime.now() - timedelta(minutes=1)
        greeting = form.record
        self.env["crab.greeting.line"].with_user(self.agent).create(
            [
                {"greeting_id": greeting.id, "card_id": card.id, "phone": phone}
                for card, phone in zip(self.cards, phones, strict=False)
            ]
        )
        greeting.action_schedule()
        return greeting

    def _due_events(self):
        return self.env["crab.outbox"].search([("event", "=", "greeting.due")])

    @covers("HQ-31", "companies", "choose numbers", "SMS at the set time", "phone from the Excel", via="web")
    def test_what_is_due_is_handed_over_once(self):
        greeting = self._greeting(["13811111111", "13822222222"])
        self.assertEqual(self.env["crab.greeting"]._send_due(), 2)
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        self.assertEqual(len(self._due_events()), 2)
        self.assertEqual(greeting.count_sent, 2)

    def test_without_a_channel_everything_waits(self):
        greeting = self._greeting(["13811111111"])
        with patch.object(type(self.env["crab.outbox"]), "_handlers", return_value={}):
            self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        self.assertEqual(greeting.count_sent, 0)
        self.assertEqual(self.env["crab.greeting"]._send_due(), 1)

    def test_nothing_is_sent_before_its_time_or_when_cancelled(self):
        later = self._greeting(["13811111111"], fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        later.action_reset()
        later.send_at = fields.Datetime.now() - timedelta(days=1)
        later.action_cancel()
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)

    @covers("HQ-31", "phone from the redemption", via="web")
    def test_a_number_without_phone_waits_for_its_redemption(self):
        greeting = self._greeting([False])
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        self.assertEqual(greeting.count_waiting, 1)
        self._redeem(self.cards[0])
        self.assertEqual(self.env["crab.greeting"]._send_due(), 1)
        self.assertEqual(greeting.line_ids.phone, self.address["receiver_phone"])

    def test_a_number_belongs_to_one_gift_and_scheduled_ones_are_closed(self):
        greeting = self._greeting(["13811111111"])
        with self.assertRaises(UserError), self.cr.savepoint():
            self.env["crab.greeting.line"].with_user(self.agent).create(
                {"greeting_id": greeting.id, "card_id": self.cards[5].id}
            )
        with self.assertRaises(UserError), self.cr.savepoint():
            greeting.unlink()
        with self.assertRaises(UserError):
            greeting.action_schedule()

    @covers("HQ-31", "import numbers from Excel", via="import")
    def test_an_excel_file_makes_one_document_per_company_text_and_day(self):
        header = "企业名称,卡号,手机号,祝福语,发送日期\n"
        rows = [
            f"甲公司,{self.cards[0].number},13811111111,新年好,2099-01-01",
            f"甲公司,{self.cards[1].number},,新年好,2099-01-01",
            f"乙公司,{self.cards[2].number},13822222222,新年好,2099-01-01",
        ]
        Import = self.env["crab.import"].with_user(self.agent)
        refused = Import._run_file(
            "greeting", "bad.csv", (header + rows[0] + "\n甲公司,NOSUCH1,,好,2099-01-01").encode()
        )
        self.assertEqual((refused.state, refused.error_rows), ("refused", [3]))
        done = Import._run_file("greeting", "good.csv", (header + "\n".join(rows)).encode())
        self.assertEqual(done.state, "done")
        greetings = self.env["crab.greeting"].search([("send_at", "=", "2099-01-01 01:00:00")])
        self.assertEqual(sorted(greetings.mapped("count_numbers")), [1, 2])
        self.assertEqual(set(greetings.partner_id.mapped("name")), {"甲公司", "乙公司"})
