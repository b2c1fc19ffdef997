from odoo.exceptions import MissingError, UserError

from odoo.addons.crab_base.tests.common import covers

from .common import ADDRESS, ShopCase


class TestCart(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Cart = cls.env["crab.cart.line"]
        cls.a, cls.b = (cls.thousand | cls.package1).product_variant_ids

    def _lines(self, member=None):
        lines = self.Cart.search([("member_id", "=", (member or self.member).id)])
        return {line.product_id.default_code: line.quantity for line in lines}

    @covers("MB-09", "add, change, remove")
    def test_add_change_remove(self):
        self.Cart._add(self.member, self.a)
        self.Cart._add(self.member, self.a, 2)
        self.Cart._put(self.member, self.b, 5)
        self.assertEqual(self._lines(), {self.a.default_code: 3, self.b.default_code: 5})
        self.Cart._put(self.member, self.b, 1)
        self.Cart._put(self.member, self.a, 0)
        self.Cart._put(self.member, self.a, 0)
        self.assertEqual(self._lines(), {self.b.default_code: 1})

    def test_what_cannot_be_bought_does_not_go_in(self):
        card = self._new_card("T-CARD", 500.0, self.thousand, crab_state="on_sale").product_variant_id
        self.package2.crab_state = "off_sale"
        for product, quantity, message in (
            (card, 1, "without the cart"),
            (self.package2.product_variant_id, 1, "no longer on sale"),
            (self.a, -1, "between 1 and"),
            (self.a, 10000, "between 1 and"),
            (self.a, 1.5, "between 1 and"),
        ):
            with self._refused(message, UserError):
                self.Cart._put(self.member, product, quantity)
        self.assertFalse(self._lines())

    @covers("MB-09", "survives logout")
    def test_cart_is_the_members_own_and_stays(self):
        other = self._new_member("Other")
        self.Cart._put(self.member, self.a, 1)
        self.Cart._put(other, self.b, 2)
        self.env.invalidate_all()
        mine = self.Cart._for_subject(self._subject(self.member), [])
        self.assertEqual((mine.product_id, mine.quantity), (self.a, 1))
        foreign = self.Cart.search([("member_id", "=", other.id)])
        with self._refused("", MissingError):
            self.Cart._get_for_subject(self._subject(self.member), foreign.ids)
        self.assertFalse(self.Cart._for_subject(self._subject(self.dealer3), []))

    @covers("MB-09", "re-priced and re-checked at checkout")
    def test_cart_shows_todays_prices_and_what_is_wrong(self):
        self.Cart._put(self.member, self.a, 2)
        self.Cart._put(self.member, self.b, 3)
        c = self.package2.product_variant_id
        self.Cart._put(self.member, c, 1)
        self.a.product_tmpl_id.list_price = 500
        self.b.product_tmpl_id.crab_state = "off_sale"
        self.env["product.product"]._crab_adjust_stock({c: 0})
        shown = self.Cart._show(self.member)
        problems = {row["line"].product_id: row["problem"] for row in shown["lines"]}
        self.assertEqual(problems[c], "Sold out")
        self.assertIn("no longer on sale", problems[self.b])
        self.assertEqual((problems[self.a], shown["quote"]["total"]), (None, 950))
        self.env["product.product"]._crab_adjust_stock({self.a: 1})
        shown = self.Cart._show(self.member)
        self.assertEqual(([row["problem"] for row in shown["lines"]][0], shown["quote"]), ("1 left", None))

    @covers("MB-09", "re-priced and re-checked at checkout")
    def test_checkout_orders_at_the_prices_of_now_and_empties_the_cart(self):
        self.Cart._put(self.member, self.a, 2)
        self.Cart._put(self.member, self.b, 1)
        self.a.product_tmpl_id.list_price = 2000
        lines = self.Cart.search([("member_id", "=", self.member.id)])
        order = lines.filtered(lambda line: line.product_id == self.a)._checkout(address=ADDRESS, key="c1")
        self.assertEqual((order.amount_total, order.crab_member_id), (3800, self.member))
        self.assertEqual(self._lines(), {self.b.default_code: 1})

    def test_checkout_that_is_refused_leaves_the_cart(self):
        self.Cart._put(self.member, self.a, 2)
        lines = self.Cart.search([("member_id", "=", self.member.id)])
        self.env["product.product"]._crab_adjust_stock({self.a: 1})
        with self._refused("not enough stock", UserError):
            lines._checkout(address=ADDRESS)
        self.assertEqual(self._lines(), {self.a.default_code: 2})

    def test_package_with_parts_is_as_many_as_its_scarcest_part(self):
        part = self._new_product("T-PART", "package", 50.0)
        self.env["product.product"]._crab_adjust_stock({part.product_variant_id: 7})
        rows = [(0, 0, {"product_id": part.product_variant_id.id, "quantity": 3})]
        bundle = self._new_product("T-BUNDLE", "package", 200.0, crab_part_ids=rows, crab_state="on_sale")
        self.Cart._put(self.member, bundle.product_variant_id, 3)
        [row] = self.Cart._show(self.member)["lines"]
        self.assertEqual(row["problem"], "2 left")

    def test_merged_members_cart_and_orders_go_on_with_the_other(self):
        other = self._new_member("Other")
        order = self._place([(self.thousand, 1)], other)
        self.Cart._put(self.member, self.a, 1)
        self.Cart._put(other, self.a, 7)
        self.Cart._put(other, self.b, 2)
        other.account_id._merge_into(self.member.account_id)
        self.assertEqual(self._lines(), {self.a.default_code: 1, self.b.default_code: 2})
        self.assertIn(order, self.env["sale.order"]._for_subject(self._subject(self.member), []))
