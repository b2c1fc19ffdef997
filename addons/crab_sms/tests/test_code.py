import re
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools import transaction

from .common import E164, PHONE, SmsCase

SOURCE = "203.0.113.7"


class TestCode(SmsCase):
    """A code proves that somebody holds a phone: five minutes, once, five tries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["crab.sms.template"].create(
            {
                "name": "Code",
                "account_id": cls.tencent.id,
                "key": "code",
                "body": "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。",
                "provider_code": "1000001",
            }
        )
        cls.Code = cls.env["crab.sms.code"]

    def setUp(self):
        super().setUp()
        own = self._own_transactions_here()
        own.__enter__()
        self.addCleanup(own.__exit__, None, None, None)

    def ask(self, phone=PHONE, purpose="login", source=SOURCE):
        self.Code._request(phone, purpose, source)
        return self.Code.search([], limit=1)

    def received(self, phone=E164):
        """The code as the receiver reads it."""
        self.run_queue()
        return re.search(r"\d{6}", self.sandbox.ctl("messages", phone=phone)[-1]["text"])[0]

    def check(self, code, phone=PHONE, purpose="login", source=SOURCE):
        self.Code._check(phone, purpose, code, source)

    def refused(self, *args, **kwargs):
        """The words of the refusal; what was counted meanwhile stays, as it is committed by itself."""
        try:
            self.check(*args, **kwargs)
        except UserError as refusal:
            return str(refusal)
        return self.fail("the code was accepted")

    @covers("IF-01", "one use")
    def test_code_is_good_once(self):
        row = self.ask()
        code = self.received()
        self.check(code)
        self.assertEqual(row.state, "used")
        self.assertIn("wrong or has expired", self.refused(code))

    def test_typed_by_a_chinese_keyboard(self):
        self.ask()
        self.check(" " + "".join(chr(ord(digit) + 0xFEE0) for digit in self.received()) + " ")

    @covers("IF-01", "expiry")
    def test_code_is_good_for_five_minutes(self):
        row = self.ask()
        code = self.received()
        with freeze_time(fields.Datetime.add(row.asked_at, minutes=5)):
            row.invalidate_recordset()
            self.assertEqual(row.state, "expired")
            self.refused(code)
        self.check(code)

    def test_code_is_for_its_phone_and_its_purpose_only(self):
        self.ask()
        code = self.received()
        words = {self.refused(code, purpose="password"), self.refused(code, phone="13900000002")}
        self.assertEqual(len(words), 1, "the same words, whatever is wrong")
        self.check(code)

    def test_a_new_code_ends_the_one_before(self):
        first = self.ask()
        old = self.received()
        with freeze_time(fields.Datetime.add(first.asked_at, seconds=61)):
            self.ask()
            new = self.received()
            if old != new:
                self.refused(old)
            self.check(new)
        self.assertTrue(first.replaced_at)

    def test_five_wrong_tries_end_it(self):
        row = self.ask()
        code = self.received()
        wrong = f"{(int(code) + 1) % 10**6:06}"
        for _try in range(5):
            self.refused(wrong)
        self.assertEqual(row.state, "wrong")
        self.refused(code)

    def test_wrong_tries_stay_whatever_becomes_of_the_request(self):
        """Counted in a transaction of its own, asserted from the values that are handed to it."""
        self.ask()
        ran = []

        def run(registry, func, **options):
            ran.append(func(self.env(**options)))

        with patch.object(transaction, "run", run), self.assertRaises(UserError), self.env.cr.savepoint():
            self.check("x")
        self.assertEqual(ran, [None])

    def test_too_many_wrong_codes_from_one_source(self):
        self.env["ir.config_parameter"].set_param("crab_sms.code_wrong_source_hour", "3")
        for number in range(3):
            self.refused("000000", phone=f"1390000010{number}")
        self.ask()
        code = self.received()
        self.assertIn("from this network", self.refused(code))
        self.check(code, source="203.0.113.8")

    @covers("IF-01", "limits per phone and address")
    def test_limits_per_phone(self):
        start = fields.Datetime.now()
        asked = 0
        for minute in range(0, 26 * 60, 13):
            with freeze_time(fields.Datetime.add(start, minutes=minute)):
                try:
                    self.ask(source=f"source {minute}")
                    asked += 1
                except UserError:
                    continue
                if asked < 5:
                    with self.assertRaisesRegex(UserError, "wait a minute"):
                        self.ask(purpose="password", source="another")
            if minute < 60:
                self.assertLessEqual(asked, 5)
            if minute <= 24 * 60:
                self.assertLessEqual(asked, 10)
        self.assertGreater(asked, 10, "the next day it goes on")

    @covers("IF-01", "limits per phone and address")
    def test_limits_per_source_and_in_all(self):
        params = self.env["ir.config_parameter"]
        params.set_param("crab_sms.code_source_hour", "2")
        for number in range(2):
            self.ask(phone=f"1390000020{number}")
        with self.assertRaisesRegex(UserError, "Too many codes"):
            self.ask(phone="13900000209")
        self.ask(phone="13900000209", source="203.0.113.9")
        params.set_param("crab_sms.code_day", "3")
        with self.assertRaisesRegex(UserError, "Too many codes"):
            self.ask(phone="13900000208", source="203.0.113.10")
        self.assertEqual(self.Code.search_count([("phone", "=like", "+861390000020%")]), 3)

    def test_known_and_unknown_phones_are_treated_alike(self):
        """Nobody is looked up, so nothing can be told from answer or time."""
        self.env["crab.account"]._get_or_create([{"name": "Known", "phone": PHONE}])
        self.env.flush_all()
        counts = []
        for phone in (PHONE, "13900000099"):
            self.Code._request("13911111111" if phone == PHONE else "13911111112", "phone", "warm")
            start = self.env.cr.sql_log_count
            self.assertIsNone(self.Code._request(phone, "login", phone))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])

    def test_nothing_shows_the_code(self):
        row = self.ask()
        code = self.received()
        sms = row.sms_id
        self.assertEqual((sms.state, sms.crab_params), ("pending", False))
        self.assertNotIn(code, sms.body)
        self.assertNotIn(code, row.code_hash)
        self.env.cr.execute("SELECT row_to_json(s)::text || row_to_json(c)::text FROM sms_sms s, crab_sms_code c")
        self.assertNotIn(
            code, re.sub(r"[0-9a-f]{32,}|\d{4}-\d\d-\d\dT[\d:.]+|\d+:[0-9a-f]+", "", self.env.cr.fetchone()[0])
        )

    def test_code_is_not_sent_after_its_time_nor_again(self):
        row = self.ask()
        with freeze_time(fields.Datetime.add(row.asked_at, minutes=6)):
            self.run_queue()
        self.assertEqual((row.sms_id.state, row.sms_id.crab_code), ("error", "late"))
        self.assertFalse(self.sandbox.ctl("received"))
        self.assertFalse(row.sms_id.crab_params)
        with self.assertRaisesRegex(UserError, "asks for a new one"):
            row.sms_id.with_user(self.agent).action_crab_retry()

    def test_codes_overtake_greetings(self):
        self.queue(self.shipped, PHONE)
        self.ask()
        self.run_queue()
        self.assertRegex(self.sent()[0]["text"], "验证码")

    def test_no_phone_and_no_account(self):
        for phone in ("", None, "abc", "138", "\0"):
            with self.subTest(phone), self.assertRaisesRegex(UserError, "not a phone number"):
                self.ask(phone=phone)
        self.tencent.active = False
        with self.assertRaisesRegex(UserError, "not set up"):
            self.ask()

    def test_whoever_asks_for_support_is_found(self):
        row = self.ask()
        shown = row.with_user(self.agent).read(["phone", "state", "sms_state"])[0]
        self.assertEqual((shown["phone"], shown["state"], shown["sms_state"]), (E164, "open", "outgoing"))
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            row.with_user(self.agent).read(["code_hash"])

    def test_old_ones_are_forgotten(self):
        row = self.ask()
        with freeze_time(fields.Datetime.add(row.asked_at, days=31)):
            self.Code._gc_old()
            self.env["crab.sms.limit"]._gc_old()
        self.assertFalse(row.exists())
        self.assertFalse(self.env["crab.sms.limit"].search([]))
