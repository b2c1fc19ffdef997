from datetime import timedelta
from decimal import Decimal

from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import CardCase

PHONE, OTHER = "13900000001", "13900000002"
NUMBER, UNKNOWN = "T00000001", "X00000001"
RIGHT, WRONG = "Pass1234", "Wrong123"
CODE = "123456"


class TestLockedNumber(CardCase):
    """A number that strangers have locked opens with a code by SMS; the code is no licence to guess."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(3, password=RIGHT)
        cls.env["crab.sms.account"].search([]).active = False
        account = cls.env["crab.sms.account"].create(
            {
                "company_id": cls.sales.id,
                "provider": "aliyun",
                "sign_name": "示例公司",
                "key_id": "KEY",
                "new_secret": "secret",
                "endpoint": "http://127.0.0.1:9",
            }
        )
        cls.template = cls.env["crab.sms.template"].create(
            {"account_id": account.id, "name": "Code", "key": "code", "body": "{code}", "provider_code": "1"}
        )

    def setUp(self):
        super().setUp()
        own = self._own_transactions_here()
        own.__enter__()
        self.addCleanup(own.__exit__, None, None, None)

    def enter(self, password=RIGHT, number=NUMBER, member=99, source="198.51.100.99", **code):
        """The card, or the refusal; what was counted meanwhile stays, as it is committed by itself."""
        try:
            return self.env["crab.card"]._open_with_password(
                Subject("member", member), number, password, source, **code
            )
        except UserError as refusal:
            return refusal

    def error_code(self, *args, **kwargs):
        return getattr(self.enter(*args, **kwargs), "error_code", None)

    def lock(self, number=NUMBER):
        for attempt in range(15):
            self.enter(WRONG, number, 1000 + attempt, f"203.0.113.{attempt}")

    def send_code(self, phone=PHONE, code=CODE, purpose="card"):
        """A code that the phone has got."""
        codes = self.env["crab.sms.code"]
        for earlier in codes.search([("phone", "=like", f"%{phone}")]):
            earlier.asked_at -= timedelta(hours=2)
        self.env.flush_all()
        codes._make(f"+86{phone}", purpose, "198.51.100.99", code)
        return {"phone": phone, "code": code}

    @covers("MB-14", "wrong pairs are throttled", via="service")
    def test_its_holder_opens_it_with_a_code(self):
        self.lock()
        refusal = self.enter()
        self.assertEqual(refusal.error_code, "sms_code_required")
        self.assertIn("SMS", str(refusal))
        code = self.send_code()
        self.assertEqual(self.error_code(phone=PHONE), "sms_code_required", "a phone alone is nothing")
        self.assertIn("wrong or has expired", str(self.enter(phone=PHONE, code="000000")))
        self.assertIn("wrong or has expired", str(self.enter(phone=OTHER, code=CODE)))
        self.assertEqual(self.enter(**code), self.cards[0])
        self.assertIn("wrong or has expired", str(self.enter(**code)), "once")

    @covers("MB-14", "lockout does not tell which half was wrong", via="service")
    def test_an_unknown_number_is_answered_alike(self):
        answers = []
        for at, number in enumerate(("T00000002", NUMBER, UNKNOWN)):  # the first one fills caches
            phone, source = f"1390000001{at}", f"198.51.100.{at}"
            self.lock(number)
            code = self.send_code(phone)
            start = self.env.cr.sql_log_count
            said = [
                str(self.enter(WRONG, number, source=source, **shown))
                for shown in ({}, {"phone": phone, "code": "000000"}, code)
            ]
            answers.append((said, self.env.cr.sql_log_count - start))
        self.assertEqual(answers[1], answers[2])
        self.assertEqual(answers[1][0][2], "The card number or the password is wrong.")

    def test_a_code_for_something_else_opens_nothing(self):
        self.lock()
        code = self.send_code(purpose="login")
        self.assertIn("wrong or has expired", str(self.enter(**code)))

    def test_a_code_is_not_spent_where_none_is_asked_for(self):
        code = self.send_code()
        self.assertEqual(self.enter(**code), self.cards[0])
        self.assertEqual(self.enter(phone=PHONE, code="000000"), self.cards[0])
        self.lock()
        self.assertEqual(self.enter(**code), self.cards[0])

    @covers("MB-14", "wrong pairs are throttled", via="service")
    def test_a_phone_is_wrong_five_times_an_hour_whatever_number_person_and_network(self):
        self.lock()
        self.lock("T00000002")
        for attempt in range(5):
            number = f"T0000000{1 + attempt % 2}"
            answer = self.enter(
                WRONG, number, 50 + attempt, f"198.51.100.{attempt}", **self.send_code(code=f"10000{attempt}")
            )
            self.assertEqual(str(answer), "The card number or the password is wrong.")
        refusal = self.enter(**self.send_code())
        self.assertEqual(refusal.error_code, "card_locked")
        self.assertIn("too many", str(refusal))
        self.assertEqual(self.enter(**self.send_code(OTHER)), self.cards[0], "another person goes on")
        guess = self.env["crab.card.guess"].search([("phone", "=", f"+86{PHONE}")], limit=1)
        self.assertEqual(len(guess.search([("phone", "=", guess.phone)])), 5)
        self.cr.execute("UPDATE crab_card_guess SET attempted_at = attempted_at - interval '61 minutes'")
        self.assertEqual(self.enter(**self.send_code()), self.cards[0])

    def test_a_code_does_not_go_beyond_the_limits_of_source_and_person(self):
        for _attempt in range(5):
            self.enter(WRONG)
        self.assertEqual(self.error_code(**self.send_code()), "card_locked")
        self.lock()
        self.assertEqual(self.error_code(**self.send_code()), "card_locked", "nor where others are reached too")
        self.assertEqual(self.enter(source="198.51.100.1", **self.send_code()), self.cards[0])
        for position in range(20):
            self.enter(WRONG, f"Y{position:08}", 7, f"203.0.113.{position}")
        self.lock("T00000002")
        self.assertEqual(self.error_code(number="T00000002", member=7, **self.send_code()), "card_locked")

    def test_a_network_at_its_threshold_asks_for_a_code(self):
        self.env["ir.config_parameter"].set_param("crab_card.guess_address", "3")
        for position in range(3):
            self.enter(WRONG, f"Y{position:08}", position)
        self.assertEqual(self.error_code(), "sms_code_required")
        self.assertEqual(self.enter(source="198.51.100.1"), self.cards[0])
        self.assertEqual(self.enter(**self.send_code()), self.cards[0])

    def test_where_no_codes_are_sent_customer_service_unlocks(self):
        self.template.active = False
        self.lock()
        refusal = self.enter(phone=PHONE, code=CODE)
        self.assertEqual(refusal.error_code, "card_locked")
        self.assertIn("customer service", str(refusal))

    def test_the_back_office_is_asked_for_no_code(self):
        self.lock()
        with self.assertRaises(UserError) as refused:
            self.env["crab.card"]._open_with_password(Subject("user", self.env.uid), NUMBER, RIGHT)
        self.assertEqual(refused.exception.error_code, "card_locked")
        agent = self._new_user("locked-agent", "customer_service")
        self.env["crab.card.guess"].with_user(agent).search([("number", "=", NUMBER)], limit=1).action_lift()
        self.env.flush_all()
        self.assertEqual(self.enter(), self.cards[0])

    def test_customer_service_sees_the_phone_and_lifts_it(self):
        self.env["ir.config_parameter"].set_param("crab_card.guess_phone", "1")
        self.lock()
        self.enter(WRONG, **self.send_code())
        agent = self._new_user("locked-agent", "customer_service")
        guess = self.env["crab.card.guess"].with_user(agent).search([("phone", "!=", False)])
        self.assertEqual((guess.phone, guess.lock), (f"+86{PHONE}", "number"))
        guess.action_lift_subject()
        self.assertEqual(self.enter(**self.send_code()), self.cards[0])

    def test_a_member_binds_with_a_code(self):
        member = self.env["crab.member"].create({"name": "Holder", "phone": PHONE})
        self.cards[0]._activate(self.cards.batch_id, {self.cards[0].id: Decimal(600)})
        self.lock()
        bind = self.env["crab.card"]._bind_for_subject
        with self.assertRaises(UserError) as refused:
            bind(Subject("member", member.id), NUMBER, RIGHT, "198.51.100.99")
        self.assertEqual(refused.exception.error_code, "sms_code_required")
        bound = bind(Subject("member", member.id), NUMBER, RIGHT, "198.51.100.99", **self.send_code())
        self.assertEqual((bound, bound.member_id), (self.cards[0], member))

    def test_an_erased_person_leaves_no_phone(self):
        member = self.env["crab.member"].create({"name": "Holder", "phone": PHONE})
        self.lock()
        self.enter(WRONG, **self.send_code())
        guess = self.env["crab.card.guess"].search([("phone", "!=", False)])
        member.account_id._erase_person("asked")
        self.assertFalse(guess.phone)
