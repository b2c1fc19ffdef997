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

    def _of(self, cards, kind="cancel", **values):
        """A draft with these numbers, made with form and dialog."""
        order = self._draft(kind, **{"reason": "lost", **values})
        self._pick(order, method="entered", text=" ".join(cards.mapped("number")))
        return order

    @covers("HQ-30", "cancel", via="web")
    def test_uncharged_numbers_are_cancelled_by_the_card_keeper(self):
        order = self._of(self.cards[6:10])  # of the dealer and of the platform
        self._press(order, "action_submit")
        self.assertEqual((order.state, order.needs_approval), ("submitted", False))
        self._press(order, "action_execute")
        order.action_execute()
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[6:10], state="cancelled", transit_id=0)
        self.assertCards(self.cards[6:8], dealer_id=self.a)
        wizard = self._draft("cancel", reason="again")
        self.assertEqual(self._pick(wizard, method="entered", text=self.cards[6].number)["target"], "new")
        self.assertFalse(wizard.number_count)
        self._intact()

    def test_a_charge_is_kept_when_finance_says_so(self):
        order = self._of(self.cards[:2])
        self._press(order, "action_submit")
        self.assertEqual((order.amount_at_stake, order.needs_approval), (1200, True))
        self.assertFalse(self._sees(order, "action_execute"))
        with self.assertRaisesRegex(UserError, "approval of finance"):
            order.action_execute()
        with self.assertRaises(AccessError):
            order.action_keep_charge()
        self._press(order, "action_keep_charge", self.finance)
        self._press(order, "action_execute")
        self.assertCards(self.cards[:2], state="cancelled")
        self.assertMoney(self.a, "0", "600")
        self.assertBalanced()

    def test_a_charge_is_given_back_when_finance_says_so(self):
        order = self._of(self.cards[:2])
        order.action_submit()
        self._press(order, "action_keep_charge", self.finance)
        self._press(order, "action_give_charge_back", self.finance)  # thought better of it
        self._press(order, "action_execute", self.finance)
        self.assertEqual((order.amount_charged, order.amount_credit, order.amount_stored), (1200, 600, 600))
        self.assertCards(self.cards[:2], state="cancelled")
        self.assertMoney(self.a, "600", "0")
        self.assertBalanced()
        rows = self.env["crab.card.order.price"].search([("dealer_id", "=", self.a.id)])
        self.assertEqual(sum(rows.mapped("quantity")), 2)

    def test_undone_before_execution_nothing_happened(self):
        order = self._of(self.cards[:5])
        order.action_submit()
        self.assertCards(self.cards[:5], transit_id=order.id)
        order.action_cancel()
        self.assertCards(self.cards[:4], transit_id=0, state="active")
        order = self._of(self.cards[:5])
        order.action_submit()
        order.with_user(self.finance).action_reject("found again")
        self.assertEqual(order.state, "rejected")
        self.assertCards(self.cards[4], transit_id=0, state="inactive")

    def test_validity_is_extended_by_a_document(self):
        self.cards[:5]._set_valid_until(date(2029, 12, 31))
        order = self._of(self.cards[:5], "extension", new_valid_until=date(2020, 12, 31))
        with self.assertRaisesRegex(UserError, "today or later"):
            order.action_submit()
        order.new_valid_until = date(2030, 12, 31)
        self._press(order, "action_submit")
        self._press(order, "action_execute")
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[:5], valid_until=date(2030, 12, 31), transit_id=0)
        self.assertCards(self.cards[:4], state="active")
        self.assertMoney(self.a, "0", "600")
        self._intact()

    def test_a_shorter_validity_needs_finance(self):
        """Whoever may redeem without end, or for longer, loses nothing by a slip; a slip can be put right."""
        self.cards[:1]._set_valid_until(date(2029, 12, 31))
        order = self._of(self.cards[:2], "extension", new_valid_until=date(2062, 1, 31))
        order.action_submit()
        self.assertTrue(order.needs_approval)
        with self.assertRaisesRegex(UserError, "approval of finance"):
            order.action_execute()
        with self.assertRaises(AccessError):
            order.action_approve()
        self._press(order, "action_approve", self.finance)
        self._press(order, "action_execute")
        self.assertCards(self.cards[:2], valid_until=date(2062, 1, 31))
        order = self._of(self.cards[:2], "extension", new_valid_until=date(2063, 1, 31))
        order.action_submit()
        self.assertFalse(order.needs_approval)
        with self.assertRaisesRegex(UserError, "no approval"):
            order.with_user(self.finance).action_approve()

    def test_a_cancellation_says_why(self):
        order = self._of(self.cards[8:9])
        order.reason = " "
        with self.assertRaisesRegex(UserError, "reason"):
            order.action_submit()
