from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestShipping(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for template, settlement, cost in ((cls.thousand, 500, 400), (cls.package1, 150, 120.5)):
            template.crab_settlement_price = settlement
            template.product_variant_id.with_company(cls.group).standard_price = cost

    def test_whole_order_shipped_becomes_revenue_in_both_companies(self):
        order = self._paid([(self.thousand, 2), (self.package1, 1)])
        self._ship(order)
        self.assertEqual(order.crab_state, "to_receive")
        self.assertEqual(self._goods(order).mapped("crab_shipped_quantity"), [2, 1])
        self.assertEqual(
            self._facts(self._delivery(order)),
            {
                ("shop_shipped", "sales"): (2002.84, 180.26, 0),
                ("shop_supplied", "group"): (0, 0, 920.5),
                ("supplied", "group"): (1055.04, 94.96, 0),
                ("received", "sales"): (1055.04, 94.96, 0),
            },
        )
        self.assertEqual(self._goods(order).mapped("crab_advance"), [0, 0])
        self.assertBooksEqual()

    def test_settlement_price_is_the_one_of_the_day_of_shipping(self):
        order = self._paid([(self.thousand, 1)])
        self.thousand.crab_settlement_price = 550
        self._ship(order)
        self.thousand.crab_settlement_price = 600
        net, tax, _cost = self._facts(self._delivery(order))["received", "sales"]
        self.assertEqual(round(net + tax, 2), 550)

    @covers("HQ-61", "split shipping")
    def test_part_shipped_before_the_rest(self):
        order = self._paid([(self.thousand, 3, Decimal("0.01")), (self.package1, 1)])  # 2849.99 + 283.10
        first, second = self._goods(order)
        delivery = self._delivery(order)
        with self._refused("split shipping is off", UserError):
            delivery._split_order({first: 1})
        self._setting("split_shipping", True)
        for quantities in ({first: 4}, {first: Decimal("0.5")}, {first: -1}, {}, {first: 0}, {first: 3, second: 1}):
            with self._refused("Enter how many pieces|Nothing would be left", UserError):
                delivery._split_order(quantities)
        part = delivery._split_order({first: 1, second: 1})
        self.assertEqual(
            sorted((line.product_id.default_code, line.quantity) for line in part.line_ids),
            [("T-1000", 1), ("T-PKG1", 1)],
        )
        self.assertEqual((delivery.line_ids.order_line_id, delivery.line_ids.quantity), (first, 2))
        part._ship("SF")
        self.assertEqual(order.crab_state, "partly_shipped")
        self.assertEqual((first.crab_shipped_quantity, second.crab_shipped_quantity), (1, 1))
        self.assertEqual(first.crab_advance, 1899.99)
        self.assertEqual(sum(order.crab_claim_ids.mapped("quantity")), 2)
        with self._refused("has not left can be split", UserError):
            part._split_order({first: 1})
        delivery._ship("SF")
        self.assertEqual((order.crab_state, first.crab_shipped_quantity, first.crab_advance), ("to_receive", 3, 0))
        self.assertEqual(self._available(self.thousand), 997)
        facts = self._facts(part, delivery)
        sold, supplied = facts["shop_shipped", "sales"], facts["supplied", "group"]
        self.assertEqual((round(sum(sold), 2), round(sum(supplied), 2)), (3133.09, 1650))
        self.assertBooksEqual()

    def test_refund_of_partly_shipped_goods_takes_what_has_not_left_first(self):
        self._setting("split_shipping", True)
        order = self._paid([(self.thousand, 4)])
        [line] = self._goods(order)
        self._delivery(order)._split_order({line: 1})._ship("SF")
        refund = self._refund(order, (2, None))
        self.assertEqual(refund.line_ids.quantity_unshipped, 2)
        self.assertEqual((self._available(self.thousand), order.crab_state), (998, "partly_shipped"))
        refund = self._refund(order, (2, None))
        self.assertEqual((refund.line_ids.quantity_unshipped, order.crab_state), (1, "to_receive"))
        self.assertEqual(
            self._facts(refund),
            {("shop_refunded", "sales"): (950, 0, 0), ("shop_refunded_shipped", "sales"): (871.56, 78.44, 0)},
        )
        self.assertEqual(self._available(self.thousand), 999)
        self.assertEqual(self._delivery(order).mapped("state").count("cancelled"), 1)
        self.assertEqual((line.crab_advance, order.crab_amount_refunded), (0, 3800))
        self.assertBooksEqual()

    def test_prepared_goods_that_are_refunded_leave_the_wave(self):
        order = self._paid([(self.thousand, 2)])
        delivery = self._delivery(order)
        delivery._prepare_waves()
        self._refund(order, (1, None))
        self.assertEqual((delivery.state, delivery.line_ids.quantity), ("waiting", 1))
        self._ship(order)
        self.assertEqual(self.thousand.product_variant_id.with_company(self.group).qty_available, 999)
        self.assertEqual(order.crab_state, "to_receive")

    @covers("MB-23", "confirm receipt")
    def test_receipt_is_confirmed_once(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("this step is not possible", UserError):
            order._crab_receive()
        self._ship(order)
        order._crab_receive()
        received = order.crab_received_at
        with freeze_time(received + timedelta(days=1)):
            order._crab_receive()
        self.assertEqual((order.crab_state, order.crab_received_at), ("to_review", received))

    @covers("HQ-61", "times")
    def test_receipt_is_confirmed_by_itself_after_the_set_days(self):
        self._setting("receive_days", 3)
        now = fields.Datetime.now()
        order, extended = self._paid([(self.thousand, 1)]), self._paid([(self.thousand, 1)])
        self._ship(order)
        self._ship(extended)
        extended._crab_extend_receipt()
        for days, states in (
            (2.9, ("to_receive", "to_receive")),
            (3.1, ("to_review", "to_receive")),
            (8.1, ("to_review", "to_review")),
        ):
            with freeze_time(now + timedelta(days=days)):
                self._run_cron("_cron_receive")
            self.assertEqual((order.crab_state, extended.crab_state), states)

    def test_receipt_is_put_off_once(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("this step is not possible", UserError):
            order._crab_extend_receipt()
        self._ship(order)
        before = order.crab_receive_before
        order._crab_extend_receipt()
        self.assertEqual(order.crab_receive_before, before + timedelta(days=5))
        with self._refused("put off before", UserError):
            order._crab_extend_receipt()
