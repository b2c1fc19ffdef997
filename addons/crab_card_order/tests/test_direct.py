from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_card.tests.common import make_numbers

from .common import FORM, OrderCase


class TestDirect(OrderCase):
    """Member orders: payment, sending in parts, activation by the platform, return and refund."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(10)
        cls.member = cls._new_member()

    def _order(self, quantity=4, discount=None, company=None):
        """A draft by form, 950 a number unless another discount is given."""
        orders = self.Order.with_user(self.keeper).with_context(default_kind="direct")
        with Form(orders, view=FORM) as form:
            form.company_id = company or self.group
            form.receiver_member_id = self.member
            form.reason = "spring offer"
            with form.line_ids.new() as line:
                line.product_id = self.card_product
                self.assertEqual(line.unit_price, 1000, "the member's price is shown at once")
                line.quantity = quantity
                line.discount = 50 * quantity if discount is None else discount
        return form.record

    def _paid(self, quantity=4, discount=None, **values):
        order = self._order(quantity, discount, **values)
        self._press(order, "action_submit")
        self._dialog(order, "action_confirm_payment", "action_confirm", self.finance, text="BANK-1")
        return order

    def _choose(self, order, count):
        self._pick(order, method="lowest", quantity=count)

    @covers("HQ-34", "ordered and paid by the member", "choose the numbers", "card shipment", via="web")
    @covers("HQ-34", "platform activates after receipt", "no dealer is charged", via="web")
    @covers("HQ-10", "member direct orders activated by the platform", via="web")
    @covers("HQ-37", "platform's (member cards)", via="web")
    def test_a_member_buys_pays_gets_the_cards_and_they_are_activated(self):
        order = self._order()
        self.assertEqual((order.state, order.amount_total), ("draft", 3800))
        self._press(order, "action_submit")
        self.assertEqual(order.state, "to_pay")
        self.assertFalse(self._sees(order, "action_pick"))
        with self.assertRaises(UserError):
            self._open(order, 4)
        with self.assertRaises(AccessError):
            order.action_confirm_payment("BANK-1")
        self.assertFalse(self._sees(order, "action_confirm_payment", self.keeper))
        self._dialog(order, "action_confirm_payment", "action_confirm", self.finance, text="BANK-1")
        order.with_user(self.finance).action_confirm_payment("BANK-1")
        self.assertEqual((order.state, order.amount_paid, order.payment_reference), ("to_send", 3800, "BANK-1"))
        self.assertBalanced()
        self._choose(order, 4)
        self.assertEqual(order.line_ids.chosen_quantity, 4)
        self._press(order, "action_send")
        self.assertEqual(order.state, "in_transit")
        order.action_send()
        self._press(order, "action_receive")
        self.assertEqual(order.state, "done")
        mine = self.cards[:4]
        self.assertCards(mine, member_id=self.member, state="inactive", transit_id=0)
        self.assertEqual(order.to_activate_count, 4)
        self._press(order, "action_activate_received")
        self._press(order, "action_activate_received")
        activation = order.activation_order_ids
        self.assertEqual(
            (activation.state, activation.activation_scope, activation.amount_charged), ("done", "platform", 0)
        )
        self.assertCards(mine, state="active", member_id=self.member, charged_amount=950)
        self.assertFalse(self.env["crab.wallet.entry"].search([("document_id", "=", activation.id)]))
        self.assertBalanced()
        self._intact()

    def _open(self, order, count):
        """Choose numbers in a dialog that is open since before: no button is looked for."""
        action = order.action_pick()
        wizard = Form(self.env["crab.card.order.pick"].with_user(self.keeper).with_context(**action["context"]))
        wizard.method, wizard.quantity = "lowest", count
        wizard.save().action_add()

    def test_numbers_are_sent_in_parts(self):
        order = self._paid()
        self._choose(order, 3)
        self._press(order, "action_send")
        arrived = " ".join(self.cards[:2].mapped("number"))
        self._dialog(order, "action_receive_partly", "action_receive", text=arrived)
        self.assertEqual((order.state, order.received_count, order.transit_count), ("partly_received", 2, 1))
        self._press(order, "action_receive")
        self.assertEqual((order.state, order.received_count, order.number_count), ("partly_received", 3, 4))
        self.assertFalse(self._sees(order, "action_receive") or self._sees(order, "action_send"))
        self._pick(order, method="lowest")  # the one that is lacking
        self._press(order, "action_send")
        self._press(order, "action_receive")
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[:4], member_id=self.member)

    def test_a_lost_number_is_replaced_by_another(self):
        order = self._paid(3)
        self._choose(order, 3)
        self._press(order, "action_send")
        arrived = " ".join(self.cards[:2].mapped("number"))
        self._dialog(order, "action_receive_partly", "action_receive", text=arrived)
        with self.assertRaisesRegex(UserError, "More numbers"):
            self._choose(order, 1)
            self._press(order, "action_send")
        order.action_remove_numbers()
        self._dialog(order, "action_reject", "action_confirm", text="one is lost")
        self.assertEqual((order.state, order.received_count, order.transit_count), ("partly_received", 2, 0))
        self.assertCards(self.cards[2], holder_kind="platform", transit_id=0)
        with self.assertRaisesRegex(UserError, "no numbers in transit"):
            order.action_reject("again")
        self._pick(order, method="entered", text=self.cards[5].number)
        self._press(order, "action_send")
        self._press(order, "action_receive")
        self.assertEqual(order.state, "done")
        self.assertCards(self.cards[5], member_id=self.member)

    def test_no_more_numbers_than_ordered(self):
        order = self._paid()
        self._choose(order, 5)
        with self.assertRaisesRegex(UserError, "More numbers are chosen"):
            self._press(order, "action_send")
        order.action_remove_numbers()
        self.assertEqual(order.line_ids.chosen_quantity, 0)

    def test_before_payment_it_is_cancelled_without_trace(self):
        order = self._order()
        self._press(order, "action_submit")
        self._press(order, "action_cancel")
        self.assertEqual(order.state, "cancelled")
        with self.assertRaises(UserError):
            order.with_user(self.finance).action_confirm_payment("BANK-1")

    def test_the_price_is_the_members_and_frozen_with_the_order(self):
        level = self.env["crab.member.level"].create({"name": "Gold", "ratio": 0.95})
        gold = self.env["crab.member"].create({"name": "Gold", "phone": self._phone(), "level_id": level.id})
        orders = self.Order.with_user(self.keeper).with_context(default_kind="direct")
        with Form(orders, view=FORM) as form:
            form.company_id, form.receiver_member_id = self.group, gold
            with form.line_ids.new() as line:
                line.product_id, line.quantity = self.card_product, 2
        order = form.record
        self.assertEqual((order.line_ids.unit_price, order.line_ids.ratio, order.amount_total), (950, 0.95, 1900))
        with self.assertRaises(UserError):
            order.write({"line_ids": [Command.update(order.line_ids.id, {"unit_price": 1})]})
        order.write({"receiver_member_id": self.member.id})
        self.assertEqual(order.amount_total, 2000, "another member has another price")
        order.write({"receiver_member_id": gold.id})
        self._press(order, "action_submit")
        self.card_product.product_tmpl_id.list_price = 1200
        order.with_user(self.finance).action_confirm_payment("BANK-1")
        self.assertEqual((order.amount_paid, order.line_ids.retail_price), (1900, 1000))

    def test_a_discount_needs_a_reason_and_is_spread_to_the_cent(self):
        order = self._order(3, 0.01)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            order.write({"line_ids": [Command.update(order.line_ids.id, {"discount": 3000.01})]})
        order.reason = False
        with self.assertRaisesRegex(UserError, "reason"):
            order.action_submit()
        order.reason = "a cent less"
        self._press(order, "action_submit")
        order.with_user(self.finance).action_confirm_payment("BANK-1")
        for card in self.cards[:2]:
            self._pick(order, method="entered", text=card.number)
            self._press(order, "action_send")
        self._press(order, "action_receive")
        self._choose(order, 1)
        self._press(order, "action_send")
        self._press(order, "action_receive")
        links = self.env["crab.card.order.number"].search([("order_id", "=", order.id)])
        prices = [dec(price) for price in links.mapped("unit_price")]
        self.assertEqual(sum(prices), Decimal("2999.99"))
        self.assertEqual(set(prices), {Decimal("1000.00"), Decimal("999.99")})

    def test_what_is_not_sent_is_refunded(self):
        order = self._paid(4, 199.99)  # 3800.01: 950.01, 950, 950, 950
        self._choose(order, 1)
        self._press(order, "action_send")
        self._press(order, "action_receive")
        with self.assertRaises(UserError):
            order.action_cancel()
        self._dialog(order, "action_close", "action_confirm", text="sold out")
        self.assertEqual((order.state, order.amount_to_refund, order.amount_due), ("done", 2850, 2850))
        self.assertIn(order, self.Order.search([("amount_due", ">", 0)]))
        self._dialog(order, "action_confirm_refund", "action_confirm", self.finance, text="BANK-2")
        order.with_user(self.finance).action_confirm_refund("BANK-2")
        self.assertEqual((order.amount_refunded, order.amount_due), (2850, 0))
        self.assertBalanced()

    def test_a_refused_parcel_can_be_sent_again_or_refunded(self):
        order = self._paid(2)
        self._choose(order, 2)
        self._press(order, "action_send")
        self._dialog(order, "action_reject", "action_confirm", text="nobody at home")
        self.assertEqual(order.state, "to_send")
        self.assertCards(self.cards[:2], transit_id=0, holder_kind="platform")
        self._choose(order, 2)
        self._press(order, "action_send")
        self._dialog(order, "action_close", "action_confirm", text="nobody at home twice")
        self.assertEqual((order.state, order.amount_to_refund), ("cancelled", 1900))
        self.assertCards(self.cards[:2], transit_id=0, holder_kind="platform", state="inactive")

    @covers("MB-33", "give back an unused own card", "platform confirms, number cancelled")
    @covers("CH-15", "return to the platform from members")
    def test_a_member_returns_a_card_it_is_cancelled_and_refunded(self):
        self._bought(3)
        subject = self._member_subject()
        back = self.Order._create_for_subject(subject, "return", self.cards[:2])
        back._step_for_subject(subject, "submit")
        self.assertEqual((back.state, back.return_scope), ("in_transit", "member"))
        self._press(back, "action_receive")
        self.assertEqual((back.state, back.amount_to_refund), ("done", 1900))
        self.assertCards(self.cards[:2], state="cancelled", member_id=self.member)
        self._dialog(back, "action_confirm_refund", "action_confirm", self.finance, text="BANK-3")
        self.assertEqual(back.amount_refunded, 1900)
        self.assertBalanced()
        self._intact()

    @covers("HQ-38", "from members", via="web")
    def test_head_office_enters_the_return_of_a_member(self):
        self._bought(3)
        with Form(self.Order.with_user(self.keeper).with_context(default_kind="return"), view=FORM) as form:
            form.sender_member_id = self.member
            self.assertEqual(form.company_id, self.sales, "whose cards members buy")
            form.company_id = self.group
        back = form.record
        self._pick(back, method="entered", text=f"{self.cards[0].number} {self.cards[2].number}")
        self._press(back, "action_submit")
        self.assertEqual((back.return_scope, back.receiver_name), ("member", "Platform"))
        self._press(back, "action_receive")
        self._dialog(back, "action_confirm_refund", "action_confirm", self.finance, text="BANK-3")
        self.assertEqual((back.state, back.amount_refunded), ("done", 1900))
        self.assertCards(self.cards[0] | self.cards[2], state="cancelled")
        self.assertCards(self.cards[1], state="active", member_id=self.member)
        self.assertBalanced()

    def _bought(self, count, **values):
        order = self._paid(count, **values)
        self._choose(order, count)
        self._press(order, "action_send")
        self._press(order, "action_receive")
        self._press(order, "action_activate_received")
        return order

    def test_cards_of_the_sales_company_come_back_to_it(self):
        """What is sold online is the Sales company's; the member need not know."""
        cards = make_numbers(self.env, self.card_product, 1, prefix="S", company="sales")
        sale = self._bought(1, company=self.sales)
        back = self.Order._create_for_subject(self._member_subject(), "return", cards)
        back._step_for_subject(self._member_subject(), "submit")
        self.assertEqual((sale.state, back.state, back.company_id), ("done", "in_transit", self.sales))

    def test_only_cards_bought_from_the_platform_come_back_from_members(self):
        self._fund(self.a, stored=600)
        self._issue(self.cards[:1], self.a)
        self._activate(self.cards[:1], self.a)
        self.cards[0]._bind(None, self.member)
        with self.assertRaisesRegex(UserError, "belongs to a level-1 dealer"):
            self.Order._create_for_subject(self._member_subject(), "return", self.cards[:1])

    def test_a_sale_belongs_to_the_issuer_of_its_numbers(self):
        orders = self.Order.with_user(self.keeper).with_context(default_kind="direct")
        with Form(orders, view=FORM) as form:
            form.receiver_member_id = self.member
            with form.line_ids.new() as line:
                line.product_id, line.quantity = self.card_product, 1
        order = form.record
        self.assertEqual(order.company_id, self.sales)
        order.action_submit()
        order.with_user(self.finance).action_confirm_payment("BANK-9")
        with self.assertRaisesRegex(UserError, "Only 0 free numbers"):
            self._choose(order, 1)
