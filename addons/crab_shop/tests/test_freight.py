from decimal import Decimal

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec

from .common import ADDRESS, ShopCase


class TestFreight(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("t_admin", "admin")
        regions = cls.env["crab.region"]
        cls.district = regions.search([("level", "=", "district"), ("parent_id.level", "=", "city")], limit=1)
        cls.city, cls.province = cls.district.parent_id, cls.district.parent_id.parent_id
        cls.elsewhere = regions.search([("level", "=", "province"), ("id", "!=", cls.province.id)], limit=1)

    @classmethod
    def _template(cls, *rules, **values):
        rules = [
            (
                0,
                0,
                dict(zip(("region_ids", "first", "first_price", "next", "next_price", "free_from"), rule, strict=True)),
            )
            for rule in rules
        ]
        return cls.env["crab.freight.template"].create({"name": "T", "is_default": True, "rule_ids": rules, **values})

    def _freight(self, lines, **address):
        lines = [(product.product_variant_id, quantity, *(rest or [0])) for product, quantity, *rest in lines]
        return self.Shop._quote(self.member, lines, address)["freight"]

    def test_without_a_template_delivery_is_free(self):
        self.assertEqual(self._freight([(self.thousand, 3)]), 0)

    @covers("MB-10", "freight from the template")
    def test_pieces_first_and_further_ones_that_are_begun(self):
        self._template(([], 2, 12, 3, 5.5, 0))
        for quantity, fee in ((1, "12"), (2, "12"), (3, "17.5"), (5, "17.5"), (6, "23")):
            self.assertEqual(self._freight([(self.thousand, quantity)]), Decimal(fee), quantity)
        self.assertEqual(self._freight([(self.thousand, 2), (self.package1, 2)]), Decimal("17.5"))

    def test_weight(self):
        self.thousand.weight, self.package1.weight = 1.25, 0.5
        self._template(([], 1, 10, 0.5, 2, 0), counted_by="weight")
        self.assertEqual(self._freight([(self.package1, 2)]), 10)
        self.assertEqual(self._freight([(self.thousand, 1)]), 12)
        self.assertEqual(self._freight([(self.thousand, 2), (self.package1, 1)]), 18)

    def test_free_from_what_is_paid_for_the_goods(self):
        self._template(([], 1, 10, 1, 2, 1900))
        self.assertEqual(self._freight([(self.thousand, 2)]), 0)
        self.assertEqual(self._freight([(self.thousand, 2, Decimal("0.01"))]), 12)

    def test_smallest_region_that_fits(self):
        self._template(
            ([(6, 0, self.province.ids)], 1, 10, 1, 1, 0),
            ([(6, 0, self.city.ids)], 1, 8, 1, 1, 0),
            ([(6, 0, self.district.ids)], 1, 6, 1, 1, 0),
            ([], 1, 20, 1, 1, 0),
        )
        lines = [(self.thousand, 1)]
        self.assertEqual(self._freight(lines, province_id=self.province.id), 10)
        self.assertEqual(self._freight(lines, province_id=self.province.id, city_id=self.city.id), 8)
        self.assertEqual(self._freight(lines, district_id=self.district.id), 6)
        self.assertEqual(self._freight(lines, province_id=self.elsewhere.id), 20)
        self.assertEqual(self._freight(lines), 20)

    def test_where_no_line_fits_nothing_is_delivered(self):
        self._template(([(6, 0, self.province.ids)], 1, 10, 1, 1, 0))
        with self._refused("do not deliver", UserError):
            self._place([(self.thousand, 1)], address={**ADDRESS, "province_id": self.elsewhere.id})
        self.assertEqual(self._available(self.thousand), 1000)

    def test_each_template_of_an_order_counts_its_own_goods(self):
        self._template(([], 1, 10, 1, 2, 0))
        self.package1.crab_freight_template_id = self._template(([], 1, 3, 1, 1, 0), is_default=False)
        self.assertEqual(self._freight([(self.thousand, 2), (self.package1, 3)]), 12 + 5)

    def test_freight_is_a_line_earned_with_the_first_parcel_and_refunded_as_it_stands(self):
        self._template(([], 1, 12, 1, 2, 0))
        order = self._paid([(self.thousand, 1)])
        freight = order.order_line.filtered(lambda line: line.crab_role == "freight")
        self.assertEqual((dec(order.amount_total), order.crab_amount_freight, freight.price_total), (962, 12, 12))
        self.assertEqual(self._goods(order).crab_paid, 950)
        refund = self._refund(order, (0, None), freight=Decimal("2"))
        self.assertEqual((refund.amount, self._facts(refund)), (2, {("shop_refunded", "sales"): (2, 0, 0)}))
        self._ship(order)
        self.assertEqual(freight.crab_advance, 0)
        with self._refused("At most 10.00 yuan of freight", UserError):
            self._refund(order, (0, None), freight=Decimal("10.01"))
        refund = self._refund(order, (1, None), freight=Decimal("10"))
        self.assertEqual((refund.amount, order.crab_amount_refunded), (960, 962))
        self.assertEqual(set(self._facts(refund)), {("shop_refunded_shipped", "sales")})
        self.assertBooksEqual()

    def test_freight_kept_when_all_goods_are_refunded_is_earned(self):
        self._template(([], 1, 12, 1, 2, 0))
        order = self._paid([(self.thousand, 1)])
        self._refund(order, (1, None))
        self.assertEqual((order.crab_state, order.crab_amount_refunded), ("closed", 950))
        self.assertFalse(sum(order.order_line.mapped("crab_advance")))
        self.assertBooksEqual()

    @covers("HQ-62", "freight templates", via="web")
    def test_template_is_entered_by_the_head_office(self):
        form = Form(self.env["crab.freight.template"].with_user(self.admin))
        form.name, form.is_default = "Express", True
        with form.rule_ids.new() as rule:
            rule.first_price, rule.next_price, rule.free_from = 15, 3, 500
        form.save()
        self.assertEqual(self._freight([(self.package1, 1)]), 15)
        with self._refused("", AccessError):
            self.env["crab.freight.template"].with_user(self._new_user("t_finance", "finance")).create({"name": "x"})

    def test_nonsense_is_refused_by_the_database(self):
        template = self._template(([], 1, 12, 1, 2, 0))
        for values in ({"first": 0}, {"next": -1}, {"first_price": -1}, {"free_from": -1}):
            with self._refused("", CheckViolation):
                template.rule_ids.write(values)
                self.env.flush_all()
        with self._refused("", UniqueViolation):
            self._template()

    @covers("HQ-62", "carriers", via="web")
    def test_carriers_are_offered_when_shipping(self):
        self.env["crab.carrier"].search([]).active = False
        carrier = self.env["crab.carrier"].with_user(self.admin).create({"name": "Crab Express", "code": "CE"})
        order, other = self._paid([(self.thousand, 1)]), self._paid([(self.thousand, 1)])
        warehouse = self._new_user("t_warehouse", "warehouse")
        for one, carrier_name in ((order, None), (other, "Uncle Wang")):
            delivery = self._delivery(one).with_user(warehouse)
            form = Form(
                self.env["crab.delivery.ship"].with_user(warehouse).with_context(default_delivery_ids=delivery.ids)
            )
            self.assertEqual(form.carrier_id, carrier)
            if carrier_name:
                form.carrier_id = self.env["crab.carrier"]
                form.carrier_name = carrier_name
            form.save().action_confirm()
            self.assertEqual(delivery.sudo().carrier_name, carrier_name or "Crab Express")
