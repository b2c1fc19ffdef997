from decimal import Decimal

from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase


class TestReturn(OrderCase):
    """One step up; active numbers give their charge back and become inactive; the receiver confirms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(40)
        cls._issue(cls.cards, cls.a)

    def _return(self, cards, dealer, steps=("submit", "receive")):
        return self._document("return", cards, steps, sender_dealer_id=dealer.id)

    def _return_by_screen(self, cards, dealer, scope, receiver):
        """Made, sent and received by head office with the form; its receiver and kind are looked at."""
        order = self._draft("return", sender_dealer_id=dealer)
        self._pick(order, method="entered", text=" ".join(cards.mapped("number")))
        self._press(order, "action_submit")
        self.assertEqual(
            (order.state, order.return_scope, order.receiver_dealer_id),
            ("in_transit", scope, receiver or dealer.browse()),
        )
        self.assertCards(cards, dealer_id=dealer)  # until the receiver confirms
        self._press(order, "action_receive")
        self.assertEqual(order.state, "done")
        return order

    @covers("HQ-38", "from level 1", "from level 2 and direct level 3 to level 1", "from level 3 to level 2", via="web")
    def test_inactive_numbers_go_up_one_step_at_a_time(self):
        self._transfer(self.cards[:6], self.a, self.b)
        self._transfer(self.cards[:3], self.b, self.c)
        self._transfer(self.cards[6:8], self.a, self.d)
        self._return_by_screen(self.cards[:3], self.c, "level3_to_2", self.b)
        self.assertCards(self.cards[:3], dealer_id=self.b, origin_dealer_id=self.a)
        self._return_by_screen(self.cards[:6], self.b, "level2_to_1", self.a)
        self._return_by_screen(self.cards[6:8], self.d, "level3_to_1", self.a)
        self.assertCards(self.cards, dealer_id=self.a, origin_dealer_id=self.a)
        order = self._return_by_screen(self.cards, self.a, "level1", None)
        self.assertEqual((order.receiver_kind, order.receiver_name), ("platform", "Platform"))
        self.assertCards(self.cards, holder_kind="platform", origin_dealer_id=self.env["crab.dealer"], state="inactive")
        self._issue(self.cards[:1], self.z)  # and can be issued to somebody else
        self.assertCards(self.cards[:1], origin_dealer_id=self.z)
        self._intact()

    @covers("CH-15", "return to the platform from level 1", "return to level 1 from level 2 and direct level 3")
    @covers("CH-15", "return to level 2 from its level 3", "one step up, to the direct parent", "receiver confirms")
    def test_dealers_return_and_their_parents_confirm(self):
        self._transfer(self.cards[:3], self.a, self.b)
        self._transfer(self.cards[:1], self.b, self.c)
        self._transfer(self.cards[3:4], self.a, self.d)
        for cards, sender, receiver in (
            (self.cards[:1], self.c, self.b),
            (self.cards[:3], self.b, self.a),
            (self.cards[3:4], self.d, self.a),
        ):
            order = self._document("return", cards, subject=self._subject(sender))
            self.assertEqual((order.state, order.receiver_dealer_id), ("in_transit", receiver))
            with self.assertRaises(AccessError):
                order._step_for_subject(self._subject(sender), "receive")
            order._step_for_subject(self._subject(receiver), "receive")
            self.assertCards(cards, dealer_id=receiver, transit_id=0)
        order = self._document("return", self.cards[:4], subject=self._subject(self.a))
        self.assertEqual((order.state, order.receiver_kind), ("in_transit", "platform"))
        self._press(order, "action_receive")
        self.assertCards(self.cards[:4], holder_kind="platform")

    def test_active_numbers_give_their_charge_back_and_become_inactive(self):
        self._fund(self.a, stored=5000)
        self._transfer(self.cards[:4], self.a, self.b)
        activation = self._activate(self.cards[:4], self.b)
        self.assertMoney(self.a, "2600", "0")
        order = self._return(self.cards[1:3] | self.cards[3:4], self.b)
        self.assertEqual((order.amount_charged, order.amount_stored, order.amount_credit), (1800, 1800, 0))
        self.assertMoney(self.a, "4400", "0")
        self.assertCards(self.cards[1:4], state="inactive", dealer_id=self.a, charged_amount=0, charge_id=0)
        self.assertCards(self.cards[0], state="active", charged_amount=600, charge_id=activation.id)
        self.assertBalanced()
        self._intact()
        link = self.env["crab.card.order.number"].search([("order_id", "=", order.id)])
        self.assertEqual(set(link.mapped("charged_amount")), {600})
        self.assertEqual(link.charge_order_id, activation)
        # the statistics are taken back too: one of four numbers is left
        rows = self.env["crab.card.order.price"].search([("dealer_id", "=", self.b.id)])
        self.assertEqual((sum(rows.mapped("quantity")), sum(rows.mapped("amount_retail"))), (1, 1000))

    def test_unrepaid_credit_of_the_same_activation_is_reduced_first(self):
        self._fund(self.a, stored=600, credit_limit=10000)
        first = self._activate(self.cards[:3], self.a)  # 600 stored + 1200 credit
        self._activate(self.cards[3:5], self.a)  # 1200 credit
        self.assertMoney(self.a, "0", "2400")
        self.env["crab.wallet.document"]._open(
            self.a, "repayment", Decimal(1000), "test-repayment"
        )  # the oldest: first has 200 left
        self.assertMoney(self.a, "0", "1400")
        order = self._return(self.cards[:1], self.a)
        self.assertEqual((order.amount_stored, order.amount_credit), (400, 200))
        self.assertMoney(self.a, "400", "1200")
        order = self._return(self.cards[1:2], self.a)
        self.assertEqual((order.amount_stored, order.amount_credit), (600, 0))
        order = self._return(self.cards[2:4], self.a)  # one number of each activation
        self.assertEqual((order.amount_stored, order.amount_credit), (600, 600))
        self.assertMoney(self.a, "1600", "600")
        self.assertEqual(first.amount_credit, 1200)
        self.assertBalanced()

    def test_a_partial_receipt_gives_back_what_arrived_only(self):
        self._fund(self.a, stored=6000)
        self._activate(self.cards[:4], self.a)
        order = self._return(self.cards[:6], self.a, ("submit",))
        self.assertMoney(self.a, "3600", "0")
        order.with_user(self.keeper).action_receive(self.cards[2:5].mapped("number"))
        self.assertMoney(self.a, "4800", "0")
        self.assertCards(self.cards[2:5], holder_kind="platform", state="inactive")
        self.assertCards(self.cards[:2], dealer_id=self.a, state="active", transit_id=order.id)
        order.with_user(self.keeper).action_receive(self.cards[:1].mapped("number"))
        self.assertMoney(self.a, "5400", "0")
        order.with_user(self.keeper).action_close("two were kept")
        self.assertEqual((order.state, order.amount_charged, order.released_count), ("done", 1800, 2))
        self.assertCards(self.cards[1], dealer_id=self.a, state="active", transit_id=0, charged_amount=600)
        self.assertBalanced()
        self._intact()

    def test_a_rejected_or_cancelled_return_gives_nothing_back(self):
        self._fund(self.a, stored=600)
        self._activate(self.cards[:1], self.a)
        order = self._return(self.cards[:1], self.a, ("submit",)).with_user(self.keeper)
        order.action_reject("already sold")
        self.assertMoney(self.a, "0", "0")
        self.assertCards(self.cards[:1], state="active", dealer_id=self.a, transit_id=0)
        order = self._return(self.cards[:1], self.a, ("submit", "cancel"))
        self.assertEqual((order.state, order.amount_charged), ("cancelled", 0))
        self.assertMoney(self.a, "0", "0")

    def test_the_charge_goes_back_to_the_origin_after_the_tree_changed(self):
        self._fund(self.a, stored=600)
        self._transfer(self.cards[:1], self.a, self.d)
        self._activate(self.cards[:1], self.d)
        self.d._relocate(self.z, reason="test")
        order = self._return(self.cards[:1], self.d)
        self.assertEqual(order.receiver_dealer_id, self.z)
        self.assertMoney(self.a, "600", "0")
        self.assertCards(self.cards[:1], dealer_id=self.z, origin_dealer_id=self.a, state="inactive")

    def test_a_closed_dealers_charge_goes_back_all_the_same(self):
        self._fund(self.a, stored=600)
        self._activate(self.cards[:1], self.a)
        self.a._close("test")
        self._return_by_screen(self.cards[:2], self.a, "level1", None)
        self.assertMoney(self.a, "600", "0")

    def test_redeemed_or_bound_numbers_cannot_be_returned(self):
        self._fund(self.a, stored=2000)
        self._activate(self.cards[:2], self.a)
        self.cards[0]._use(None)
        member = self._new_member()
        self.cards[1]._bind(None, member)
        for card in self.cards[:2]:
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._return(card, self.a)
        self.assertMoney(self.a, "800", "0")

    def test_numbers_activated_for_nobodys_money_give_nothing_back(self):
        order = self._document("activation", self.cards[:2], sender_dealer_id=self.a.id, is_free=True, reason="test")
        order.with_user(self.finance).action_approve()
        order.with_user(self.keeper).action_execute()
        back = self._return(self.cards[:2], self.a)
        self.assertEqual((back.state, back.amount_charged), ("done", 0))
        self.assertCards(self.cards[:2], state="inactive", holder_kind="platform")
        self.assertMoney(self.a, "0", "0")

    def test_returning_twice_at_once_is_refused(self):
        self._return(self.cards[:1], self.a, ("submit",))
        with self.assertRaisesRegex(UserError, "in transit"):
            self._return(self.cards[:1], self.a, ("submit",))
        with self.assertRaisesRegex(UserError, "either the dealer or the member"):
            order = self.Order.create({"kind": "return"})
            order._link_cards(self.cards[1:2].ids)
            order.action_submit()
