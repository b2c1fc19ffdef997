from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase


class TestDirect(OrderCase):
    """Member orders: payment, sending in parts, activation by the platform, return and refund."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(10)
        cls.member = cls._new_member()

    def _order(self, quantity=4):
        orders = self.Order.with_user(self.keeper).with_context(default_kind="direct")
        with Form(orders, view="crab_card_order.crab_card_order_view_form") as form:
            form.company_id = self.group
            form.receiver_member_id = self.member
            with form.line_ids.new() as line:
                line.product_id = self.card_product
                line.quantity = quantity
                line.unit_price = 950
        return form.record

    def _paid(self, quantity=4):
        order = self._order(quantity)
        order.action_submit()
        order.with_user(self.finance).action_confirm_payment("BANK-1")
        return order

    def _pick(self, order, count):
        action = order.action_pick()
        wizard = Form(self.env["crab.card.order.pick"].with_user(self.keeper).with_context(**action["context"]))
        wizard.method, wizard.quantity = "lowest", count
        wizard.save().action_add()

    @covers("HQ-34", "ordered and paid by the member", "choose the numbers", "card shipment", via="web")
    @covers("HQ-34", "platform activates after receipt", "no dealer is charged", via="web")
    @covers("HQ-10", "member direct orders activated by the platform", via="web")
    @covers("HQ-37", "platform's (member cards)", via="web")
    def test_a_member_buys_pays_gets_the_cards_and_they_are_activated(self):
        order = self._order()
        self.assertEqual((order.state, order.amount_total), ("draft", 3800))
        order.action_submit()
        self.assertEqual(order.state, "to_pay")
        with self.assertRaises(UserError):
            order.action_pick() and self._pick(order, 4)
        with self.assertRaises(AccessError):
            order.action_confirm_payment("BANK-1")
        action = order.with_user(self.finance).action_confirm_payment()
        wizard = Form(self.env[action["res_model"]].with_user(self.finance).with_context(**action["context"]))
        wizard.text = "BANK-1"
        wizard.save().action_confirm()
        order.with_user(self.finance).action_confirm_payment("BANK-1")
        self.assertEqual((order.state, order.amount_paid, order.payment_reference), ("submitted", 3800, "BANK-1"))
        self.assertBalanced()
        self._pick(order, 4)
        self.assertEqual(order.line_ids.chosen_quantity, 4)
        order.action_send()
        self.assertEqual(order.state, "in_transit")
        order.action_receive()
        self.assertEqual(order.state, "done")
        mine = self.cards[:4]
        self.assertCards(mine, member_id=self.member, state="inactive", transit_id=0)
        self.assertEqual(order.to_activate_count, 4)
        order.action_activate_received()
        order.action_activate_received()
        activation = order.activation_order_ids
        self.assertEqual(
            (activation.state, activation.activation_scope, activation.amount_charged), ("done", "platform", 0)
        )
        self.assertCards(mine, state="active", member_id=self.member, charged_amount=950)
        self.assertFalse(self.env["crab.wallet.entry"].search([("document_id", "=", activation.id)]))
        self.assertBalanced()
        self._intact()

    def test_numbers_are_sent_in_parts(self):
        order = self._paid()
        self._pick(order, 3)
        order.action_send()
        order.action_receive(self.cards[:2].mapped("number"))
        self.assertEqual((order.state, order.received_count), ("partly_received", 2))
        order.action_receive()
        self.assertEqual((order.state, order.received_count, order.number_count), ("partly_received", 3, 4))
        self._pick(order, 1)
        order.action_send()
        order.action_receive()
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[:4], member_id=self.member)

    def test_no_more_numbers_than_ordered(self):
        order = self._paid()
        self._pick(order, 5)
        with self.assertRaisesRegex(UserError, "More numbers are chosen"):
            order.action_send()
        order.action_remove_numbers()
        self.assertEqual(order.line_ids.chosen_quantity, 0)

    def test_before_payment_it_is_cancelled_without_trace(self):
        order = self._order()
        order.action_submit()
        order.action_cancel()
        self.assertEqual(order.state, "cancelled")
        with self.assertRaises(UserError):
            order.with_user(self.finance).action_confirm_payment("BANK-1")

    def test_what_is_not_sent_is_refunded(self):
        order = self._paid()
        self._pick(order, 1)
        order.action_send()
        order.action_receive()
        with self.assertRaises(UserError):
            order.action_cancel()
        order.action_close("sold out")
        self.assertEqual((order.state, order.amount_to_refund, order.amount_due), ("done", 2850, 2850))
        self.assertIn(order, self.Order.search([("amount_due", ">", 0)]))
        order.with_user(self.finance).action_confirm_refund("BANK-2")
        order.with_user(self.finance).action_confirm_refund("BANK-2")
        self.assertEqual((order.amount_refunded, order.amount_due), (2850, 0))
        self.assertBalanced()

    def test_a_refused_parcel_can_be_sent_again_or_refunded(self):
        order = self._paid(2)
        self._pick(order, 2)
        order.action_send()
        order.action_reject("nobody at home")
        self.assertEqual(order.state, "submitted")
        self.assertCards(self.cards[:2], transit_id=0, holder_kind="platform")
        self._pick(order, 2)
        order.action_send()
        order.action_close("nobody at home twice")
        self.assertEqual((order.state, order.amount_to_refund), ("cancelled", 1900))
        self.assertCards(self.cards[:2], transit_id=0, holder_kind="platform", state="inactive")

    @covers("MB-33", "give back an unused own card", "platform confirms, number cancelled")
    @covers("CH-15", "return to the platform from members")
    @covers("HQ-38", "from members", via="web")
    def test_a_member_returns_a_card_it_is_cancelled_and_refunded(self):
        order = self._paid(3)
        self._pick(order, 3)
        order.action_send()
        order.action_receive()
        activation = order.action_activate_received()
        self.assertTrue(activation)
        subject = self._member_subject()
        back = self.Order._create_for_subject(subject, "return", self.cards[:2])
        back._step_for_subject(subject, "submit")
        self.assertEqual((back.state, back.return_scope), ("in_transit", "member"))
        back.with_user(self.keeper).action_receive()
        self.assertEqual((back.state, back.amount_to_refund), ("done", 1900))
        self.assertCards(self.cards[:2], state="cancelled", member_id=self.member)
        back.with_user(self.finance).action_confirm_refund("BANK-3")
        self.assertEqual(back.amount_refunded, 1900)
        self.assertBalanced()
        self._intact()

    def test_only_cards_bought_from_the_platform_come_back_from_members(self):
        self._fund(self.a, stored=600)
        self._issue(self.cards[:1], self.a)
        self._activate(self.cards[:1], self.a)
        self.cards[0]._bind(None, self.member)
        with self.assertRaisesRegex(UserError, "belongs to a level-1 dealer"):
            self.Order._create_for_subject(self._member_subject(), "return", self.cards[:1])

    def test_a_sale_belongs_to_the_issuer_of_its_numbers(self):
        orders = self.Order.with_user(self.keeper).with_context(default_kind="direct")
        with Form(orders, view="crab_card_order.crab_card_order_view_form") as form:
            form.receiver_member_id = self.member
            with form.line_ids.new() as line:
                line.product_id, line.quantity, line.unit_price = self.card_product, 1, 950
        order = form.record
        self.assertEqual(order.company_id, self.sales)
        order.action_submit()
        order.with_user(self.finance).action_confirm_payment("BANK-9")
        with self.assertRaisesRegex(UserError, "Only 0 free numbers"):
            self._pick(order, 1)
