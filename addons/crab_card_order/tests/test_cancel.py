from datetime import date

from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase


class TestCancel(OrderCase):
    """Head office cancels numbers for ever wherever they are, finance decides about charges; it extends validity."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(10)
        cls._issue(cls.cards[:8], cls.a)
        cls._fund(cls.a, stored=1800, credit_limit=1000)
        cls._activate(cls.cards[:4], cls.a)  # 1800 stored + 600 credit

    def _draft(self, cards, kind="cancel", **values):
        order = self.Order.with_user(self.keeper).create({"kind": kind, "reason": "lost", **values})
        order.sudo()._link_cards(cards.ids)
        return order

    @covers("HQ-30", "cancel", via="web")
    def test_uncharged_numbers_are_cancelled_by_the_card_keeper(self):
        order = self._draft(self.cards[6:10])  # of the dealer and of the platform
        order.action_submit()
        self.assertEqual((order.state, order.needs_approval), ("submitted", False))
        order.action_execute()
        order.action_execute()
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[6:10], state="cancelled", transit_id=0)
        self.assertCards(self.cards[6:8], dealer_id=self.a)
        with self.assertRaises(UserError):
            self._draft(self.cards[6:7]).action_submit()
        self._intact()

    def test_a_charge_is_kept_when_finance_says_so(self):
        order = self._draft(self.cards[:2])
        order.action_submit()
        self.assertEqual((order.amount_at_stake, order.needs_approval), (1200, True))
        with self.assertRaisesRegex(UserError, "approval of finance"):
            order.action_execute()
        with self.assertRaises(AccessError):
            order.action_keep_charge()
        order.with_user(self.finance).action_keep_charge()
        order.action_execute()
        self.assertCards(self.cards[:2], state="cancelled")
        self.assertMoney(self.a, "0", "600")
        self.assertBalanced()

    def test_a_charge_is_given_back_when_finance_says_so(self):
        order = self._draft(self.cards[:2])
        order.action_submit()
        order.with_user(self.finance).action_keep_charge()
        order.with_user(self.finance).action_give_charge_back()  # thought better of it
        order.with_user(self.finance).action_execute()
        self.assertEqual((order.amount_charged, order.amount_credit, order.amount_stored), (1200, 600, 600))
        self.assertCards(self.cards[:2], state="cancelled")
        self.assertMoney(self.a, "600", "0")
        self.assertBalanced()
        rows = self.env["crab.card.order.price"].search([("dealer_id", "=", self.a.id)])
        self.assertEqual(sum(rows.mapped("quantity")), 2)

    def test_undone_before_execution_nothing_happened(self):
        order = self._draft(self.cards[:5])
        order.action_submit()
        self.assertCards(self.cards[:5], transit_id=order.id)
        order.action_cancel()
        self.assertCards(self.cards[:4], transit_id=0, state="active")
        order = self._draft(self.cards[:5])
        order.action_submit()
        order.with_user(self.finance).action_reject("found again")
        self.assertEqual(order.state, "rejected")
        self.assertCards(self.cards[4], transit_id=0, state="inactive")

    def test_validity_is_extended_by_a_document(self):
        order = self._draft(self.cards[:5], "extension")
        with self.assertRaisesRegex(UserError, "last day"):
            order.action_submit()
        order.new_valid_until = date(2030, 12, 31)
        order.action_submit()
        order.action_execute()
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[:5], valid_until=date(2030, 12, 31), transit_id=0)
        self.assertCards(self.cards[:4], state="active")
        self.assertMoney(self.a, "0", "600")
        self._intact()
