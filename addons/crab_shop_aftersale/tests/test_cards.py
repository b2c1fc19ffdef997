from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import make_numbers

from .common import AftersaleCase


class TestCards(AftersaleCase):
    """Numbers are given back: physical cards by their numbers (MB-33), e-cards by pieces."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printed = cls._new_card_product("T-PRINTED", 1000).product_tmpl_id
        cls.printed.crab_state = "on_sale"
        cls.cards = make_numbers(cls.env, cls.printed.product_variant_id, 6, "PRINT", company="sales")
        cls.cards.batch_id._receive_stock()
        cls.keeper = cls._new_user("t_aftersale_keeper", "card_keeper")

    def _bought_cards(self, quantity=3, discount=0, member=None):
        """A received order, and its numbers."""
        order = self._paid([(self.printed, quantity, discount)], member)
        sale = order.crab_card_order_ids
        free = self.cards.filtered(lambda card: card.holder_kind == "platform" and not card.transit_id)[:quantity]
        sale._link_cards(free.ids)
        sale.action_send()
        sale.action_receive()
        return order, free

    def _give_back(self, order, cards, **values):
        return self._ask(order, reason="unwanted", numbers=cards.mapped("number"), **values)

    @covers("MB-33", "give back an unused own card", "platform confirms, number cancelled")
    @covers("MB-33", "refund by the original route")
    def test_a_member_gives_numbers_back_and_the_platform_confirms(self):
        order, cards = self._bought_cards(3, discount=1)  # 2849.00
        request = self._give_back(order, cards[:2])
        [line] = request.line_ids
        self.assertEqual((request.state, line.quantity), ("to_merchant", 2))
        self.assertEqual(cards[:2].mapped("transit_id"), [request.card_order_id.id] * 2)
        self.assertEqual(set(cards.mapped("state")), {"inactive"})
        self._unchanged(order)
        self._approve(request)
        refund = order.crab_refund_ids
        self.assertEqual(cards.mapped("state"), ["cancelled", "cancelled", "inactive"])
        self.assertEqual((request.state, request.refund_id, request.amount_granted), ("done", refund, refund.amount))
        self.assertEqual(refund.source_transaction_id, order.crab_transaction_id)
        self.assertEqual(refund.amount, request.amount_asked)
        self.assertEqual((line.quantity_granted, line.amount_granted), (2, refund.amount))
        self.assertEqual(self._events(request), ["asked", "done"])
        self.assertFalse(self.env["crab.card.event"]._verify_chain(cards.ids))
        self.assertBooksEqual()

    @covers("MB-33", "earnings reversed")
    def test_what_was_shared_of_the_numbers_is_taken_back(self):
        order, cards = self._bought_cards(2)
        self._approve(self._give_back(order, cards[:1]))
        earnings = self.env["crab.earning"].search([("order_id", "=", order.id)])
        self.assertFalse(earnings.dealer_id, "physical cards earn nothing for dealers")
        self.assertEqual(sum(earnings.mapped("amount")), 950)
        self.assertFalse(self.env["crab.earning"]._wrong_lines())

    def test_numbers_are_free_again_when_the_request_ends(self):
        order, cards = self._bought_cards(1)
        for end in (
            lambda request: self._wizard(request, "action_reject", reason="Opened"),
            lambda request: self.Aftersale._cancel_for_subject(self.subject, request.public_id),
        ):
            request = self._give_back(order, cards)
            self.assertTrue(cards.transit_id)
            end(request)
            self.assertEqual((cards.transit_id, cards.state, cards.member_id), (0, "inactive", self.member))
        self.assertEqual(order.crab_aftersale_ids.sorted("id").mapped("state"), ["rejected", "cancelled"])
        self.assertEqual(order.crab_aftersale_ids.sorted("id")[0].end_reason, "Opened")
        self._unchanged(order)

    def test_the_request_follows_what_the_card_keeper_does(self):
        order, cards = self._bought_cards(3)
        done, refused = self._give_back(order, cards[:1]), None
        done.card_order_id.with_user(self.keeper).action_receive()
        self.assertEqual((done.state, done.refund_id), ("done", order.crab_refund_ids))
        refused = self._give_back(order, cards[1:2])
        refused.card_order_id.with_user(self.keeper).action_reject("Opened")
        self.assertEqual((refused.state, refused.end_reason), ("rejected", "Opened"))
        self.assertFalse(order.crab_aftersale)
        with self._refused("this step is not possible", UserError):
            refused._approve()

    def test_what_a_merged_member_gave_back_goes_on_with_the_one_it_became(self):
        order, cards = self._bought_cards(2)
        request = self._give_back(order, cards[:1])
        self.member.account_id._merge_into(self.friend.account_id)
        returned, friend = request.card_order_id, Subject("member", self.friend.id)
        self.assertIn(returned, self.env["crab.card.order"]._for_subject(friend, [("kind", "=", "return")]))
        self._approve(request)
        self.assertEqual((request.state, cards.mapped("state")), ("done", ["cancelled", "inactive"]))
        self.assertEqual(order.crab_amount_refunded, 950)
        again = self._give_back(order, cards[1:], subject=friend)
        again.card_order_id._step_for_subject(friend, "cancel")
        self.assertEqual((again.state, cards[1].transit_id), ("cancelled", 0))

    def test_numbers_that_were_not_bought_with_the_order_are_not_found(self):
        order, _cards = self._bought_cards(1)
        _other, others = self._bought_cards(1)
        theirs_order, theirs = self._bought_cards(1, member=self.friend)
        unsold = self.cards.filtered(lambda card: card.holder_kind == "platform")[:1]
        for stranger in (others, theirs, unsold):
            with self._refused("not among those that can be chosen", UserError):
                self._give_back(order, stranger)
        with self._refused("does not exist", MissingError):
            self._give_back(theirs_order, theirs)
        self.assertFalse((others | theirs | unsold).filtered("transit_id"))

    def test_used_numbers_and_numbers_passed_on_are_refused(self):
        order, cards = self._bought_cards(3)
        used, passed_on, held = cards
        used._activate(order, {used.id: 950})
        used._use(order)
        with self._refused("its state does not allow it", UserError):
            self._give_back(order, used)
        passed_on._hand_over(order, self.friend)
        with self._refused("not in the buyer's hands", UserError):
            self._give_back(order, passed_on)
        request = self._give_back(order, held)
        with self._refused("still open", UserError):
            self._give_back(order, held)
        self.assertEqual(order.crab_aftersale_ids, request)

    def test_pieces_need_their_numbers(self):
        order, _cards = self._bought_cards(2)
        with self._refused("Name the numbers", UserError):
            self._ask(order, (1, None))
        request = self._ask(order, (0, 50))
        self._approve(request)
        self.assertEqual((request.state, order.crab_amount_refunded), ("done", 50))
        self.assertBooksEqual()

    def test_cards_that_were_not_sent_are_refunded_as_a_whole(self):
        order = self._paid([(self.printed, 2)])
        with self._refused("Name the numbers", UserError):
            self._ask(order, (1, None))
        request = self._ask(order, (2, None))
        with self._refused("refunded as a whole", UserError):
            self._approve(request, amount=100)
        self._approve(request)
        self.assertEqual((request.state, request.refund_id.amount), ("done", order.amount_total))
        self.assertEqual((order.crab_state, order.crab_card_order_ids.state), ("closed", "cancelled"))
        self.assertBooksEqual()

    def test_cards_that_were_sent_meanwhile_are_not_taken_back_on_their_way(self):
        order = self._paid([(self.printed, 2)])
        request = self._ask(order, (2, None))
        sale = order.crab_card_order_ids
        sale._link_cards(self.cards[:2].ids)
        sale.action_send()
        with self._refused("Name the numbers", UserError):
            self._approve(request)
        self.assertEqual((request.state, sale.state), ("to_merchant", "in_transit"))
        self._unchanged(order)

    def test_ecards_are_cancelled_by_pieces(self):
        order = self._bought(3)
        self.assertEqual(order.crab_state, "done")
        request = self._ask(order, (2, None))
        self._approve(request)
        self.assertEqual(sorted(self._numbers(order).mapped("state")), ["active", "cancelled", "cancelled"])
        self.assertEqual((request.state, order.crab_amount_refunded), ("done", 1900))
        self.assertBooksEqual()

    def test_a_used_or_given_ecard_refuses_the_approval_and_changes_nothing(self):
        order = self._bought(2)
        request = self._ask(order, (2, None))
        cards = self._numbers(order)
        self.env["crab.card.gift"]._give(self.subject, cards[0].id)
        cards[1]._use(order)
        with self._refused("unused and still with the buyer", UserError):
            self._approve(request)
        self.assertEqual((request.state, request.approved_at, request.amount_granted), ("to_merchant", False, 0))
        self.assertEqual(sorted(cards.mapped("state")), ["active", "used"])
        self._unchanged(order)

    def test_others_do_not_give_back_for_the_buyer(self):
        order, cards = self._bought_cards(1)
        for stranger in (Subject("member", self.friend.id), Subject("dealer", self.dealer3.id)):
            with self._refused("does not exist", (MissingError, AccessError)):
                self._give_back(order, cards, subject=stranger)
        self.assertFalse(cards.transit_id)
