from decimal import Decimal

from odoo.exceptions import AccessError, LockError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestRefund(ShopCase):
    def _state(self, order):
        return order.crab_state, order.crab_amount_refunded, self._delivery(order).mapped("state")

    def test_quantity_gives_back_its_part_and_the_goods_go_back_on_sale(self):
        order = self._paid([(self.thousand, 3, Decimal("100.00"))])  # 2750.00
        refund = self._refund(order, (1, None))
        line = self._goods(order)
        self.assertEqual((refund.amount, refund.state, line.crab_refunded_quantity), (916.67, "sending", 1))
        self.assertEqual(self._delivery(order).line_ids.quantity, 2)
        self.assertEqual(self._available(self.thousand), 998)
        self.assertEqual(self._refund(order, (1, None)).amount, 916.67)
        self.assertEqual(self._refund(order, (1, None)).amount, 916.66)
        self.assertEqual(self._state(order), ("closed", 2750.0, ["cancelled"]))
        self.assertEqual(self._available(self.thousand), 1000)
        self.assertEqual(line.crab_advance, 0)
        self.assertEqual(self._facts(*order.crab_refund_ids), {("shop_refunded", "sales"): (2750.0, 0, 0)})
        self.assertBooksEqual()

    def test_amount_is_a_concession_nothing_comes_back(self):
        order = self._paid([(self.thousand, 2)])
        self._refund(order, (0, Decimal("0.01")))
        self._refund(order, (0, Decimal("99.99")))
        self.assertEqual(self._state(order), ("to_ship", 100.0, ["waiting"]))
        self.assertEqual((self._delivery(order).line_ids.quantity, self._available(self.thousand)), (2, 998))
        self.assertEqual(self._refund(order, (1, None)).amount, 900.0)
        self.assertBooksEqual()

    def test_quantity_with_another_amount(self):
        order = self._paid([(self.thousand, 2)])
        refund = self._refund(order, (1, Decimal("500")))
        self.assertEqual((refund.amount, self._delivery(order).line_ids.quantity), (500, 1))
        self._ship(order)
        self.assertEqual(self._facts(self._delivery(order))["shop_shipped", "sales"][:2], (1284.4, 115.6))
        self.assertBooksEqual()

    def test_what_is_kept_of_refunded_goods_becomes_revenue(self):
        order = self._paid([(self.thousand, 1)])
        refund = self._refund(order, (1, Decimal("800")))
        self.assertEqual(order.crab_state, "closed")
        self.assertEqual(
            self._facts(refund),
            {("shop_refunded", "sales"): (800, 0, 0), ("shop_shipped", "sales"): (137.61, 12.39, 0)},
        )
        self.assertEqual(self._goods(order).crab_advance, 0)
        self.assertBooksEqual()

    def test_what_was_kept_of_refunded_goods_is_given_back_later(self):
        order = self._paid([(self.thousand, 1)])
        self._refund(order, (1, Decimal("800")))
        refund = self._refund(order, (0, Decimal("150")))
        self.assertEqual(self._facts(refund), {("shop_refunded_shipped", "sales"): (137.61, 12.39, 0)})
        self.assertEqual(order.crab_amount_refunded, 950)
        self.assertBooksEqual()

    def test_several_lines_and_one_left_alone(self):
        order = self._paid([(self.thousand, 1), (self.package1, 2), (self.package2, 1)])
        refund = self._refund(order, (1, None), None, (0, Decimal("10")))
        self.assertEqual(refund.amount, 960)
        self.assertEqual(self._delivery(order).line_ids.product_id.mapped("default_code"), ["T-PKG1", "T-PKG2"])
        self.assertEqual(order.crab_state, "to_ship")

    def test_after_shipping_revenue_and_vat_go_back_and_no_stock(self):
        order = self._paid([(self.thousand, 2)])
        self._ship(order)
        refund = self._refund(order, (1, None))
        self.assertEqual(self._facts(refund), {("shop_refunded_shipped", "sales"): (871.56, 78.44, 0)})
        self.assertEqual((order.crab_state, self._available(self.thousand)), ("to_receive", 998))
        self.assertEqual(self._delivery(order).line_ids.quantity, 2)
        self._refund(order, (1, None))
        self.assertEqual(order.crab_amount_refunded, 1900)
        self.assertBooksEqual()

    def test_never_more_than_was_paid_or_ordered(self):
        order = self._paid([(self.thousand, 2, Decimal("100"))])
        for wish, message in (
            ((3, None), "at most 2 pieces"),
            ((-1, None), "at most 2 pieces"),
            ((Decimal("0.5"), None), "at most 2 pieces"),
            ((0, Decimal("1800.01")), "at most 1800.00 yuan"),
            ((0, Decimal("-1")), "at most 1800.00 yuan"),
            ((0, Decimal("0.001")), "at most 1800.00 yuan"),
            ((0, 0), "Enter what is to be refunded"),
        ):
            with self._refused(message, UserError):
                self._refund(order, wish)
        self._refund(order, (0, Decimal("1800")))
        with self._refused("at most 0.00 yuan", UserError):
            self._refund(order, (0, Decimal("0.01")))
        self.assertEqual(order.crab_amount_refunded, 1800)

    def test_needs_a_reason_and_a_paid_order(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("Enter the reason", UserError):
            self._refund(order, (1, None), reason=" ")
        with self._refused("is not paid", UserError):
            self._refund(self._place([(self.thousand, 1)]), (1, None))

    def test_line_of_another_order_or_named_twice_is_refused(self):
        order, other = self._paid([(self.thousand, 1)]), self._paid([(self.thousand, 1)])
        lines = self._goods(order)
        for wishes in ([(self._goods(other), 1, None)], [(lines, 1, None), (lines, 0, 1)]):
            with self._refused("cannot be refunded", UserError):
                self.env["crab.refund"]._refund(order, wishes, "test")

    def test_key_repeated_gives_the_first_refund_with_other_content_a_conflict(self):
        order = self._paid([(self.thousand, 2)])
        first = self._refund(order, (1, Decimal("900")), key="k")
        self.assertEqual(self._refund(order, (1, Decimal("900")), key="k"), first)
        self.assertEqual(order.crab_amount_refunded, 900)
        for wish in ((1, Decimal("901")), (0, Decimal("900"))):
            with self._refused("sent before with other content", LockError):
                self._refund(order, wish, key="k")

    def test_key_of_the_last_refund_repeated(self):
        order = self._paid([(self.thousand, 2)])
        first = self._refund(order, (2, None), key="k")
        self.assertEqual(self._refund(order, (2, None), key="k"), first)
        self.assertEqual(order.crab_amount_refunded, 1900)

    def test_result_of_the_provider(self):
        order = self._paid([(self.thousand, 1)])
        refund = self._refund(order, (1, None))
        refund.transaction_id._set_pending()
        refund._take_result(refund.transaction_id)
        self.assertEqual(refund.state, "sending")
        refund.transaction_id._set_error("no money")
        refund.transaction_id._post_process()
        self.assertEqual(refund.state, "failed")
        first = refund.transaction_id
        refund.action_send_again()
        self.assertEqual((refund.state, refund.transaction_id == first), ("sending", False))
        refund.transaction_id._set_done()
        refund.transaction_id._post_process()
        self.assertEqual(refund.state, "done")
        with self._refused("kept", UserError):
            refund.unlink()

    def test_what_cannot_go_back_the_way_it_came_is_paid_by_transfer(self):
        finance = self._new_user("t_transfer", "finance")
        order = self._paid([(self.thousand, 1)])
        refund = self._refund(order, (1, None)).with_user(finance)
        with self._refused("must not be paid twice", UserError):
            refund.action_paid_by_transfer("ICBC-1")
        refund.transaction_id.sudo()._set_error("account closed")
        refund.transaction_id.sudo()._post_process()
        with self._refused("", AccessError):
            refund.with_user(self._new_user("t_service", "customer_service")).action_paid_by_transfer("ICBC-1")
        action = refund.action_paid_by_transfer()
        form = Form(self.env[action["res_model"]].with_user(finance).with_context(**action["context"]))
        form.reference = " ICBC-1 "
        wizard = form.save()
        wizard.action_confirm()
        wizard.action_confirm()
        self.assertEqual((refund.state, refund.bank_reference), ("done", "ICBC-1"))
        self.assertFalse(refund.activity_ids, "nothing is left to do")
        self.env["crab.ledger"]._post_pending()
        balances = {line.account_id: line.balance for line in refund.move_id.sudo().line_ids}
        ledger = self.env["crab.ledger"]
        accounts = [ledger._account(self.sales, purpose) for purpose in ("payment_clearing", "bank")]
        self.assertEqual([balances[account] for account in accounts], [950, -950])
        refund.action_send_again()
        self.assertEqual(refund.state, "done", "it is not sent once more")
        events = self.env["crab.outbox"].search(
            [("event", "=like", "refund.%"), ("aggregate_id", "=", refund.id)], order="id"
        )
        self.assertEqual(events.mapped("event"), ["refund.failed", "refund.transferred"])
        transaction_sudo = refund.transaction_id.sudo()
        transaction_sudo._set_done()
        transaction_sudo._post_process()
        told = refund.sudo().activity_ids.filtered(lambda activity: activity.user_id == finance)
        self.assertIn("Paid twice", told.summary)

    def test_failure_is_reported_to_finance(self):
        finance = self._new_user("t_finance", "finance")
        refund = self._refund(self._paid([(self.thousand, 1)]), (1, None))
        refund.transaction_id._set_error("no money")
        refund.transaction_id._post_process()
        self.assertEqual(
            refund.activity_ids.filtered(lambda a: a.user_id == finance).summary,
            "The refund did not go through: no money",
        )

    @covers("HQ-46", "after-sales", via="web")
    def test_customer_service_refunds_by_the_form(self):
        user = self._new_user("t_service", "customer_service")
        order = self._paid([(self.thousand, 2), (self.package1, 1)])
        action = order.with_user(user).action_crab_refund()
        form = Form(self.env["crab.refund.enter"].with_user(user).with_context(**action["context"]))
        form.reason = "Broken leg"
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.quantity_left, line.amount_left), (2, 1900))
            line.quantity = 1
            self.assertEqual(line.amount, 950)
            line.amount = 900
        self.assertEqual(form.amount, 900)
        wizard = form.save()
        wizard.action_confirm()
        wizard.action_confirm()  # a second click
        [refund] = order.crab_refund_ids
        self.assertEqual(
            (refund.amount, refund.reason, refund.actor_kind, refund.actor_id), (900, "Broken leg", "user", user.id)
        )

    def test_others_do_not_refund_and_nobody_writes_refunds(self):
        order = self._paid([(self.thousand, 1)])
        refund = self._refund(order, (1, None))
        for role in ("warehouse", "auditor"):
            user = self._new_user(f"t_{role}", role)
            with self._refused("", AccessError):
                wizard = self.env["crab.refund.enter"].with_user(user).create({"order_id": order.id, "reason": "x"})
                wizard.action_confirm()
        with self._refused("own buttons only", AccessError):
            refund.with_user(self._new_user("t_service", "customer_service")).write({"amount": 1})
