from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import jwt
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_member.tests.common import MemberCase
from odoo.addons.crab_sms.tests.common import SmsCase

from ..errors import ApiError
from ..models import crab_login_attempt
from .common import ApiCase

PASSWORD = "Crab-2026"


class AuthCase(ApiCase, MemberCase, SmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._new_member("Fang")
        cls.account = cls.member.account_id
        cls.account._set_password(PASSWORD)
        cls.env["crab.sms.template"].search([("key", "=", "code")]).key = False
        cls.env["crab.sms.template"].create(
            {
                "name": "Code",
                "account_id": cls.tencent.id,
                "key": "code",
                "body": "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。",
                "provider_code": "1000001",
            }
        )

    def setUp(self):
        super().setUp()
        self.enterContext(self._own_transactions_here())

    def code(self, phone, purpose="login"):
        """The code that the SMS would bring."""
        with patch("odoo.addons.crab_sms.models.crab_sms_code.secrets.randbelow", return_value=123456):
            sent = self.api().post("/auth/sms-codes", json={"phone": phone, "purpose": purpose})
        self.assertEqual(sent.status, 204, sent.json)
        return "123456"

    def login(self, phone, **values):
        return self.api().post("/auth/login/sms", json={"phone": phone, "code": self.code(phone), **values})

    def wrong(self, phone, count, source="testclient"):
        """So many wrong passwords; what a request commits on its own would be undone with it here."""
        for _time in range(count):
            self.env["crab.login.attempt"]._try(phone, source, "")

    def password(self, phone, password, **values):
        return self.api().post("/auth/login/password", json={"phone": phone, "password": password, **values})


class TestSmsLogin(AuthCase):
    @covers("MB-04", "log in with phone and SMS code", via="api")
    def test_known(self):
        got = self.login(self.member.phone)
        self.assertEqual((got.status, got.json["role"], got.json["is_new"]), (200, "member", False))
        roles = self.api().use(got.json).get("/auth/roles")
        self.assertEqual([role["role"] for role in roles.json["items"]], ["member"])

    @covers("MB-04", "an unknown phone registers", via="api")
    def test_unknown_registers(self):
        got = self.login("13700000001")
        self.assertEqual((got.status, got.json["is_new"]), (200, True))
        member = self.env["crab.member"].search([("phone", "=", "+8613700000001")])
        self.assertEqual((member.name, member.level_id), ("137****0001", self.base))

    @covers("MB-01", "a level's invitation link registers a member of that level", via="api")
    def test_invited_to_level(self):
        got = self.login("13700000001", invite=self.silver._token())
        self.assertEqual(got.status, 200)
        self.assertEqual(self.env["crab.member"].search([("phone", "=", "+8613700000001")]).level_id, self.silver)

    @covers("MB-01", "member belongs to the inviter's dealer", via="api")
    @covers("MB-01", "staff invitation also names the staff member", via="api")
    @covers("CH-32", "who registers belongs to the dealer", via="api")
    @covers("CH-32", "who registers by staff belongs to the staff member too", via="api")
    def test_invited_by_staff(self):
        self.assertEqual(self.login("13700000001", invite=self.staff.invite_code).status, 200)
        member = self.env["crab.member"].search([("phone", "=", "+8613700000001")])
        self.assertEqual((member.dealer_id, member.staff_id), (self.dealer2, self.staff))

    def test_wrong_invitation_changes_nothing(self):
        got = self.login("13700000001", invite="NONSENSE")
        self.assertEqual((got.status, got.code), (422, "refused"))
        self.assertFalse(self.env["crab.account"].search([("phone", "=", "+8613700000001")]))

    @covers("IF-01", "one use", via="api")
    def test_code_counts_once_and_for_its_purpose(self):
        phone = self.member.phone
        code = self.code(phone, "password")
        self.assertEqual(self.api().post("/auth/login/sms", json={"phone": phone, "code": code}).status, 422)
        self.assertEqual(self.login("13700000001").status, 200)
        again = self.api().post("/auth/login/sms", json={"phone": "13700000001", "code": "123456"})
        self.assertEqual(again.status, 422)

    def test_dealer_and_staff(self):
        self.assertEqual(self.login(self.dealer1.phone).json["role"], "dealer")
        self.assertEqual(self.login(self.staff.phone).json["role"], "staff")

    def test_closed_member(self):
        self.member.account_id._set_closed()
        got = self.login(self.member.phone)  # the number is free: somebody new
        self.assertTrue(got.json["is_new"])
        self.assertNotEqual(self.env["crab.session"].search([], limit=1).account_id, self.account)


class TestCodes(AuthCase):
    """Asking for codes and guessing them, from one network and from many (IF-01)."""

    def ask(self, phone, source="203.0.113.1", purpose="login"):
        return self.api(source=source).post("/auth/sms-codes", json={"phone": phone, "purpose": purpose})

    def guess(self, phone, source):
        """A wrong code; what a request commits on its own would be undone with it here."""
        try:
            self.env["crab.sms.code"]._check(phone, "login", "000000", source)
        except UserError as error:
            return error
        raise AssertionError("a wrong code was accepted")

    @covers("IF-01", "expiry", via="api")
    def test_good_for_five_minutes(self):
        code = self.code(self.member.phone)
        values = {"phone": self.member.phone, "code": code}
        with freeze_time(fields.Datetime.now() + timedelta(minutes=5, seconds=1)):
            self.assertEqual(self.api().post("/auth/login/sms", json=values).status, 422)
        self.assertEqual(self.api().post("/auth/login/sms", json=values).status, 200)

    @covers("IF-01", "limits per phone and address", via="api")
    def test_one_phone_flooded_from_many_addresses(self):
        start = fields.Datetime.now()
        sent = []
        for second in range(0, 24 * 3600, 613):
            with freeze_time(start + timedelta(seconds=second)):
                for number, purpose in enumerate(("login", "password", "card")):
                    got = self.ask("13700000001", f"203.0.113.{(second + number) % 251}", purpose)
                    if got.status == 204:
                        sent.append(second)
                    else:
                        self.assertEqual((got.status, got.code), (429, "too_many"))
                        self.assertIn(got.headers["Retry-After"], ("60", "3600", "86400"))
        self.assertEqual(len(sent), 10, "a day")
        self.assertEqual(sum(second < 3600 for second in sent), 5, "an hour")
        self.assertEqual(len(set(sent)), 10, "a minute, whatever it is for")

    @covers("IF-01", "limits per phone and address", via="api")
    def test_many_phones_flooded_from_one_address_and_from_many(self):
        for number in range(30):
            self.assertEqual(self.ask(f"137000010{number:02}").status, 204)
        self.assertEqual(self.ask("13700001099").status, 429)
        self.assertEqual(self.ask("13700001099", "203.0.113.2").status, 204)
        self.env["ir.config_parameter"].set_param("crab_sms.code_day", "32")
        self.assertEqual(self.ask("13700001098", "203.0.113.3").status, 204)
        self.assertEqual(self.ask("13700001097", "203.0.113.4").status, 429, "in all")

    def test_guessed_from_many_addresses(self):
        """Five wrong ones end a code, wherever they come from; one address is wrong fifty times an hour."""
        phone = self.member.phone
        self.code(phone)
        for number in range(5):
            self.guess(phone, f"203.0.113.{number}")
        got = self.api(source="203.0.113.9").post("/auth/login/sms", json={"phone": phone, "code": "123456"})
        self.assertEqual(got.status, 422)
        for number in range(49):
            self.guess(f"137000020{number:02}", "203.0.113.1")
        other = "13700000002"
        self.code(other)
        got = self.api(source="203.0.113.1").post("/auth/login/sms", json={"phone": other, "code": "123456"})
        self.assertEqual((got.status, got.code, got.headers["Retry-After"]), (429, "too_many", "3600"))
        got = self.api(source="203.0.113.2").post("/auth/login/sms", json={"phone": other, "code": "123456"})
        self.assertEqual(got.status, 200)


class TestPasswordLogin(AuthCase):
    @covers("MB-05", "log in with phone and password", via="api")
    def test_right(self):
        got = self.password(self.member.phone, PASSWORD)
        self.assertEqual((got.status, got.json["role"]), (200, "member"))
        self.assertEqual(self.env["crab.login.attempt"].search([], limit=1).outcome, "ok")

    def test_wrong_and_unknown_alike(self):
        wrong, unknown = self.password(self.member.phone, "nonsense1"), self.password("13700000009", "nonsense1")
        self.assertEqual(wrong.status, 401)
        self.assertEqual(wrong.json, unknown.json)

    @covers("MB-05", "throttled", via="api")
    def test_throttled_and_lifted(self):
        self.wrong(self.account.phone, crab_login_attempt.PER_PHONE_AND_SOURCE[1])
        locked = self.password(self.member.phone, PASSWORD)
        self.assertEqual((locked.status, locked.code, locked.headers["Retry-After"]), (429, "too_many", "900"))
        self.assertEqual(self.password(self.dealer1.phone, "nonsense1").status, 401, "others are not locked out")
        self.assertEqual(self.login(self.member.phone).status, 200, "a code by SMS helps")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            self.assertEqual(self.password(self.member.phone, PASSWORD).status, 200)
        rows = self.env["crab.login.attempt"].search([("phone", "=", self.account.phone)], limit=1)
        service = self._new_user("service-lift", "customer_service")
        rows.with_user(service).action_lift()
        self.assertEqual(self.password(self.member.phone, PASSWORD).status, 200)

    def test_many_addresses_ask_for_a_code(self):
        for number in range(crab_login_attempt.PER_PHONE[1]):
            self.wrong(self.account.phone, 1, f"10.0.0.{number}")
        got = self.password(self.member.phone, PASSWORD)
        self.assertEqual((got.status, got.code), (429, "sms_code_required"))

    def test_busy(self):
        with patch.dict(crab_login_attempt.config.options, {"workers": 2}):
            other = self.env.registry.cursor()
            self.addCleanup(other.close)
            other.execute("SELECT pg_advisory_xact_lock(%s, 1)", [crab_login_attempt.SLOTS_LOCK])
            got = self.password(self.member.phone, PASSWORD)
        self.assertEqual((got.status, got.code, got.headers["Retry-After"]), (429, "busy", "1"))

    def test_a_request_that_is_run_again_counts_once(self):
        attempts, before = self.env["crab.login.attempt"], self.env["crab.login.attempt"].search_count([])
        with patch.object(crab_login_attempt, "request", SimpleNamespace(crab_api={})):
            self.assertEqual(len({attempts._try(self.account.phone, "203.0.113.1", "") for _time in range(3)}), 1)
        self.assertEqual(attempts.search_count([]), before + 1)

    def test_closed_account(self):
        self.account._set_closed()
        self.assertEqual(self.password("13900000001", PASSWORD).status, 401)


class TestTokens(AuthCase):
    def setUp(self):
        super().setUp()
        self.tokens = self.env["crab.session"]._open(self.account, "member", "sms")._tokens()

    def refresh(self, token):
        return self.api().post("/auth/refresh", json={"refresh_token": token})

    def steal(self):
        """Somebody shows the first refresh token again; the request is refused, what it committed stays."""
        try:
            self.env["crab.session"]._renew(self.tokens["refresh_token"])
        except ApiError as error:
            self.assertEqual(error.http_status, 401)
        else:
            self.fail("an old token was accepted")

    def is_in(self, tokens):
        return self.api().use(tokens).get("/auth/roles").status == 200

    def test_no_token(self):
        got = self.api().get("/auth/roles")
        self.assertEqual((got.status, got.code, got.json["detail"]), (401, "unauthorized", "Please log in."))

    def test_access_token_ends_after_a_quarter_of_an_hour(self):
        self.assertTrue(self.is_in(self.tokens))
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            self.assertFalse(self.is_in(self.tokens))
            renewed = self.refresh(self.tokens["refresh_token"])
            self.assertEqual(renewed.status, 200)
            self.assertTrue(self.is_in(renewed.json))

    def test_forged(self):
        head, body, signature = self.tokens["access_token"].split(".")
        key = self.env["crab.session"]._jwt_key()
        claims = jwt.decode(self.tokens["access_token"], key, algorithms=["HS256"], issuer="crab")
        mine = self.api(self.subject(self._new_member()))._tokens["access_token"]
        for token in (
            f"{head}.{body}.{signature[::-1]}",
            f"{head}.{body}.",
            "nonsense",
            "",
            jwt.encode(claims, None, algorithm="none"),
            jwt.encode(claims, "another key that is long enough for it", algorithm="HS256"),
            jwt.encode({**claims, "iss": "somebody"}, key, algorithm="HS256"),
            f"{mine.split('.')[0]}.{body}.{mine.split('.')[2]}",
        ):
            self.assertFalse(self.is_in({"access_token": token}), token)
        public_id, renewals, mac = self.tokens["refresh_token"].split(".")
        for token in (f"{public_id}.1.{mac}", f"{public_id}.{renewals}.{'0' * 64}", "nonsense", ""):
            self.assertEqual(self.refresh(token).status, 401)
        self.assertTrue(self.is_in(self.tokens), "who guesses ends nothing")

    def test_lost_answer(self):
        first, again = (self.refresh(self.tokens["refresh_token"]) for _time in range(2))
        self.assertEqual(first.json["refresh_token"], again.json["refresh_token"])

    def test_reuse_ends_the_session(self):
        renewed = self.refresh(self.tokens["refresh_token"]).json
        with freeze_time(fields.Datetime.now() + timedelta(minutes=2)):
            self.steal()
            self.assertFalse(self.is_in(renewed))
            self.assertEqual(self.refresh(renewed["refresh_token"]).status, 401)
        self.assertEqual(self.env["crab.session"].search([("account_id", "=", self.account.id)]).end_reason, "reuse")

    def test_much_older_token_ends_it_at_once(self):
        renewed = self.refresh(self.tokens["refresh_token"]).json
        renewed = self.refresh(renewed["refresh_token"]).json
        self.steal()
        self.assertFalse(self.is_in(renewed))

    @covers("MB-31", "log out", via="api")
    def test_logout(self):
        self.assertEqual(self.api().use(self.tokens).post("/auth/logout").status, 204)
        self.assertFalse(self.is_in(self.tokens))
        self.assertEqual(self.refresh(self.tokens["refresh_token"]).status, 401)

    def test_closing_and_head_office_end_it(self):
        service = self._new_user("service-end", "customer_service")
        self.env["crab.session"].search([("account_id", "=", self.account.id)]).with_user(service).action_end()
        self.assertFalse(self.is_in(self.tokens))
        tokens = self.env["crab.session"]._open(self.account, "member", "sms")._tokens()
        self.assertTrue(self.is_in(tokens))
        self.account._set_closed()
        self.assertFalse(self.is_in(tokens))

    def test_staff_ends_with_its_role(self):
        tokens = self.env["crab.session"]._open(self.staff.account_id, "staff", "sms")._tokens()
        self.assertTrue(self.is_in(tokens))
        self.staff.active = False
        self.assertFalse(self.is_in(tokens))

    def test_switch(self):
        self.env["crab.member"]._sign_up(self.staff.account_id)
        tokens = self.env["crab.session"]._open(self.staff.account_id, "staff", "sms")._tokens()
        other = self.api().use(tokens).post("/auth/switch", json={"role": "member"})
        self.assertEqual((other.status, other.json["role"]), (200, "member"))
        again = self.api().use(tokens).post("/auth/switch", json={"role": "member"})
        self.assertEqual(again.status, 200, "the answer may have been lost")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=2)):
            self.assertFalse(self.is_in(tokens))
        self.assertTrue(self.is_in(other.json))
        refused = self.api().use(other.json).post("/auth/switch", json={"role": "dealer"})
        self.assertEqual((refused.status, refused.code), (403, "no_role"))

    def switched(self, *roles):
        """Tokens of a staff member's session and of those it was switched to, one after the other."""
        tokens = [self.env["crab.session"]._open(self.staff.account_id, "staff", "sms")._tokens()]
        for role in roles:
            tokens.append(self.api().use(tokens[-1]).post("/auth/switch", json={"role": role}).json)
        return tokens

    def test_what_ends_after_a_switch_ends_the_old_session_too(self):
        self.env["crab.member"]._sign_up(self.staff.account_id)
        service = self._new_user("service-end", "customer_service")

        def log_out(tokens):
            self.assertEqual(self.api().use(tokens).post("/auth/logout").status, 204)

        def by_office(_tokens):
            self.env["crab.session"].search([], limit=1).with_user(service).action_end()

        for end in (log_out, by_office):
            old, newer, newest = self.switched("member", "staff")
            self.assertTrue(all(map(self.is_in, (old, newer, newest))))
            end(newest)
            for tokens in (old, newer, newest):
                self.assertFalse(self.is_in(tokens), end.__name__)
                self.assertEqual(self.refresh(tokens["refresh_token"]).status, 401)
                self.assertEqual(self.api().use(tokens).post("/auth/switch", json={"role": "member"}).status, 401)

        old, new = self.switched("member")
        log_out(old)
        self.assertEqual((self.is_in(old), self.is_in(new)), (False, True), "the old one alone")


class TestPasswordAndPhone(AuthCase):
    @covers("MB-31", "set or change password", via="api")
    def test_change(self):
        api = self.api(self.subject(self.member))
        wrong = api.put("/auth/password", json={"password": "New-2026x", "old_password": "nonsense1"})
        self.assertEqual((wrong.status, wrong.code), (422, "wrong_password"))
        weak = api.put("/auth/password", json={"password": "short", "old_password": PASSWORD})
        self.assertEqual(weak.status, 422)
        changed = api.put("/auth/password", json={"password": "New-2026x", "old_password": PASSWORD})
        self.assertEqual(changed.status, 200)
        self.assertEqual(api.get("/auth/roles").status, 401, "the old session ended")
        self.assertEqual(api.use(changed.json).get("/auth/roles").status, 200)
        self.assertEqual(self.password(self.member.phone, "New-2026x").status, 200)

    @covers("CS-11", "log in by SMS code or password", "change password and log out", via="api")
    def test_dealers_and_staff_have_the_same_settings(self):
        for record in (self.dealer1, self.staff):
            phone, api = record.phone, self.api()
            api.use(self.login(phone).json)
            with self.subTest(record=record), freeze_time(fields.Datetime.now() + timedelta(minutes=2)):
                first = {"password": PASSWORD, "code": self.code(phone, "password")}  # one code a minute
                api.use(api.put("/auth/password", json=first).json)
                changed = {"password": "New-2026x", "old_password": PASSWORD}
                self.assertEqual(api.put("/auth/password", json=changed).json["role"], self.subject(record).kind)
                self.assertEqual(self.password(phone, PASSWORD).status, 401)
                api.use(self.password(phone, "New-2026x").json)
                self.assertEqual(api.get("/auth/roles").json["current"], self.subject(record).kind)
                self.assertEqual(api.post("/auth/logout").status, 204)
                self.assertEqual(api.get("/auth/roles").status, 401)

    def test_forgotten(self):
        phone = self.member.phone
        code = self.code(phone, "password")
        values = {"phone": phone, "password": "New-2026x"}
        self.assertEqual(self.api().put("/auth/password", json=values).code, "code_required")
        self.assertEqual(self.api().put("/auth/password", json={**values, "code": "000000"}).status, 422)
        self.assertEqual(self.api().put("/auth/password", json={**values, "code": code}).status, 200)

    def test_first_password_needs_a_code(self):
        other = self._new_member("Other")
        api = self.api(self.subject(other))
        self.assertEqual(api.put("/auth/password", json={"password": "New-2026x"}).code, "code_required")
        code = self.code(other.phone, "password")
        self.assertEqual(api.put("/auth/password", json={"password": "New-2026x", "code": code}).status, 200)

    @covers("MB-03", "bind a phone with an SMS code", via="api")
    def test_change_phone(self):
        api = self.api(self.subject(self.member))
        code = self.code("13700000005", "phone")
        wrong = api.put("/auth/phone", json={"phone": "13700000005", "code": "000000"})
        self.assertEqual(wrong.status, 422)
        got = api.put("/auth/phone", json={"phone": "13700000005", "code": code})
        self.assertEqual(got.status, 200)
        self.assertEqual(self.account.phone, "+8613700000005")
        self.assertEqual(api.get("/auth/roles").status, 401)

    def test_number_of_another(self):
        other = self._new_member("Other")
        api = self.api(self.subject(self.member))
        got = api.put("/auth/phone", json={"phone": other.phone, "code": self.code(other.phone, "phone")})
        self.assertEqual((got.status, got.code), (409, "phone_taken"))

    @covers("MB-03", "a known phone merges into its account", via="api")
    def test_merge(self):
        guest = self.env["crab.account"].create({"name": "By WeChat"})
        guest_member = self.env["crab.member"]._sign_up(guest)
        api = self.api(self.subject(guest_member))
        got = api.put("/auth/phone", json={"phone": self.member.phone, "code": self.code(self.member.phone, "phone")})
        self.assertEqual(got.status, 200, got.json)
        self.assertEqual(guest.merged_into_id, self.account)
        self.assertEqual(self.env["crab.session"].search([], limit=1).role_id, self.member.id)
