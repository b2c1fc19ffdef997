import base64
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
        cls.startClassPatcher(patch.object(type(cls.env["crab.greeting"]), "_has_channel", return_value=True))
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
        with patch.object(type(self.env["crab.greeting"]), "_has_channel", return_value=False):
            self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        self.assertEqual(greeting.count_sent, 0)
        self.assertEqual(self.env["crab.greeting"]._send_due(), 1)

    def test_nothing_is_sent_before_its_time_or_when_cancelled(self):
        later = self._greeting(["13811111111"], fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        later.action_reset()
        later.send_at = fields.Datetime.now() - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "is over"):
            later.action_schedule()  # a mistyped year would greet everybody at once
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

    def test_what_was_greeted_is_never_greeted_again(self):
        greeting = self._greeting(["13811111111"])
        self.env["crab.greeting"]._send_due()
        greeting.action_reset()
        line = greeting.line_ids
        for attack in (
            lambda: line.write({"state": "waiting"}),
            lambda: line.write({"sent_at": False}),
            lambda: line.write({"phone": "13822222222"}),
            line.unlink,
            greeting.unlink,
            lambda: greeting.write({"state": "scheduled"}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                attack()
        greeting.action_schedule()
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        with self.assertRaises(UserError):
            greeting.greeting = "changed while scheduled"

    def test_a_cancelled_number_is_neither_added_nor_greeted(self):
        greeting = self._greeting(["13811111111"])
        self.cards[0]._cancel(self.cards[0].batch_id)
        self.assertEqual(self.env["crab.greeting"]._send_due(), 0)
        greeting.action_reset()
        greeting.line_ids.unlink()
        with self.assertRaises(UserError):
            self.env["crab.greeting.line"].create({"greeting_id": greeting.id, "card_id": self.cards[0].id})

    @covers("HQ-31", "choose numbers", via="web")
    def test_numbers_are_chosen_by_list_and_range(self):
        with Form(self.env["crab.greeting"].with_user(self.agent)) as form:
            form.partner_id, form.greeting, form.send_at = self.company_partner, "好", fields.Datetime.now()
        greeting, numbers = form.record, self.cards.mapped("number")
        action = greeting.action_add_numbers()
        with Form(self.env[action["res_model"]].with_user(self.agent).with_context(**action["context"])) as form:
            form.numbers = f" {numbers[5].lower()}\n{numbers[6]}"
            form.first_number, form.last_number = numbers[0], numbers[2]
        form.record.action_add()
        self.assertEqual(greeting.line_ids.card_id, self.cards[:3] | self.cards[5:7])
        with self.assertRaises(UserError):
            form.record.action_add()

    @covers("HQ-31", "import numbers from Excel", via="web")
    def test_customer_service_imports_the_file_in_the_web_client(self):
        text = f"企业名称,卡号,手机号,祝福语,发送日期\n丙公司,{self.cards[3].number},138 1111 1111,新年好,2099-02-01"
        defaults = {"default_kind": "greeting", "default_file_name": "gifts.csv"}
        with Form(self.env["crab.import"].with_user(self.agent).with_context(**defaults)) as form:
            form.file = base64.b64encode(text.encode())
        form.record.action_import()
        self.assertEqual(form.record.state, "done", form.record.error_ids.mapped("reason"))
        line = self.cards[3].env["crab.greeting.line"].search([("card_id", "=", self.cards[3].id)])
        self.assertEqual((line.phone, line.greeting_id.partner_id.name), ("13811111111", "丙公司"))

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
