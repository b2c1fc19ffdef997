from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestPayment(ShopCase):
    def _reports(self, refund):
        return refund.activity_ids.mapped("summary")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("t_finance", "finance")

    def test_payment_confirms_the_order_and_makes_its_delivery(self):
        order = self._place([(self.thousand, 2), (self.package1, 1)])
        transaction = self._pay(order)
        self.assertEqual((order.crab_state, order.state, order.crab_transaction_id), ("to_ship", "sale", transaction))
        self.assertTrue(order.crab_paid_at)
        delivery = self._delivery(order)
        self.assertEqual(
            (delivery.state, delivery.company_id, delivery.receiver_name), ("waiting", self.group, "Receiver")
        )
        self.assertEqual([(line.product_id, line.quantity) for line in delivery.line_ids], [
            (self.thousand.product_variant_id, 2.0), (self.package1.product_variant_id, 1.0),
        ])  # fmt: skip
        self.assertEqual(self._facts(order), {("shop_paid", "sales"): (2183.1, 0, 0)})
        self.assertBooksEqual()

    def test_paid_order_makes_none_of_odoos_documents(self):
        payments = self.env["account.payment"].search_count([])
        order = self._paid([(self.thousand, 1)])
        self.assertFalse(order.picking_ids | order.order_line.move_ids.picking_id)
        self.assertFalse(order.invoice_ids)
        self.assertEqual(self.env["account.payment"].search_count([]), payments)

    @covers("MB-11", "double notification is safe")
    def test_same_payment_told_twice_counts_once(self):
        order = self._place([(self.thousand, 1)])
        transaction = self._pay(order)
        for _ in range(3):
            transaction.is_post_processed = False
            transaction._post_process()
        self.assertEqual(len(self._delivery(order)), 1)
        self.assertEqual(self._facts(order), {("shop_paid", "sales"): (950, 0, 0)})
        self.assertFalse(order.crab_refund_ids)

    @covers("MB-11", "closing and retrying are safe")
    def test_second_payment_goes_back_and_is_reported(self):
        order = self._place([(self.thousand, 1)])
        first = self._start(order)
        second = self._start(order)
        first._set_done()
        first._post_process()
        second._set_done()
        second._post_process()
        self.assertEqual((order.crab_state, order.crab_transaction_id), ("to_ship", first))
        [refund] = order.crab_refund_ids
        self.assertEqual((refund.kind, refund.amount, refund.source_transaction_id), ("payment", 950.0, second))
        self.assertEqual((refund.transaction_id.operation, refund.transaction_id.amount), ("refund", -950.0))
        self.assertIn("A payment was returned: The order was paid already.", self._reports(refund))
        self.assertEqual((order.crab_amount_refunded, self._goods(order).crab_refunded), (0, 0))
        second.is_post_processed = False
        second._post_process()
        self.assertEqual(len(order.crab_refund_ids), 1)
        self.assertBooksEqual()

    @covers("MB-11", "closing and retrying are safe")
    def test_payment_of_a_closed_order_goes_back_and_is_reported(self):
        order = self._place([(self.thousand, 1)])
        transaction = self._start(order)
        order._crab_close("changed my mind")
        transaction._set_done(extra_allowed_states=("cancel",))
        transaction._post_process()
        self.assertEqual(order.crab_state, "closed")
        [refund] = order.crab_refund_ids
        self.assertEqual((refund.kind, refund.amount), ("payment", 950.0))
        self.assertIn("A payment was returned: The order was closed before the payment came.", self._reports(refund))
        self.assertFalse(self._delivery(order))
        self.assertEqual(self._available(self.thousand), 1000)
        self.assertBooksEqual()

    def test_wrong_amount_goes_back_and_the_order_is_closed(self):
        order = self._place([(self.thousand, 1)])
        transaction = self._start(order)
        transaction.amount = 949.99
        transaction._set_done()
        transaction._post_process()
        self.assertEqual((order.crab_state, order.crab_refund_ids.amount), ("closed", 949.99))
        self.assertEqual(self._available(self.thousand), 1000)
        self.assertBooksEqual()

    def test_new_attempt_closes_the_one_before(self):
        order = self._place([(self.thousand, 1)])
        first, second = self._start(order), self._start(order)
        self.assertNotEqual(first.reference, second.reference)
        jobs = self.env["queue.job"].search([("method_name", "=", "_crab_close_at_provider")])
        self.assertEqual([job.records for job in jobs], [first])
        first._crab_close_at_provider()
        self.assertEqual((first.state, second.state, order.crab_state), ("cancel", "draft", "to_pay"))

    def test_order_that_is_not_to_pay_takes_no_payment(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("“To ship”: this step is not possible", UserError):
            self._start(order)

    @covers("MB-23", "pay and cancel unpaid")
    def test_cancelling_gives_stock_back_and_closes_the_payment(self):
        order = self._place([(self.thousand, 1)])
        transaction = self._start(order)
        order._crab_close("changed my mind")
        self.assertEqual(
            (order.crab_state, order.state, order.crab_close_reason), ("closed", "cancel", "changed my mind")
        )
        self.assertEqual(self._available(self.thousand), 1000)
        jobs = self.env["queue.job"].search([("method_name", "=", "_crab_close_at_provider")])
        self.assertEqual([job.records for job in jobs], [transaction])

    def test_paid_order_is_not_closed(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("this step is not possible", UserError):
            order._crab_close("too late")
        self.assertEqual((order.crab_state, self._available(self.thousand)), ("to_ship", 999))

    @covers("HQ-61", "times")
    def test_order_is_closed_when_its_time_is_over_and_not_before(self):
        self._setting("pay_minutes", 15)
        order, paid = self._place([(self.thousand, 1)]), self._paid([(self.thousand, 1)])
        now = fields.Datetime.now()
        with freeze_time(now + timedelta(minutes=14)):
            self._run_cron("_cron_close_unpaid")
        self.assertEqual(order.crab_state, "to_pay")
        with freeze_time(now + timedelta(minutes=16)):
            self._run_cron("_cron_close_unpaid")
        self.assertEqual((order.crab_state, order.crab_close_reason), ("closed", "Not paid in time."))
        self.assertEqual((paid.crab_state, self._available(self.thousand)), ("to_ship", 999))

    def test_order_whose_payment_has_come_is_not_closed_before_it_is_taken(self):
        order = self._place([(self.thousand, 1)])
        transaction = self._start(order)
        transaction._set_done()
        with freeze_time(order.crab_pay_before + timedelta(minutes=1)):
            self._run_cron("_cron_close_unpaid")
        self.assertEqual(order.crab_state, "to_pay")
        transaction._post_process()
        self.assertEqual((order.crab_state, order.crab_transaction_id), ("to_ship", transaction))

    def test_free_order_is_served_without_a_payment(self):
        order = self._place([(self.thousand, 1, 950)])
        self.assertEqual(order.crab_state, "to_ship")
        self.assertTrue(self._delivery(order))
        self.assertBooksEqual()
