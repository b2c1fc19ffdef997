from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import make_numbers

from .common import EcardCase


@tagged("post_install", "-at_install")
class TestPhysicalOrder(EcardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printed = cls._new_card_product("T-PRINTED", 1000).product_tmpl_id
        cls.printed.crab_state = "on_sale"
        cls.cards = make_numbers(cls.env, cls.printed.product_variant_id, 5, "PRINT", company="sales")
        group = make_numbers(cls.env, cls.printed.product_variant_id, 3, "GROUP")
        (cls.cards | group).batch_id._receive_stock()

    def _sent(self, quantity, sent=None, **values):
        """A paid order and its direct sale with ``sent`` numbers on their way."""
        order = self._paid([(self.printed, quantity, values.pop("discount", 0))], **values)
        sale = order.crab_card_order_ids
        self._send(sale, quantity if sent is None else sent)
        return order, sale

    def _send(self, sale, count):
        free = self.cards.filtered(lambda card: card.holder_kind == "platform" and not card.transit_id)
        sale._link_cards(free[:count].ids)
        sale.action_send()

    def _offered(self):
        return self._available(self.printed)

    @classmethod
    def _available(cls, template):
        [quantity] = cls.env["crab.stock.level"]._available(template.product_variant_id).values()
        return quantity

    @covers("MB-12", "address and payment", via="service")
    def test_a_paid_order_waits_for_its_numbers_with_the_price_it_froze(self):
        order = self._place([(self.printed, 2, 100)])
        self.printed.list_price = 2000
        self._pay(order)
        sale = order.crab_card_order_ids
        self.assertEqual((order.crab_state, sale.state), ("to_ship", "to_send"))
        self.assertEqual((sale.amount_total, sale.amount_paid), (order.amount_total, 0))
        self.assertEqual((sale.company_id, sale.receiver_member_id), (self.sales, self.member))
        self.assertBooksEqual()

    def test_the_order_follows_its_numbers(self):
        order, sale = self._sent(3, 2)
        self.assertEqual(order.crab_state, "to_receive")
        sale.action_receive()
        self.assertEqual(order.crab_state, "partly_shipped")
        self._send(sale, 1)
        self.assertEqual(order.crab_state, "to_receive")
        sale.action_receive()
        self.assertEqual((order.crab_state, sale.state), ("to_review", "done"))
        self.assertTrue(order.crab_received_at)
        mine = self.cards.filtered(lambda card: card.member_id == self.member)
        self.assertEqual((len(mine), set(mine.mapped("state"))), (3, {"inactive"}))
        self.assertBooksEqual()

    def test_each_step_is_told_once(self):
        order, _sale = self._sent(1)
        self.env.flush_all()
        told = self.env["crab.outbox"].search([("aggregate_model", "=", "sale.order"), ("aggregate_id", "=", order.id)])
        self.assertEqual(sorted(told.mapped("event")), ["order.to_pay", "order.to_receive", "order.to_ship"])

    def test_what_was_not_sent_is_not_received(self):
        order = self._place([(self.printed, 1)])
        with self._refused("not possible", UserError):
            order._crab_receive()
        self._pay(order)
        with self._refused("not possible", UserError):
            order._crab_receive()

    def test_the_member_confirms_the_receipt_in_the_shop(self):
        order, sale = self._sent(2)
        order._crab_receive()
        order._crab_receive()
        self.assertEqual((order.crab_state, sale.state), ("to_review", "done"))

    def test_no_more_is_sold_than_there_are_numbers_of_the_sales_company(self):
        self.assertEqual(self._offered(), 5)
        order = self._paid([(self.printed, 2)])
        self.assertEqual(self._offered(), 3)
        with self._refused("not enough stock", UserError):
            self._place([(self.printed, 4)])
        sale = order.crab_card_order_ids
        self._send(sale, 1)
        self.assertEqual(self._offered(), 3)
        sale.action_receive()
        self.assertEqual(self._offered(), 3)
        sale.action_close("No more")
        self.assertEqual(self._offered(), 4)

    def test_what_is_not_sent_is_refunded_when_the_sale_is_closed(self):
        order, sale = self._sent(3, 1, discount=100)
        sale.action_receive()
        sale.action_close("Sold out")
        self.assertEqual(order.crab_amount_refunded, order.amount_total - sum(self._prices(sale)))
        self.assertEqual(self._goods(order).crab_refunded_quantity, 2)
        self.assertEqual(sale.amount_due, 0)
        self.assertEqual(order.crab_refund_ids.reason, "Sold out")
        self.assertBooksEqual()

    def test_a_sale_of_which_nothing_is_sent_closes_the_order(self):
        order = self._paid([(self.printed, 2)])
        order.crab_card_order_ids.action_close("Sold out")
        self.assertEqual((order.crab_state, order.crab_amount_refunded), ("closed", order.amount_total))
        self.assertEqual(order.crab_close_reason, "Sold out")
        self.assertEqual(self._offered(), 5)
        self.assertBooksEqual()

    def test_returned_numbers_are_refunded_in_the_shop(self):
        order, sale = self._sent(2, discount=1)
        sale.action_receive()
        back = self.cards.filtered(lambda card: card.member_id == self.member)[:1]
        system = Subject("system", 1)
        returned = self.env["crab.card.order"]._create_for_subject(
            system, "return", back, sender_member_id=self.member.id, reason="Too many"
        )
        for step in ("submit", "receive"):
            returned._step_for_subject(system, step)
        self.assertEqual(back.state, "cancelled")
        self.assertEqual(order.crab_amount_refunded, self._prices(sale, back)[0])
        self.assertEqual(returned.amount_due, 0)
        self.assertBooksEqual()

    def test_pieces_are_not_refunded_while_their_numbers_are_good(self):
        order, sale = self._sent(2)
        for wish in ((1, None), (0, order.amount_total)):
            with self._refused("Give up the numbers", UserError):
                self._refund(order, wish)
        self._refund(order, (0, 50))
        self.assertEqual(order.crab_amount_refunded, 50)
        sale.action_receive()
        self.assertBooksEqual()

    def test_who_was_merged_on_the_way_gets_the_numbers_as_who_it_is_now(self):
        order, _sale = self._sent(2, member=self.friend)
        self.friend.account_id._merge_into(self.member.account_id)
        order._crab_receive()
        self.assertEqual(order.crab_state, "to_review")
        self.assertEqual(len(self.cards.filtered(lambda card: card.member_id == self.member)), 2)

    def test_the_parcel_of_a_closed_member_keeps_no_receipt_from_running(self):
        orders = [self._sent(1, member=member)[0] for member in (self.friend, self.member)]
        self.friend._close("Left")
        for order in orders:
            order.crab_receive_before = fields.Datetime.now() - timedelta(days=1)
        self._run_cron("sale.order", "_cron_receive")
        self.assertEqual([order.crab_state for order in orders], ["to_review", "to_review"])

    def test_what_is_conceded_of_the_price_is_no_revenue(self):
        self.env["product.product"]._crab_adjust_stock({self.printed.crab_choice_ids: 10})
        order, sale = self._sent(3, 2)
        self._refund(order, (0, 30))
        sale.action_receive()
        sale.action_activate_received()
        first, second = self.cards.filtered(lambda card: card.member_id == self.member)
        self._redeemed(first)._ship("SF")
        self._refund(order, (0, 60))
        sale.action_close("Sold out")  # 950, the whole price of the third
        waiting = self._redeemed(second)
        waiting._ship("SF")
        self.assertEqual(order.crab_amount_refunded, 1040)
        self.assertEqual(self._owed(order), 0)
        self._refund(order, (0, 10))
        self.assertEqual(self._owed(order), 0)
        self.assertBooksEqual()

    def _prices(self, sale, cards=None):
        links = self.env["crab.card.order.number"].search([("order_id", "=", sale.id), ("state", "=", "received")])
        return links.filtered(lambda link: not cards or link.card_id.id in cards.ids).mapped("unit_price")
