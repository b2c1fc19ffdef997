from datetime import timedelta
from unittest.mock import Mock

from odoo import fields
from odoo.exceptions import UserError

from ..models.crab_idempotency import IdempotencyConflict
from ..tools.subject import Subject
from .common import CrabCase

MEMBER = Subject("member", 7)


class TestIdempotency(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.idempotency = cls.env["crab.idempotency"]

    def _run(self, func, subject=MEMBER, route="POST /orders", key="k1", body=None):
        return self.idempotency._run(subject, route, key, {"a": 1, "b": 2} if body is None else body, func)

    def test_a_repetition_gets_the_first_answer_without_a_second_effect(self):
        func = Mock(side_effect=[{"id": (1, 2), "amount": "1.00"}, {"id": "other"}])
        first = self._run(func)
        self.assertEqual(first, {"id": [1, 2], "amount": "1.00"})
        self.assertEqual(self._run(func, body={"b": 2, "a": 1}), first)
        func.assert_called_once_with()

    def test_an_empty_answer_is_an_answer(self):
        func = Mock(return_value=None)
        self.assertIsNone(self._run(func))
        self.assertIsNone(self._run(func))
        func.assert_called_once_with()

    def test_the_same_key_for_another_request_is_a_conflict(self):
        self._run(lambda: 1)
        func = Mock()
        with self.assertRaises(IdempotencyConflict) as caught:
            self._run(func, body={"a": 1, "b": 3})
        self.assertEqual(caught.exception.http_status, 409)
        func.assert_not_called()

    def test_other_subjects_routes_and_keys_are_apart(self):
        answers = [
            self._run(lambda: 1),
            self._run(lambda: 2, subject=Subject("member", 8)),
            self._run(lambda: 3, subject=Subject("dealer", 7)),
            self._run(lambda: 4, route="POST /redemptions"),
            self._run(lambda: 5, key="k2"),
        ]
        self.assertEqual(answers, [1, 2, 3, 4, 5])

    def test_a_failed_request_can_be_repeated(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._run(Mock(side_effect=UserError("no")))
        self.assertEqual(self._run(lambda: "yes"), "yes")

    def test_a_key_is_needed_and_short(self):
        for key in ("", None, "x" * 129, 5):
            with self.assertRaises(UserError) as caught:
                self._run(Mock(), key=key)
            self.assertEqual(caught.exception.http_status, 422)

    def test_answers_are_forgotten_after_seven_days(self):
        self._run(lambda: "old")
        self._run(lambda: "young", key="k2")
        self.env.cr.execute(
            "UPDATE crab_idempotency SET created_at = %s WHERE key = 'k1'",
            [fields.Datetime.now() - timedelta(days=7, minutes=1)],
        )
        with self.enter_registry_test_mode():
            self.env.ref("crab_base.cron_idempotency_cleanup").method_direct_trigger()
        self.assertEqual(self._run(lambda: "new"), "new")
        self.assertEqual(self._run(lambda: "new", key="k2"), "young")

    def test_the_body_itself_is_not_kept(self):
        self._run(lambda: 1, body=b"secret")
        self.env.cr.execute("SELECT to_jsonb(t)::text FROM crab_idempotency t")
        self.assertNotIn("secret", self.env.cr.fetchone()[0])
