from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import LockError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date

from .common import ADDRESS, ShopCase


class TestPlace(ShopCase):
    def test_order_freezes_prices_member_and_address(self):
        order = self._place([(self.thousand, 2), (self.package2, 1)], note="Please ring")
        self.assertEqual((order.crab_kind, order.crab_state, order.state), ("package", "to_pay", "draft"))
        self.assertEqual((order.company_id, order.partner_id), (self.sales, self.member.partner_id))
        self.assertEqual(
            (order.crab_member_id, order.crab_level_id, order.crab_dealer_id), (self.member, self.gold, self.dealer3)
        )
        self.assertEqual({name: order[f"crab_{name}"] for name in ADDRESS}, ADDRESS)
        self.assertEqual([line.price_unit for line in order.order_line], [950.0, 692.08])
        self.assertEqual([line.crab_retail_price for line in order.order_line], [1000.0, 728.5])
        self.assertEqual(dec(order.amount_total), Decimal("2592.08"))
        self.assertEqual(dec(order.crab_amount_goods), Decimal("2592.08"))
        self.thousand.list_price = 2000
        self.gold._set_ratio(0.9, "test")
        order.invalidate_recordset()
        self.assertEqual((dec(order.amount_total), order.order_line[0].price_unit), (Decimal("2592.08"), 950.0))

    def test_tax_is_included_and_the_parts_add_up(self):
        order = self._place([(self.thousand, 1)])
        [line] = order.order_line
        self.assertEqual((line.price_total, line.price_subtotal, round(line.price_tax, 2)), (950, 871.56, 78.44))
        self.assertEqual((order.amount_untaxed, order.amount_tax, order.amount_total), (871.56, 78.44, 950.0))

    def test_discount_is_a_line_of_its_own_behind_its_goods_with_the_same_tax(self):
        order = self._place(
            [(self.thousand, 2, Decimal("200")), (self.package1, 1), (self.package2, 1, Decimal("0.08"))]
        )
        self.assertEqual(order.order_line.mapped("crab_role"), ["goods", "discount", "goods", "goods", "discount"])
        first, discount, _second, third, small = order.order_line
        self.assertEqual((discount.crab_discount_of_id, small.crab_discount_of_id), (first, third))
        self.assertEqual(
            (discount.price_unit, discount.product_uom_qty, discount.tax_ids), (-200.0, 1.0, first.tax_ids)
        )
        self.assertEqual((first.price_unit, first.discount, first.crab_paid), (950.0, 0.0, 1700.0))
        self.assertEqual(dec(order.amount_total), 1700 + Decimal("283.10") + 692)
        self.assertEqual(order.crab_amount_discount, 200.08)

    def test_chain_of_dealers_is_frozen_from_the_members_own_up(self):
        order = self._place([(self.thousand, 1), (self.package2, 1)])
        chain = [
            (
                row.line_id.product_id.default_code,
                row.position,
                row.dealer_id,
                row.ratio,
                row.unit_price,
                row.is_earning,
            )
            for row in order.crab_chain_ids.sorted(lambda row: (row.line_id.id, row.position))
        ]
        expected = [
            ("T-1000", 1, self.dealer3, 0.8, 800.0, True),
            ("T-1000", 2, self.dealer2, 0.7, 700.0, True),
            ("T-1000", 3, self.dealer1, 0.6, 600.0, True),
            ("T-PKG2", 1, self.dealer3, 0.8, 582.8, True),
            ("T-PKG2", 2, self.dealer2, 0.7, 509.95, True),
            ("T-PKG2", 3, self.dealer1, 0.6, 437.1, True),
        ]
        self.assertEqual(chain, expected)
        self.dealer3._set_ratio(0.85, "test")
        self.dealer2._close("test")
        order.invalidate_recordset()
        self.assertEqual(order.crab_chain_ids.mapped("is_earning"), [True] * 6)
        with self._refused("never changed", UserError):
            order.crab_chain_ids.unit_price = 1
        with self._refused("written when an order is placed", UserError):
            self.env["crab.price.chain"].create({})

    def test_closed_dealers_and_those_who_do_not_distribute_online_are_passed_over(self):
        self.dealer3._close("test")
        self.dealer1.is_online = False
        order = self._place([(self.thousand, 1)])
        self.assertEqual(order.crab_chain_ids.mapped("is_earning"), [False, True, False])

    def test_member_without_dealer_has_no_chain(self):
        order = self._place([(self.thousand, 1)], self._new_member("Alone", level_id=self.base.id))
        self.assertFalse(order.crab_dealer_id | order.crab_chain_ids.dealer_id)

    @covers("MB-11", "closing and retrying are safe")
    def test_key_repeated_gives_the_first_order_and_takes_stock_once(self):
        first = self._place([(self.thousand, 2), (self.package1, 1)], key="k1")
        self.thousand.list_price = 1100  # what was placed stays as it was answered
        self.thousand.crab_state = "off_sale"
        again = self._place([(self.package1, 1), (self.thousand, 2)], key="k1")
        self.assertEqual((again, again.amount_total), (first, 2183.1))
        self.assertEqual(sorted(first.crab_claim_ids.mapped("quantity")), [1.0, 2.0])

    def test_key_with_other_content_is_a_conflict(self):
        self._place([(self.thousand, 2)], key="k1")
        for lines, values in (
            ([(self.thousand, 3)], {}),
            ([(self.package1, 2)], {}),
            ([(self.thousand, 2, Decimal(1))], {}),
            ([(self.thousand, 2)], {"address": {**ADDRESS, "street": "Other road 2"}}),
        ):
            with self._refused("sent before with other content", LockError):
                self._place(lines, key="k1", **values)

    def test_key_belongs_to_a_member(self):
        first = self._place([(self.thousand, 2)], key="k1")
        other = self._place([(self.package1, 1)], self._new_member("Other"), key="k1")
        self.assertNotEqual(first, other)
        self.assertEqual(self._place([(self.package1, 1)]).crab_key, False)

    def test_closed_member_orders_nothing(self):
        self.member._close("test")
        with self._refused("account is closed", UserError):
            self._place([(self.thousand, 1)])

    @covers("MB-12", "never mixed with packages")
    def test_mixed_order_is_refused_and_leaves_nothing(self):
        card = self._new_card("T-CARD", 500.0, self.thousand, crab_state="on_sale")
        before = self.env["sale.order"].search_count([])
        with self._refused("ordered separately", UserError):
            self._place([(self.thousand, 1), (card, 1)])
        self.assertEqual(self.env["sale.order"].search_count([]), before)

    def test_address_is_checked_before_anything_is_taken(self):
        for values, message in (
            ({"receiver_name": " "}, "Receiver"),
            ({"receiver_phone": "call me"}, "Phone"),
            ({"street": None}, "Address"),
            ({"street": "x" * 300}, "Address"),
            ({"province_id": 999999999}, "fit together"),
        ):
            with self._refused(message, UserError):
                self._place([(self.thousand, 1)], address={**ADDRESS, **values})
        with self._refused("Receiver", UserError):
            self._place([(self.thousand, 1)], address=None)
        self.assertEqual(self._available(self.thousand), 1000)

    def test_address_is_kept_as_a_parcel_needs_it(self):
        order = self._place([(self.thousand, 1)], address={**ADDRESS, "receiver_phone": " 138 0000-0000 "})
        self.assertEqual(order.crab_receiver_phone, "13800000000")

    def test_wished_date_is_today_or_later(self):
        today = business_date()
        with self._refused("in the past", UserError):
            self._place([(self.thousand, 1)], wish_date=today - timedelta(days=1))
        self.assertEqual(self._place([(self.thousand, 1)], wish_date=today).crab_wish_date, today)

    def test_order_paid_after_its_wished_date_is_delivered_as_soon_as_possible(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=3)):
            order = self._place([(self.thousand, 1)], wish_date=business_date())
        order.sudo().crab_pay_before = fields.Datetime.now() + timedelta(minutes=5)
        self._pay(order)
        self.assertEqual((order.crab_state, order.crab_wish_date), ("to_ship", business_date() - timedelta(days=3)))
        self.assertFalse(self._delivery(order).wish_date)

    def test_e_cards_need_no_address(self):
        card = self._new_card("T-ECARD", 500.0, self.thousand, kind="ecard", crab_state="on_sale")
        self.env["product.product"]._crab_adjust_stock({card.product_variant_id: 10})
        order = self._place([(card, 2)], address=None)
        self.assertEqual((order.crab_kind, order.amount_total), ("ecard", 950.0))

    def test_time_to_pay_follows_the_setting(self):
        self.env["ir.config_parameter"].set_param("crab_shop.pay_minutes", "45")
        with freeze_time("2026-09-20 04:00:00"):
            order = self._place([(self.thousand, 1)])
        self.assertEqual(str(order.crab_pay_before), "2026-09-20 04:45:00")

    def test_placing_is_told_to_the_outbox_once(self):
        order = self._place([(self.thousand, 1)], key="k")
        self._place([(self.thousand, 1)], key="k")
        events = self.env["crab.outbox"].search(
            [("aggregate_model", "=", "sale.order"), ("aggregate_id", "=", order.id)]
        )
        self.assertEqual(events.mapped("event"), ["order.to_pay"])
