from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import FORM, OrderCase


class TestHandOver(OrderCase):
    """Issue and transfer: drafts, transit, whole and partial receipt, rejecting, cancelling, closing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(20)

    @covers(
        "HQ-10",
        "platform gives to level 1",
        "level 1 to level 2 or 3",
        "level 2 to level 3",
        "level-1 origin stays",
        via="web",
    )
    @covers("HQ-33", "dealer, card, numbers", "card shipment", via="web")
    def test_numbers_go_down_the_network_step_by_step(self):
        issue = self._draft("issue", receiver_dealer_id=self.a)
        self._pick(issue, method="lowest", product_id=self.card_product, quantity=12)
        self.assertEqual((issue.state, issue.number_count, issue.amount_total), ("draft", 12, 7200))
        self._press(issue, "action_submit")
        self.assertEqual(issue.state, "in_transit")
        given = self.cards[:12]
        self.assertCards(given, holder_kind="platform", transit_id=issue.id, state="inactive")
        self._press(issue, "action_receive")
        self.assertEqual((issue.state, issue.received_count), ("done", 12))
        self.assertCards(given, dealer_id=self.a, origin_dealer_id=self.a, transit_id=0)

        transfer = self._draft("transfer", sender_dealer_id=self.a, receiver_dealer_id=self.b)
        self._pick(transfer, method="entered", text=f"{given[0].number}-{given[9].number}")
        self.assertEqual(transfer.amount_total, 7000)
        self._press(transfer, "action_submit")
        self._press(transfer, "action_receive")
        self.assertCards(given[:10], dealer_id=self.b, origin_dealer_id=self.a)

        lower = self._draft("transfer", sender_dealer_id=self.b, receiver_dealer_id=self.c)
        self._pick(lower, method="entered", text="\n".join(given[:4].mapped("number")))
        self._press(lower, "action_submit")
        self._press(lower, "action_receive")
        self.assertCards(given[:4], dealer_id=self.c, origin_dealer_id=self.a)

        direct_child = self._draft("transfer", sender_dealer_id=self.a, receiver_dealer_id=self.d)
        self._pick(direct_child, method="lowest", product_id=self.card_product, quantity=2)
        self._press(direct_child, "action_submit")
        self._press(direct_child, "action_receive")
        self.assertCards(given[10:], dealer_id=self.d, origin_dealer_id=self.a)
        self._intact()

    @covers("HQ-36", "issue shows its price but charges nothing", via="web")
    def test_an_issue_shows_its_price_and_charges_nothing(self):
        self._fund(self.a, stored=50000)
        issue = self._draft("issue", receiver_dealer_id=self.a)
        self._pick(issue, method="lowest", product_id=self.card_product, quantity=5)
        self._press(issue, "action_submit")
        self._press(issue, "action_receive")
        self.assertEqual((issue.amount_total, issue.amount_charged), (3000, 0))
        self.assertMoney(self.a, "50000", "0")

    def test_a_second_click_changes_nothing(self):
        issue = self._issue(self.cards[:3], self.a).with_user(self.keeper)
        issue.action_submit()
        issue.action_receive()
        self.assertEqual(issue.state, "done")
        self.assertEqual(self.cards[0].event_count, 3)

    def test_a_part_arrives_then_the_rest(self):
        issue = self._document("issue", self.cards[:5], receiver_dealer_id=self.a.id).with_user(self.keeper)
        issue.action_receive(self.cards[:2].mapped("number"))
        self.assertEqual((issue.state, issue.received_count), ("partly_received", 2))
        self.assertCards(self.cards[:2], dealer_id=self.a, transit_id=0)
        self.assertCards(self.cards[2:5], holder_kind="platform", transit_id=issue.id)
        issue.action_receive(self.cards[1:3].mapped("number"))  # one of them a second time
        self.assertEqual(issue.received_count, 3)
        issue.action_receive()
        self.assertEqual((issue.state, issue.received_count), ("done", 5))
        self.assertCards(self.cards[:5], dealer_id=self.a, transit_id=0)

    def test_the_difference_of_a_partial_receipt_goes_back_to_the_sender(self):
        self._issue(self.cards[:5], self.a)
        order = self._document(
            "transfer", self.cards[:5], sender_dealer_id=self.a.id, receiver_dealer_id=self.b.id
        ).with_user(self.keeper)
        missing = {"meaning": "missing", "text": self.cards[4].number}
        self._dialog(order, "action_receive_partly", "action_receive", **missing)
        self.assertEqual((order.state, order.received_count, order.number_count), ("partly_received", 4, 5))
        with self.assertRaisesRegex(UserError, "reason"):
            order.action_close("  ")
        order.action_close("one fell out of the parcel")
        self.assertEqual((order.state, order.released_count), ("done", 1))
        self.assertCards(self.cards[:4], dealer_id=self.b)
        self.assertCards(self.cards[4], dealer_id=self.a, transit_id=0, state="inactive")
        self._intact()

    def test_rejecting_and_cancelling_free_the_numbers(self):
        rejected = self._document("issue", self.cards[:3], receiver_dealer_id=self.a.id).with_user(self.keeper)
        self._dialog(rejected, "action_reject", "action_confirm", text="wrong card")
        self.assertEqual((rejected.state, rejected.refusal_reason), ("rejected", "wrong card"))
        self.assertCards(self.cards[:3], holder_kind="platform", transit_id=0)
        rejected.action_reject("again")
        self.assertEqual(rejected.refusal_reason, "wrong card")

        again = rejected.copy()
        self.assertEqual((again.state, again.number_count), ("draft", 3))
        again.action_submit()
        again.action_cancel()
        again.action_cancel()
        self.assertEqual(again.state, "cancelled")
        self.assertCards(self.cards[:3], holder_kind="platform", transit_id=0)
        with self.assertRaisesRegex(UserError, "not possible"):
            again.action_receive()

    def test_numbers_in_transit_are_usable_by_nobody_else(self):
        self._document("issue", self.cards[:3], receiver_dealer_id=self.a.id)
        with self.assertRaisesRegex(UserError, "in transit with another document"):
            self._document("issue", self.cards[2:4], receiver_dealer_id=self.z.id)
        self.assertCards(self.cards[3], transit_id=0)

    def test_a_draft_reserves_nothing_and_can_be_cleaned(self):
        first = self._document("issue", self.cards[:3], (), receiver_dealer_id=self.a.id).with_user(self.keeper)
        second = self._document("issue", self.cards[2:5], (), receiver_dealer_id=self.z.id).with_user(self.keeper)
        first.action_submit()
        with self.assertRaisesRegex(UserError, self.cards[2].number):
            second.action_submit()
        second.action_remove_misfits()
        self.assertEqual(second.number_count, 2)
        second.action_submit()
        self.assertCards(self.cards[3:5], transit_id=second.id)
        with self.assertRaises(UserError):
            second.action_remove_numbers()

    def test_what_is_missing_or_wrong_is_said(self):
        with self.assertRaisesRegex(UserError, "no numbers yet"):
            self._document("issue", self.Card, receiver_dealer_id=self.a.id)
        with self.assertRaisesRegex(UserError, "level-1 dealers only"):
            self._document("issue", self.cards[:1], receiver_dealer_id=self.b.id)
        self._issue(self.cards[:2], self.a)
        with self.assertRaisesRegex(UserError, "not directly below"):
            self._document("transfer", self.cards[:1], sender_dealer_id=self.a.id, receiver_dealer_id=self.c.id)
        with self.assertRaisesRegex(UserError, "not in the sender's hands"):
            self._document("transfer", self.cards[:1], sender_dealer_id=self.z.id, receiver_dealer_id=self.y.id)
        with self.assertRaisesRegex(UserError, "not in the sender's hands"):
            self._issue(self.cards[:1], self.z)
        with self.assertRaisesRegex(UserError, "numbers of .* only"):
            self._document("issue", self.Card, receiver_dealer_id=self.a.id, company_id=self.sales.id)
        self.b._close("test")
        with self.assertRaisesRegex(UserError, "closed"):
            self._document("transfer", self.cards[:1], sender_dealer_id=self.a.id, receiver_dealer_id=self.b.id)

    def test_a_draft_shows_the_price_of_its_receiver_also_after_a_change(self):
        order = self._draft("issue", receiver_dealer_id=self.a)
        self._pick(order, method="lowest", product_id=self.card_product, quantity=2)
        self.assertEqual(order.amount_total, 1200)
        with Form(order, view=FORM) as form:
            form.receiver_dealer_id = self.z
        self.assertEqual((order.amount_total, order.line_ids.ratio), (1100, 0.55))

    def test_a_running_document_goes_on_when_its_receiver_is_closed(self):
        self._issue(self.cards[:2], self.a)
        order = self._document("transfer", self.cards[:2], sender_dealer_id=self.a.id, receiver_dealer_id=self.b.id)
        self.b._close("test")
        order.with_user(self.keeper).action_receive()
        self.assertCards(self.cards[:2], dealer_id=self.b)
