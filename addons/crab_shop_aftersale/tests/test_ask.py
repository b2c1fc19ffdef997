from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import AftersaleCase, picture


class TestAsk(AftersaleCase):
    """A member asks, follows and cancels."""

    @covers("MB-24", "ask with reason and pictures")
    def test_a_member_asks_with_reason_and_pictures(self):
        order = self._shipped((self.thousand, 3))
        request = self._ask(order, (1, None), text=" Two legs are missing ", pictures=[picture(), picture()])
        self.assertEqual((request.state, request.kind, request.reason), ("to_merchant", "refund", "quality"))
        self.assertEqual((request.amount_asked, request.text), (950, "Two legs are missing"))
        self.assertEqual((request.actor_kind, request.actor_id), ("member", self.member.id))
        self.assertEqual(set(request.picture_ids.mapped("res_id")), {request.id})
        self.assertEqual(len(request.picture_ids), 2)
        self.assertEqual((order.crab_aftersale, order.crab_state), ("to_merchant", "to_receive"))
        self.assertEqual(order.search([("crab_aftersale", "!=", False), ("id", "=", order.id)]), order)
        self.assertEqual(self._events(request), ["asked"])
        self._unchanged(order)

    @covers("MB-24", "follow and cancel the request")
    def test_a_member_follows_and_cancels_the_own_request(self):
        order = self._shipped()
        request = self._ask(order, (1, None))
        self.assertEqual(self.Aftersale._for_subject(self.subject).ids, request.ids)
        for _twice in range(2):
            self.Aftersale._cancel_for_subject(self.subject, request.public_id)
        self.assertEqual((request.state, order.crab_aftersale), ("cancelled", False))
        self.assertTrue(request.ended_at)
        self.assertEqual(self._events(request), ["asked", "cancelled"])
        again = self._ask(order, (1, None))
        request_done = self._ask(self._shipped(), (1, None))
        request_done._approve()
        with self._refused("this step is not possible", UserError):
            self.Aftersale._cancel_for_subject(self.subject, request_done.public_id)
        self.assertEqual(again.state, "to_merchant")

    def test_strangers_find_nothing(self):
        order = self._shipped()
        request = self._ask(order, (1, None))
        for stranger in (
            Subject("member", self.friend.id),
            Subject("dealer", self.dealer3.id),
            Subject("dealer", self.member.id),
            Subject("staff", self.member.id),
        ):
            with self.subTest(stranger=stranger):
                self.assertFalse(self.Aftersale._for_subject(stranger))
                with self._refused("does not exist", MissingError):
                    self._ask(order, (1, None), subject=stranger)
                with self._refused("does not exist", MissingError):
                    self.Aftersale._cancel_for_subject(stranger, request.public_id)
                with self._refused("does not exist", MissingError):
                    self.Aftersale._send_back(stranger, request.public_id, "SF", "SF1")
        self.assertEqual(request.state, "to_merchant")

    def test_a_line_of_another_order_is_refused(self):
        order, other = self._shipped(), self._shipped()
        theirs = self._paid([(self.thousand, 1)], member=self.friend)
        for stranger in (other, theirs):
            with self._refused("This line cannot be refunded", UserError):
                self.Aftersale._ask(
                    self.subject, order.public_id, [(self._goods(stranger), 1, None)], "refund", "quality"
                )

    def test_one_open_request_per_line_and_never_more_than_is_left(self):
        order = self._shipped((self.thousand, 3), (self.package1, 1))
        self._refund(order, (1, None))
        for wish, message in (
            ((3, None), "at most 2 pieces"),
            ((Decimal("0.5"), None), "at most 2 pieces"),
            ((-1, None), "at most 2 pieces"),
            ((0, Decimal("1900.01")), "at most 1900.00 yuan"),
            ((0, 0), "Choose the goods"),
        ):
            with self._refused(message, UserError):
                self._ask(order, wish)
        request = self._ask(order, (1, None))
        with self._refused(f"{request.name} about the same goods is still open", UserError):
            self._ask(order, (0, 5), (1, None))
        self.assertEqual(self._ask(order, None, (1, None)).state, "to_merchant")

    def test_an_unpaid_order_and_one_whose_days_are_over_are_refused(self):
        with self._refused("is not paid", UserError):
            self._ask(self._place([(self.thousand, 1)]), (1, None))
        order = self._received()
        with (
            freeze_time(fields.Datetime.now() + timedelta(days=8)),
            self._refused("after-sales days of .* are over", UserError),
        ):
            self._ask(order, (1, None))
        with freeze_time(fields.Datetime.now() + timedelta(days=6)):
            self.assertEqual(self._ask(order, (1, None)).state, "to_merchant")
        credited = self._received()
        self.env["crab.earning"]._credit_orders(credited)
        with self._refused("are over", UserError):
            self._ask(credited, (1, None))

    def test_unknown_kinds_and_reasons_are_refused(self):
        order = self._shipped()
        for values in ({"kind": "gift"}, {"reason": "because"}, {"reason": None}):
            with self._refused("Choose what is asked for and why", UserError):
                self._ask(order, (1, None), **values)
        with self._refused("longer than 500", UserError):
            self._ask(order, (1, None), text="x" * 501)
        with self._refused("no picture", UserError):
            self._ask(order, (1, None), pictures=[b"GIF89a nothing"])
        self.assertFalse(order.crab_aftersale_ids)

    def test_a_repeated_key_is_one_request_with_other_content_a_conflict(self):
        order = self._shipped()
        first = self._ask(order, (1, None), key="k", pictures=[picture()])
        self.assertEqual(self._ask(order, (1, None), key="k", pictures=[picture()]), first)
        self.assertEqual(len(order.crab_aftersale_ids), 1)
        with self._refused("already used", IdempotencyConflict):
            self._ask(order, (2, None), key="k", pictures=[picture()])

    def test_a_member_asks_three_times_about_a_line_then_calls(self):
        order = self._shipped()
        for _time in range(3):
            self._ask(order, (1, None))._reject("No")
        with self._refused("asked about 3 times", UserError):
            self._ask(order, (1, None))
        lines = [(self._goods(order), 1, None)]
        request = (
            self.Aftersale.with_user(self.service)
            .sudo()
            ._ask_once(Subject("user", self.service.id), order, lines, "refund", "quality")
        )
        self.assertEqual(request.actor_kind, "user")

    def test_nobody_writes_requests_by_hand(self):
        request = self._ask(self._shipped(), (1, None))
        for role in ("customer_service", "finance", "auditor", "admin"):
            mine = request.with_user(self._role(role))
            for act in (
                lambda mine: mine.write({"amount_asked": 1}),
                lambda mine: mine.create({"order_id": 1}),
                lambda mine: mine.unlink(),
            ):
                with self.subTest(role=role), self._refused("", (AccessError, UserError)):
                    act(mine)
        request.with_user(self.service).note = "Called her"
        self.assertEqual(request.note, "Called her")
