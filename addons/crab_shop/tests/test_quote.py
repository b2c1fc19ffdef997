from decimal import Decimal

from odoo.exceptions import UserError

from .common import ShopCase


class TestQuote(ShopCase):
    def _quote(self, lines, member=None, **values):
        lines = [(product.product_variant_id, quantity, *(rest or [0])) for product, quantity, *rest in lines]
        return self.Shop._quote(member or self.member, lines, **values)

    def test_price_of_a_level_is_rounded_per_unit_half_up_before_it_is_multiplied(self):
        quote = self._quote([(self.package2, 3), (self.package1, 2)])
        first, second = quote["lines"]
        self.assertEqual(
            (first["retail"], first["price"], first["paid"]), tuple(map(Decimal, ("728.50", "692.08", "2076.24")))
        )
        self.assertEqual(second["paid"], Decimal("566.20"))
        self.assertEqual(
            (quote["goods"], quote["freight"], quote["total"]), (Decimal("2642.44"), 0, Decimal("2642.44"))
        )

    def test_member_of_the_base_level_pays_retail(self):
        quote = self._quote([(self.thousand, 1)], self._new_member("Base", level_id=self.base.id))
        self.assertEqual(quote["total"], Decimal(str(1000 * self.base.ratio)))

    def test_discount_lowers_what_is_paid_and_not_the_price(self):
        quote = self._quote([(self.thousand, 2, Decimal("200.01"))])
        [line] = quote["lines"]
        self.assertEqual((line["price"], line["discount"], line["paid"]), (950, Decimal("200.01"), Decimal("1699.99")))
        self.assertEqual((quote["discount"], quote["total"]), (Decimal("200.01"), Decimal("1699.99")))
        self.assertEqual(self._quote([(self.thousand, 1, 950)])["total"], 0)

    def test_discount_outside_the_price_or_with_parts_of_a_fen_is_refused(self):
        for discount in (Decimal("950.01"), Decimal("-0.01"), Decimal("0.001")):
            with self._refused("must lie between 0 and its price", UserError):
                self._quote([(self.thousand, 1, discount)])

    def test_quantities_are_whole_and_bounded(self):
        for quantity in (0, -1, 1.5, 10000, float("nan"), float("inf")):
            with self._refused("between 1 and 9999 pieces", UserError):
                self._quote([(self.thousand, quantity)])
        self.assertEqual(self._quote([(self.thousand, 9999)])["total"], 950 * 9999)

    def test_order_names_each_product_once_and_at_least_one(self):
        for lines in ([], [(self.thousand, 1), (self.thousand, 2)]):
            with self._refused("1 to 50 different products", UserError):
                self._quote(lines)

    def test_what_is_not_on_sale_is_refused_by_name(self):
        self.package1.crab_state = "off_sale"
        with self._refused("Product T-PKG1 is no longer on sale", UserError):
            self._quote([(self.thousand, 1), (self.package1, 1)])

    def test_goods_for_dealers_are_not_sold_to_members(self):
        goods = self._new_product("T-B2B", "b2b", 100.0, crab_state="on_sale")
        with self._refused("not sold in the shop", UserError):
            self._quote([(goods, 1)])

    def test_cards_and_packages_are_ordered_separately(self):
        card = self._new_card("T-CARD", 500.0, self.thousand, crab_state="on_sale")
        with self._refused("ordered separately", UserError):
            self._quote([(self.thousand, 1), (card, 1)])
