from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import CatalogCase


class TestProduct(CatalogCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("catalog-admin", "admin")

    def _form(self, kind, user=None, record=None):
        action = self.env.ref(f"crab_catalog.product_template_action_{kind}")
        model = (record or self.Template).with_user(user or self.admin).with_context(default_crab_kind=kind)
        self.assertEqual(action.res_model, model._name)
        return Form(model, view="crab_catalog.product_template_view_form")

    @covers(
        "HQ-28",
        "categories",
        "basics",
        "pricing",
        "subsidy",
        "detail page",
        "rule fixed package",
        "rule linked products",
        via="web",
    )
    def test_administrator_makes_a_card_in_the_form(self):
        form = self._form("physical_card")
        self.assertEqual(form.categ_id, self.env.ref("crab_catalog.category_physical_card"))
        self.assertEqual(form.list_price, 0, "a price is entered, not guessed")
        form.name = "Card"
        form.default_code = " T-CARD1 "
        form.list_price = 598
        form.crab_subsidy = 23.92
        form.crab_settlement_price = 251.16
        form.crab_detail_html = "<p>Fresh</p>"
        form.crab_choice_ids.add(self.package1.product_variant_id)
        card = form.save()
        self.assertEqual(card.default_code, "T-CARD1")
        self.assertEqual(card.crab_rule, "fixed")
        self.assertTrue(card.is_storable)
        self.assertEqual(card.crab_state, "off_sale")
        self.assertEqual(card.crab_settlement_ids.mapped("price"), [251.16])
        with self._form("physical_card", record=card) as form:
            form.crab_rule = "choice"
            form.crab_choice_ids.add(self.package2.product_variant_id)
        self.assertEqual(len(card.crab_choice_ids), 2)

    def test_card_rules(self):
        both = self.package1 | self.package2
        card = self._new_card("T-C1", 598, self.package1)
        with self._refused("link exactly one", ValidationError):
            self._new_card("T-C2", 598, both)
        with self._refused("needs a linked package", ValidationError):
            self._new_card("T-C3", 598, self.Template)
        with self._refused("packages only", ValidationError):
            self._new_card("T-C4", 598, card)
        with self._refused("is no card", ValidationError):
            self.package1.crab_rule = "fixed"
        card = self._new_card("T-C5", 598, both, rule="choice")
        self.assertEqual((len(card.crab_choice_ids), card.crab_choice_count), (2, 1))
        card.crab_choice_count = 2
        for count in (0, 3):
            with self._refused("between 1 and 2", ValidationError):
                card.crab_choice_count = count

    def test_code_is_unique_among_our_products_only(self):
        self.Template.create({"name": "other", "default_code": "T-PKG1"})
        with self._refused("product_template_crab_code_uniq|already has this code"):
            self._new_product("T-PKG1", "b2b", 5)

    def test_code_is_required(self):
        with self._refused("needs a code", ValidationError):
            self._new_product("  ", "b2b", 5)

    def test_prices_that_are_none(self):
        for price in (0, -1, 0.005, 12.345, 1e9, float("nan"), float("inf")):
            with self.subTest(price=price), self._refused("retail price", ValidationError):
                self._new_product("T-BAD", "b2b", price)
        for amount in (-1, 1e9, float("nan")):
            with self.subTest(amount=amount), self._refused("crab_amounts_positive|never negative"):
                self._new_product("T-BAD", "b2b", 5, crab_subsidy=amount)
        for amount in (-1, 1e9):
            with self.subTest(amount=amount), self._refused("price_check|never negative"):
                self._new_product("T-BAD", "b2b", 5, crab_settlement_price=amount)

    def test_category_is_of_the_products_kind(self):
        card_root = self.env.ref("crab_catalog.category_physical_card")
        with self._refused("category of its own kind", ValidationError):
            self.package1.categ_id = card_root
        below = self.env["product.category"].create({"name": "below", "parent_id": self.package1.categ_id.id})
        self.assertEqual(below.crab_kind, "package")
        self.package1.categ_id = below
        with self._refused("of another kind", ValidationError):
            below.parent_id = card_root
        with self._refused("still holds products", UserError):
            below.unlink()
        with self._refused("top category", UserError):
            card_root.unlink()

    def test_kind_never_changes(self):
        with self._refused("Make a new product", UserError):
            self.package1.crab_kind = "b2b"

    def test_taxes_of_both_companies_by_category(self):
        accessories = self.env.ref("crab_catalog.category_b2b_accessories")
        box = self.env["product.category"].create({"name": "box", "parent_id": accessories.id})
        acid = self._new_product("T-VIN", "b2b", 9.9, categ_id=box.id)
        card = self._new_card("T-C1", 598, self.package1)
        for product, amount in ((self.package1, 9), (acid, 13)):
            self.assertEqual(product.taxes_id.mapped("amount"), [amount, amount])
            self.assertEqual(product.taxes_id.company_id, self.group | self.sales)
            self.assertTrue(all(product.taxes_id.mapped("price_include")), product.taxes_id.mapped("name"))
        self.assertEqual(card.taxes_id.mapped("amount"), [0, 0], "VAT arises when the card is redeemed")
        self.assertEqual(set(card.taxes_id.with_context(lang="zh_CN").mapped("name")), {"不征税"})

    def test_taxes_when_the_user_works_in_one_company(self):
        form = self._form("package", self.admin)
        form.name, form.default_code, form.list_price = "One", "T-ONE", 5
        one_company = self.Template.with_user(self.admin).with_context(
            default_crab_kind="package", allowed_company_ids=self.group.ids
        )
        other = Form(one_company, view="crab_catalog.product_template_view_form")
        other.name, other.default_code, other.list_price = "Two", "T-TWO", 5
        for product in (form.save(), other.save()):
            self.assertEqual(product.sudo().taxes_id, self.package1.taxes_id)

    @covers("HQ-28", "recommend", via="web")
    @covers("HQ-27", "management", via="web")
    def test_recommend(self):
        with self._form("package", record=self.package1) as form:
            form.crab_is_recommended = True
        found = self.Template.with_user(self.admin).web_search_read([("crab_is_recommended", "=", True)], {"name": {}})
        self.assertEqual([row["id"] for row in found["records"]], self.package1.ids)

    @covers("HQ-28", "shelve", via="web")
    def test_put_on_and_take_off_sale(self):
        products = (self.package1 | self.package2).with_user(self.admin)
        products.action_crab_put_on_sale()
        products.action_crab_put_on_sale()
        self.assertEqual(set(products.mapped("crab_state")), {"on_sale"})
        products.action_crab_take_off_sale()
        self.assertEqual(set(products.mapped("crab_state")), {"off_sale"})

    @covers("HQ-28", "query", via="web")
    def test_search_by_code_name_category_and_state(self):
        view = self.Template.with_user(self.admin).get_view(
            self.env.ref("crab_catalog.product_template_view_search").id, "search"
        )
        self.assertIn("default_code", view["arch"])
        found = self.Template.with_user(self.admin).web_search_read(
            ["|", ("name", "ilike", "t-pkg1"), ("default_code", "ilike", "t-pkg1"), ("crab_kind", "=", "package")],
            {"default_code": {}, "qty_available": {}, "crab_settlement_price": {}},
        )
        self.assertEqual([row["default_code"] for row in found["records"]], ["T-PKG1"])

    @covers("HQ-28", "delete", "recycle bin", via="web")
    def test_deleting_keeps_what_has_history(self):
        self.env["product.product"]._crab_adjust_stock({self.package1.product_variant_id: 5})
        (self.package1 | self.package2).with_user(self.admin).unlink()
        self.assertFalse(self.package2.exists())
        self.assertFalse(self.package1.active)
        self.assertFalse(self.package1.with_context(active_test=False).product_variant_ids.active)
        self.package1.with_user(self.admin).action_unarchive()
        self.assertTrue(self.package1.active)
        self.assertTrue(self.package1.product_variant_id.active)

    def test_a_package_that_a_card_gives_stays(self):
        card = self._new_card("T-C1", 598, self.package1)
        with self._refused("is given by", ValidationError):
            self.package1.action_archive()
        with self._refused("is given by", ValidationError):
            self.package1.with_user(self.admin).unlink()
        self.assertTrue(self.package1.active)
        card.action_archive()
        self.package1.action_archive()
        with self._refused("in the recycle bin", ValidationError):
            card.action_unarchive()

    def test_duplicate_gets_a_free_code(self):
        first, second = self.package1.copy(), self.package1.copy()
        self.assertEqual((first.default_code, second.default_code), ("T-PKG1-2", "T-PKG1-3"))
        self.assertEqual(first.list_price, 298)
        self.assertEqual(first.crab_state, "off_sale")


class TestStock(CatalogCase):
    @covers("HQ-39", "total stock count", via="web")
    def test_adjusting_many_products_counts_each(self):
        ecard = self._new_card("T-E1", 298, self.package1, kind="ecard")
        products = (self.package1 | self.package2 | ecard).product_variant_ids
        self.env["product.product"]._crab_adjust_stock(dict.fromkeys(products, 100000))
        moves = self.env["stock.move"].search([("product_id", "in", products.ids)])
        self.assertEqual(len(moves), 3)
        self.assertEqual(products.mapped("qty_available"), [100000] * 3)
        self.env["product.product"]._crab_adjust_stock({products[0]: 10, products[1]: -10}, relative=True)
        self.assertEqual(products.mapped("qty_available"), [100010, 99990, 100000])
        count = self.env["stock.move"].search_count([("product_id", "in", products.ids)])
        self.env["product.product"]._crab_adjust_stock({products[0]: 100010})
        self.assertEqual(
            self.env["stock.move"].search_count([("product_id", "in", products.ids)]), count, "nothing to adjust"
        )
        self.env["product.product"]._crab_adjust_stock({products[0]: 0})
        self.assertEqual(products[0].qty_available, 0)
        self.assertEqual(moves.mapped("location_dest_id.company_id"), self.group)
        reader = self._new_user("cat-reader", "customer_service")
        [row] = ecard.with_user(reader).web_read({"qty_available": {}, "name": {}})
        self.assertEqual(row["qty_available"], 100000)

    def test_warehouse_role_may_sales_rep_may_not(self):
        product = self.package1.product_variant_id
        warehouse, rep = self._new_user("cat-wh", "warehouse"), self._new_user("cat-rep", "sales_rep")
        product.with_user(warehouse)._crab_adjust_stock({product.with_user(warehouse): 7})
        self.assertEqual(product.qty_available, 7)
        with self.assertRaises(AccessError):
            product.with_user(rep)._crab_adjust_stock({product.with_user(rep): 9})
