from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ConcurrencyError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools import transaction

from ..models.crab_account import PhoneRequired
from ..tools import client
from .common import WechatCase

PHONE = "13700000001"


class TestLogin(WechatCase):
    def login(self, openid="o-1", unionid="", phone=None):
        phone_code = phone and self.phone_code(phone)
        return self.Account._wechat_login(self.js_code(openid, unionid), phone_code)

    @covers("IF-03", "mini-program login")
    @covers("MB-02", "WeChat login")
    def test_who_is_known_logs_in(self):
        self.bind(self.account, "o-1")
        self.assertEqual(self.login(), self.account)
        self.assertFalse(self.received("phone"))

    @covers("MB-03", "a known phone merges into its account")
    def test_known_phone_takes_the_open_id(self):
        with self.assertRaises(PhoneRequired):
            self.login()
        self.assertEqual(self.login(phone=self.account.phone.removeprefix("+86")), self.account)
        self.assertEqual(self.login(), self.account, "from now on known")
        self.assertEqual(
            self.account.openid_ids.mapped(lambda row: (row.app, row.openid)), [(self.program.app_id, "o-1")]
        )

    def test_unknown_phone_makes_an_account(self):
        account = self.login("o-new", "u-new", PHONE)
        self.assertEqual((account.phone, account.union_id, account.name), (f"+86{PHONE}", "u-new", "137****0001"))
        self.assertEqual(self.login("o-new"), account)

    def test_the_union_id_knows_a_person_in_another_program(self):
        account = self.login("o-old", "u-1", PHONE)
        account.openid_ids.unlink()
        self.assertEqual(self.login("o-2", "u-1"), account)
        self.assertEqual(account.openid_ids.openid, "o-2")

    def test_an_account_without_a_number_merges_into_that_of_the_number(self):
        guest = self.Account.create({"name": "By WeChat"})
        self.bind(guest, "o-guest")
        self.assertEqual(self.login("o-guest"), guest)
        got = self.login("o-guest", phone=self.account.phone.removeprefix("+86"))
        self.assertEqual((got, guest.merged_into_id), (self.account, self.account))
        self.assertEqual(self.login("o-guest"), self.account)
        other = self.Account.create({"name": "By WeChat"})
        self.bind(other, "o-other")
        self.assertEqual(self.login("o-other", phone=PHONE), other)
        self.assertEqual(other.phone, f"+86{PHONE}")

    def test_a_new_wechat_takes_the_place_of_the_old_one(self):
        account = self.login("o-1", "u-1", PHONE)
        self.assertEqual(self.login("o-2", "u-2", PHONE), account)
        self.assertEqual((account.openid_ids.openid, account.union_id), ("o-2", "u-2"))
        with self.assertRaises(PhoneRequired):
            self.login("o-1", "u-1")

    def test_a_closed_account_is_not_logged_in(self):
        account = self.login("o-1", "u-1", PHONE)
        account.action_close()
        with self.assertRaises(PhoneRequired):
            self.login("o-1", "u-1")
        self.assertNotEqual(self.login("o-1", "u-1", PHONE), account)

    def test_codes_count_once_and_are_good_again_after_a_refusal(self):
        js_code, phone_code = self.js_code("o-new"), self.phone_code(PHONE)
        for kind, code in (("login", js_code), ("phone", phone_code)):
            self.env["crab.wechat.login"]._answer_to(self.program, kind, code)  # committed by itself, on a server
        with self.assertRaises(PhoneRequired):
            self.Account._wechat_login(js_code)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.Account._wechat_login(js_code, phone_code)
            raise ZeroDivisionError  # what comes after it in the request
        self.env.invalidate_all()
        self.assertEqual(self.Account._wechat_login(js_code, phone_code).phone, f"+86{PHONE}")
        self.assertEqual((len(self.received("session")), len(self.received("phone"))), (1, 1))
        self.words(js_code, phone_code)

    def test_a_request_that_is_run_again_asks_wechat_once(self):
        """As on a server: what is kept is committed, and the transaction that began before does not see it."""
        js_code = self.js_code("o-again")
        self.bind(self.account, "o-again")
        kept = []

        def elsewhere(_registry, func, **_options):
            kept.append(func)

        with patch.object(transaction, "run", elsewhere), self.assertRaises(ConcurrencyError):
            self.Account._wechat_login(js_code)
        kept[-1](self.env)
        self.assertEqual(self.Account._wechat_login(js_code), self.account)
        self.assertEqual(len(self.received("session")), 1)
        with self.assertRaisesRegex(UserError, "expired"):
            self.Account._wechat_login(js_code)
        self.assertEqual(len(self.received("session")), 1)

    def test_used_and_wrong_and_old_codes_are_refused_alike(self):
        self.bind(self.account, "o-1")
        js_code = self.js_code()
        self.Account._wechat_login(js_code)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=6)):
            words = {
                self.words(js_code),
                self.words("nonsense"),
                self.words(""),
                self.words("a b\0"),
                self.words("x" * 300),
            }
        self.assertEqual(len(words), 1, words)

    def words(self, *codes):
        with self.assertRaises(UserError) as refusal:
            self.Account._wechat_login(*codes)
        self.assertNotIsInstance(refusal.exception, PhoneRequired)
        return str(refusal.exception)

    def test_a_phone_number_of_another_program_is_not_taken(self):
        code = self.phone_code(PHONE, appid="wx-other")
        self.assertIn("cannot be reached", self.words(self.js_code(), code))
        self.assertFalse(self.Account._find_by_phone(PHONE))

    def test_wechat_away(self):
        self.sandbox.ctl("fault", on="session", do="status", status=500)
        self.assertIn("try again", self.words(self.js_code()))
        self.sandbox.ctl("settings", refuse={"session": 45011})
        self.assertIn("busy", self.words(self.js_code()))

    def test_without_a_program_it_is_said(self):
        self.program.active = False
        self.assertIn("not set up", self.words("code"))

    def test_answers_are_forgotten(self):
        self.bind(self.account, "o-1")
        self.login()
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.env["crab.wechat.login"]._gc_old()
        self.assertFalse(self.env["crab.wechat.login"].search([("app_id", "=", self.program.id)]))

    def test_the_number_of_another_country(self):
        got = client.Client("wx", "s")
        with patch.object(
            client.Client,
            "_call",
            return_value={
                "phone_info": {"purePhoneNumber": "91234567", "countryCode": "852", "watermark": {"appid": "wx"}}
            },
        ):
            self.assertEqual(got.phone("token", "code"), {"phone": "+85291234567"})
