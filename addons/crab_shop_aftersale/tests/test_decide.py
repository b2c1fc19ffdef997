from decimal import Decimal

from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tests.common import covers

from .common import AftersaleCase


class TestDecide(AftersaleCase):
    """What the merchant does with a request for money."""

    @covers("HQ-46", "after-sales", via="web")
    def test_a_request_before_shipping_frees_the_stock(self):
        order = self._paid([(self.thousand, 3)])
        request = self._ask(order, (2, None), reason="unwanted")
        self._approve(request)
        refund = order.crab_refund_ids
        self.assertEqual((request.state, request.refund_id), ("done", refund))
        self.assertEqual((refund.amount, request.amount_granted), (1900, 1900))
        self.assertEqual(self._delivery(order).line_ids.quantity, 1)
        self.assertEqual(self._available(self.thousand), 999)
        self.assertEqual((refund.actor_kind, refund.actor_id), ("user", self.service.id))
        self.assertIn(request.name, refund.reason)
        self.assertFalse(order.crab_aftersale)
        self.assertEqual(self._events(request), ["asked", "done"])
        self.assertBooksEqual()

    def test_less_is_granted_than_was_asked_for(self):
        order = self._shipped((self.thousand, 2))
        request = self._ask(order, (2, None))
        self._approve(request, quantity=1, amount=500)
        [line] = request.line_ids
        self.assertEqual((line.quantity_granted, line.amount_granted, request.amount_granted), (1, 500, 500))
        self.assertEqual((order.crab_amount_refunded, self._goods(order).crab_refunded_quantity), (500, 1))
        self.assertBooksEqual()

    def test_an_amount_alone_takes_nothing_back(self):
        order = self._shipped((self.thousand, 2))
        request = self._ask(order, (0, 100))
        self._approve(request, amount=60)
        self.assertEqual((order.crab_amount_refunded, self._goods(order).crab_refunded_quantity), (60, 0))
        self.assertEqual(self._available(self.thousand), 998)
        self.assertBooksEqual()

    def test_never_more_than_is_left_or_was_asked_for(self):
        order = self._shipped((self.thousand, 2))
        request = self._ask(order, (1, None))
        for quantity, amount, freight, message in (
            (2, 950, 0, "at most the 1 pieces"),
            (1, Decimal("1900.01"), 0, "at most 1900.00 yuan"),
            (1, 950, 1, "At most 0.00 yuan of freight"),
            (0, 0, 0, "Enter what is granted"),
        ):
            with self._refused(message, UserError):
                self._approve(request, quantity, amount, freight)
        self._refund(order, (2, None))
        with self._refused("at most 0 pieces", UserError):
            self._approve(request)
        self.assertEqual((request.state, request.approved_at), ("to_merchant", False))
        self._unchanged(order, 1900)

    def test_freight_is_given_back_too(self):
        self.env["crab.freight.template"].create(
            {
                "name": "T",
                "is_default": True,
                "rule_ids": [(0, 0, {"region_ids": [], "first_price": 12, "next_price": 0})],
            }
        )
        order = self._shipped((self.thousand, 1))
        request = self._ask(order, (1, None))
        self._approve(request, freight=12)
        self.assertEqual((order.crab_amount_refunded, request.amount_granted, request.freight), (962, 962, 12))

    @covers("HQ-46", "after-sales", via="web")
    def test_a_rejection_names_its_reason_and_leaves_all_as_it_was(self):
        order = self._shipped()
        request = self._ask(order, (1, None))
        self._wizard(request, "action_reject", reason="Eaten already")
        self.assertEqual((request.state, request.end_reason), ("rejected", "Eaten already"))
        self.assertEqual(self._events(request), ["asked", "rejected"])
        self._unchanged(order)
        with self._refused("this step is not possible", UserError):
            self._approve(request)
        with self._refused("Enter the reason", UserError):
            self._ask(order, (1, None))._reject(" ")
        with self._refused("this step is not possible", UserError):
            self.Aftersale._cancel_for_subject(self.subject, request.public_id)

    def test_what_is_done_cannot_be_rejected_or_cancelled(self):
        request = self._ask(self._shipped(), (1, None))
        request._approve()
        for act in (lambda: request._reject("No"), request._cancel, lambda: request._receive("stock")):
            with self._refused("this step is not possible", UserError):
                act()
        self.assertEqual(request.state, "done")

    def test_only_customer_service_decides(self):
        request = self._ask(self._shipped(), (1, None))
        for role in ("finance", "auditor", "warehouse", "sales_rep"):
            user = self._role(role)
            for button in ("action_approve", "action_reject", "action_receive", "action_cancel"):
                with self.subTest(role=role, button=button), self._refused("", AccessError):
                    getattr(request.with_user(user), button)()
        self.assertEqual(request.state, "to_merchant")

    def test_earnings_are_not_credited_while_a_request_is_open(self):
        order, other = self._received((self.thousand, 2)), self._received((self.thousand, 1))
        account = self.env["crab.earning.account"]._open_for(self.dealer3)
        request = self._ask(order, (1, None))
        self._credit_due(after=8)
        self.assertEqual((bool(order.crab_credited_at), bool(other.crab_credited_at)), (False, True))
        self.assertEqual((account.credited, account.pending), (150, 300))
        request._approve()
        self._credit_due(after=8)
        self.assertTrue(order.crab_credited_at)
        self.assertEqual((account.credited, account.pending), (300, 0))
        self.assertBooksEqual()

    def test_a_rejected_or_cancelled_request_no_longer_holds_the_earnings(self):
        orders = [self._received((self.thousand, 1)) for _ in range(2)]
        for order, end in zip(orders, (lambda r: r._reject("No"), lambda r: r._cancel()), strict=True):
            end(self._ask(order, (1, None)))
        self._credit_due(after=8)
        self.assertTrue(all(order.crab_credited_at for order in orders))
