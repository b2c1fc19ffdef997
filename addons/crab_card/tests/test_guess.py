from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import CardCase, KeysCase


class TestGuess(CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(30, password="Pass1234")
        cls.user = Subject("user", cls.env.uid)

    def _enter(self, number="T00000001", password="Wrong123", subject=None, source=None):
        """The answer to an entry: the card, or the text of the refusal."""
        try:
            return self.env["crab.card"]._open_with_password(subject or self.user, number, password, source)
        except UserError as exc:
            return str(exc)

    @covers("MB-14", "wrong pairs are throttled", "lockout does not tell which half was wrong", via="service")
    def test_unknown_number_and_wrong_password_are_answered_alike_and_locked_alike(self):
        answers = [
            [self._enter(number, source="203.0.113.1", subject=Subject("member", position)) for position in range(7)]
            for number in ("T00000001", "X00000001")
        ]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0][:5], ["The card number or the password is wrong."] * 5)
        self.assertIn("too many", answers[0][5])
        self.assertIn("too many", self._enter(password="Pass1234", source="203.0.113.1"))
        self.assertEqual(self._enter(password="Pass1234", source="203.0.113.2"), self.cards[0])

    def test_a_number_is_locked_for_the_day_after_fifteen_from_everywhere(self):
        for attempt in range(15):
            self._enter(source=f"203.0.113.{attempt}", subject=Subject("member", attempt))
        self.assertIn(
            "customer service", self._enter(password="Pass1234", source="203.0.113.99", subject=Subject("member", 99))
        )
        self.assertEqual(set(self.env["crab.card.guess"].search([]).mapped("lock")), {"number"})
        self.cr.execute("UPDATE crab_card_guess SET attempted_at = attempted_at - interval '25 hours'")
        self.assertEqual(self._enter(password="Pass1234", source="203.0.113.99"), self.cards[0])

    def test_a_person_is_locked_for_an_hour_after_twenty_numbers(self):
        member = Subject("member", 7)
        for card in self.cards[:20]:
            self._enter(card.number, subject=member, source="203.0.113.1")
        self.assertIn("too many", self._enter("T00000030", "Pass1234", subject=member, source="203.0.113.2"))
        self.assertEqual(
            self._enter("T00000030", "Pass1234", subject=Subject("member", 8), source="203.0.113.1"), self.cards[29]
        )

    def test_an_address_is_locked_at_its_threshold(self):
        self.env["ir.config_parameter"].set_param("crab_card.guess_address", "3")
        for position, card in enumerate(self.cards[:3]):
            self._enter(card.number, source="203.0.113.1", subject=Subject("member", position))
        self.assertIn(
            "too many", self._enter("T00000009", "Pass1234", source="203.0.113.1", subject=Subject("member", 50))
        )

    def test_right_pairs_are_not_counted(self):
        for _attempt in range(10):
            self.assertEqual(self._enter(password="Pass1234"), self.cards[0])
        self.assertFalse(self.env["crab.card.guess"].search([("number", "=", "T00000001")]))

    def test_customer_service_sees_and_lifts(self):
        service, warehouse = (
            self._new_user("guess-service", "customer_service"),
            self._new_user("guess-wh", "warehouse"),
        )
        for _attempt in range(5):
            self._enter()
        guesses = self.env["crab.card.guess"].with_user(service).search([("number", "=", "T00000001")])
        self.assertEqual(len(guesses), 5)
        self.assertEqual(guesses[0].lock, "source")
        auditor = self._new_user("guess-auditor", "auditor")
        with self.assertRaises(AccessError):
            guesses.with_user(auditor).action_lift()
        with self.assertRaises(AccessError):
            guesses.with_user(warehouse).read(["number"])
        guesses[:1].action_lift()
        self.assertFalse(guesses[0].lock)
        self.assertEqual(guesses[4].lifted_by_id, service)
        self.assertEqual(self._enter(password="Pass1234"), self.cards[0])

    def test_lifting_a_person(self):
        for card in self.cards[:20]:
            self._enter(card.number)
        self.assertIn("too many", self._enter("T00000030", "Pass1234"))
        service = self._new_user("guess-service", "customer_service")
        guess = self.env["crab.card.guess"].with_user(service).search([], limit=1)
        self.assertEqual(guess.lock, "subject")
        guess.action_lift_subject()
        self.assertFalse(guess.lock)
        self.assertEqual(self._enter("T00000030", "Pass1234"), self.cards[29])

    def test_attempts_are_written_by_nobody_by_hand(self):
        self._enter()
        guess = self.env["crab.card.guess"].search([], limit=1)
        for role in ("admin", "card_keeper", "customer_service", "auditor"):
            user = self._new_user(f"guess-{role}", role)
            for act in (
                lambda guess: guess.write({"lifted_at": fields.Datetime.now()}),
                lambda guess: guess.unlink(),
                lambda guess: guess.create(
                    {"number": "T00000001", "source": "x", "attempted_at": fields.Datetime.now()}
                ),
            ):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    act(guess.with_user(user))

    def test_old_attempts_go(self):
        self._enter()
        self.cr.execute("UPDATE crab_card_guess SET attempted_at = %s", [fields.Datetime.now() - timedelta(days=91)])
        self.env["crab.card.guess"]._gc_old()
        self.assertFalse(self.env["crab.card.guess"].search([]))


class TestGuessTransaction(KeysCase):
    def test_an_attempt_stays_though_the_request_is_rolled_back(self):
        def recorded():
            with self.env.registry.cursor() as cr:
                cr.execute("SELECT count(*) FROM crab_card_guess WHERE number = 'ROLLEDBACK1'")
                return cr.fetchone()[0]

        def forget():
            with self.env.registry.cursor() as cr:
                cr.execute("DELETE FROM crab_card_guess WHERE number = 'ROLLEDBACK1'")

        self.addCleanup(forget)
        before = recorded()
        with self.assertRaises(UserError), self.cr.savepoint():
            self.env["crab.card"]._open_with_password(Subject("user", self.env.uid), "rolledback1", "Wrong123")
        self.assertEqual(recorded(), before + 1)
        self.cr.execute("SELECT count(*) FROM crab_card_guess WHERE number = 'ROLLEDBACK1'")
        self.assertEqual(self.cr.fetchone()[0], before, "this transaction's snapshot is older")
