from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject

from .common import EcardCase


@tagged("post_install", "-at_install")
class TestEcardOrder(EcardCase):
    @covers("MB-13", "numbers appear at once, active", via="service")
    @covers("HQ-41", "numbers at once", via="service")
    def test_a_paid_order_has_its_numbers_at_once(self):
        order = self._bought(3)
        cards = self._numbers(order)
        self.assertEqual(len(cards), 3)
        self.assertEqual(set(cards.mapped("state")), {"active"})
        self.assertEqual(cards.member_id, self.member)
        self.assertEqual(set(cards.mapped("kind")), {"ecard"})
        self.assertEqual(cards.company_id, self.sales)
        self.assertEqual(cards.batch_id.product_ids, self.ecard.product_variant_id)
        self.assertEqual(order.crab_state, "done")
        self.assertTrue(order.crab_received_at)
        self.assertFalse(self.env["crab.card.event"]._verify_chain(cards.ids))
        self.assertBooksEqual()

    def test_a_buyer_of_ecards_rises_at_night(self):
        buyer = self._new_member("New buyer", dealer_id=self.dealer3.id)
        self._bought(3, member=buyer)
        self.assertEqual(buyer.level_id, self.base)
        buyer._upgrade_due()
        self.assertEqual(buyer.level_id, self.silver)

    def test_an_unpaid_order_has_no_numbers(self):
        self.assertFalse(self._numbers(self._place([(self.ecard, 2)])))

    def test_what_was_paid_is_spread_over_the_numbers_to_the_cent(self):
        order = self._bought(3, Decimal("0.01"))
        self.assertEqual(
            sum(dec(amount) for amount in self._numbers(order).mapped("charged_amount")), Decimal("2849.99")
        )

    def test_numbers_are_not_sequential(self):
        numbers = self._numbers(self._bought(5)).mapped("number")
        self.assertEqual(len({number[:6] for number in numbers}), 5)

    @covers("HQ-41", "audit switch", via="service")
    def test_with_the_audit_the_numbers_come_with_the_approval(self):
        self._audit()
        order = self._bought(2)
        self.assertEqual(order.crab_state, "to_audit")
        self.assertFalse(self._numbers(order))
        service = self._role("customer_service")
        order.with_user(service).action_crab_approve_ecards()
        self.assertEqual(len(self._numbers(order)), 2)
        order.with_user(service).action_crab_approve_ecards()
        self.assertEqual(len(self._numbers(order)), 2)

    @covers("HQ-41", "audit switch", via="service")
    def test_a_refusal_gives_everything_back(self):
        self._audit()
        order = self._bought(2)
        service = self._role("customer_service")
        wizard = self.env["crab.ecard.refuse"].with_user(service).with_context(active_id=order.id)
        with Form(wizard) as form:
            form.reason = "Looks like fraud"
        form.record.action_confirm()
        self.assertEqual(order.crab_state, "closed")
        self.assertEqual(order.crab_amount_refunded, order.amount_total)
        self.assertFalse(self._numbers(order))
        self.assertEqual(self._claimed(), 0)
        with self._refused("not possible", UserError):
            order.with_user(service).action_crab_approve_ecards()
        with self._refused("not possible", UserError):
            order.with_user(service)._crab_refuse_ecards("Again")

    def test_what_was_given_back_before_the_audit_makes_no_numbers(self):
        self._audit()
        order = self._bought(3)
        self._refund(order, (1, None))
        self._refund(order, (0, 100))
        order.action_crab_approve_ecards()
        cards = self._numbers(order)
        self.assertEqual((len(cards), sum(dec(a) for a in cards.mapped("charged_amount"))), (2, Decimal("1800")))
        whole = self._bought(2)
        self._refund(whole, (0, whole.amount_total))
        self.assertEqual(whole.crab_state, "closed")
        with self._refused("not possible", UserError):
            whole.action_crab_approve_ecards()
        self.assertFalse(self._numbers(whole))

    def test_an_order_without_a_price_can_be_refused_too(self):
        self._audit()
        order = self._place([(self.ecard, 1, 950)])
        self.assertEqual(order.crab_state, "to_audit")
        order._crab_refuse_ecards("No")
        self.assertEqual((order.crab_state, order.crab_close_reason, self._claimed()), ("closed", "No", 0))

    def test_others_may_not_audit(self):
        self._audit()
        order = self._bought()
        for role in ("auditor", "warehouse", "sales_rep"):
            with self._refused("", AccessError):
                order.with_user(self._role(role)).action_crab_approve_ecards()

    def test_a_refunded_quantity_cancels_as_many_unused_numbers(self):
        order = self._bought(3)
        self._refund(order, (1, None))
        states = sorted(self._numbers(order).mapped("state"))
        self.assertEqual(states, ["active", "active", "cancelled"])
        self._refund(order, (2, None))
        self.assertEqual(set(self._numbers(order).mapped("state")), {"cancelled"})
        self.assertEqual(order.crab_state, "closed")
        self.assertBooksEqual()

    def test_an_amount_alone_leaves_the_numbers_valid(self):
        order = self._bought(2)
        self._refund(order, (0, 100))
        self.assertEqual(set(self._numbers(order).mapped("state")), {"active"})

    def test_used_numbers_are_not_refunded(self):
        order = self._bought(2)
        cards = self._numbers(order)
        cards[0]._use(order)
        before = order.crab_amount_refunded
        with self._refused("unused and still with the buyer", UserError):
            self._refund(order, (2, None))
        with self._refused("unused and still with the buyer", UserError):
            self._refund(order, (0, order.amount_total))
        self.assertEqual(order.crab_amount_refunded, before)
        self._refund(order, (1, None))
        self.assertEqual(sorted(cards.mapped("state")), ["cancelled", "used"])

    def test_given_numbers_are_not_refunded(self):
        order = self._bought(1)
        self.env["crab.card.gift"]._give(Subject("member", self.member.id), self._numbers(order).id)
        with self._refused("unused and still with the buyer", UserError):
            self._refund(order, (1, None))

    @covers("HQ-39", "total stock count", via="service")
    def test_sold_cards_leave_the_stock_count(self):
        variant = self.ecard.product_variant_id
        self._bought(4)
        self.assertEqual(self._available(), 996)
        self._run_cron("sale.order", "_cron_settle_ecards")
        self.assertEqual((self._available(), self._claimed(), variant.qty_available), (996, 0, 996))
        self._run_cron("sale.order", "_cron_settle_ecards")
        self.assertEqual(self._available(), 996)

    def test_no_more_is_sold_than_there_is(self):
        with self._refused("not enough stock", UserError):
            self._place([(self.ecard, 1001)])

    def _available(self):
        variant = self.ecard.product_variant_id
        return self.env["crab.stock.level"]._available(variant)[variant.id]

    def _claimed(self):
        level = self.env["crab.stock.level"].search([("product_id", "=", self.ecard.product_variant_id.id)])
        return level.claimed

    def test_who_was_merged_before_the_numbers_came_gets_them_as_who_it_is_now(self):
        order = self._place([(self.ecard, 2)], self.friend)
        self.friend.account_id._merge_into(self.member.account_id)
        self._pay(order)
        cards = self._numbers(order)
        self.assertEqual(cards.member_id, self.member)
        self.env["crab.card.gift"]._give(Subject("member", self.member.id), cards[0].id)

    def test_what_was_bought_before_a_merger_is_refunded_after_it(self):
        order = self._bought(2, member=self.friend)
        self.friend.account_id._merge_into(self.member.account_id)
        self._refund(order, (1, None))
        self.assertEqual(sorted(self._numbers(order).mapped("state")), ["active", "cancelled"])

    def test_what_is_conceded_of_the_price_is_no_revenue(self):
        """Whenever it is conceded, before or after the goods left: in the end nothing is owed, no cent earned twice."""
        package = self.ecard.crab_choice_ids
        self.env["product.product"]._crab_adjust_stock({package: 10})
        order = self._bought(3, Decimal("0.01"))  # 2849.99
        first, second, third = self._numbers(order)
        self._redeemed(first)._ship("SF")
        self._refund(order, (0, Decimal("100")))
        waiting = self._redeemed(second)
        self.assertEqual(self._refund(order, (1, None)).amount, 916.66)
        self.assertEqual(third.state, "cancelled")
        self.assertIn(self._owed(order), (Decimal("916.66"), Decimal("916.67")))
        waiting._ship("SF")
        self.assertEqual(self._owed(order), 0)
        self._refund(order, (0, Decimal("33.33")))
        self.assertEqual(self._owed(order), 0)
        self.assertBooksEqual()
