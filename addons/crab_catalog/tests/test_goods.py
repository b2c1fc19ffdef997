from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import CatalogCase


class TestGoods(CatalogCase):
    """HQ-24, HQ-25: categories with parameters, B2B goods in the same management as packages and cards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("goods-admin", "admin")
        cls.Template = cls.Template.with_user(cls.admin)
        cls.crab = cls.env.ref("crab_catalog.category_b2b_crab")

    def _new_goods(self, code="T-B2B", category=None):
        form = Form(self.Template.with_context(default_crab_kind="b2b"), view="crab_catalog.product_template_view_form")
        form.name, form.default_code, form.list_price = f"Goods {code}", code, 88
        if category:
            form.categ_id = category
        form.uom_id = self.env.ref("uom.product_uom_dozen")
        return form.save()

    @covers("HQ-24", "two-level categories", via="web")
    def test_categories_have_two_levels(self):
        form = Form(self.env["product.category"].with_user(self.admin))
        form.name, form.parent_id = "单只", self.crab
        below = form.save()
        self.assertEqual(below.crab_kind, "b2b")
        self.assertEqual(self._new_goods(category=below).categ_id, below)
        with self._refused("third level", ValidationError):
            below.copy({"name": "too deep", "parent_id": below.id})
        with self._refused("third level", ValidationError):
            self.crab.parent_id = self.env.ref("crab_catalog.category_b2b_accessories")

    @covers("HQ-24", "parameters and specifications", via="web")
    def test_a_category_says_which_parameters_its_products_have(self):
        definition = [{"name": "size", "string": "规格", "type": "char"}]
        goods = self._new_goods(category=self.crab)
        goods.write({"product_properties": [{**definition[0], "definition_changed": True, "value": "公 3.5 两"}]})
        self.assertEqual([line["string"] for line in self.crab.product_properties_definition], ["规格"])
        other = self._new_goods("T-B2B2", category=self.crab)
        self.assertEqual(
            [line["string"] for line in other.read(["product_properties"])[0]["product_properties"]], ["规格"]
        )
        found = self.Template.web_search_read([("product_properties.size", "ilike", "3.5")], {"default_code": {}})
        self.assertEqual([row["default_code"] for row in found["records"]], ["T-B2B"])
        below = self.env["product.category"].create({"name": "below", "parent_id": self.crab.id})
        self.assertEqual([line["string"] for line in below.product_properties_definition], ["规格"])

    @covers("HQ-25", "basics, retail price, stock, unit", via="web")
    def test_goods_are_made_in_the_form_and_counted(self):
        goods = self._new_goods()
        self.env["product.product"]._crab_adjust_stock({goods.product_variant_id: 12})
        fields = {"name": {}, "list_price": {}, "qty_available": {}, "uom_id": {"fields": {"display_name": {}}}}
        [row] = self.Template.web_search_read([("id", "=", goods.id)], fields)["records"]
        self.assertEqual((row["list_price"], row["qty_available"]), (88, 12))
        self.assertEqual(row["uom_id"]["id"], self.env.ref("uom.product_uom_dozen").id)
        self.assertIn(goods, self.Template.search([("qty_available", ">", 0)]))

    @covers("HQ-25", "query, edit, shelve, recommend", via="web")
    def test_goods_are_found_changed_shelved_and_recommended(self):
        goods = self._new_goods()
        with Form(goods, view="crab_catalog.product_template_view_form") as form:
            form.list_price = 99
            form.crab_is_recommended = True
        goods.action_crab_put_on_sale()
        domain = [("crab_kind", "=", "b2b"), ("crab_state", "=", "on_sale"), ("crab_is_recommended", "=", True)]
        found = self.Template.web_search_read(["|", ("name", "ilike", "t-b2b"), *domain], {"list_price": {}})
        self.assertEqual([row["list_price"] for row in found["records"]], [99])
        goods.action_crab_take_off_sale()
        self.assertFalse(self.Template.search(domain))

    @covers("HQ-25", "delete and recycle bin", via="web")
    @covers("HQ-27", "management", via="web")
    def test_the_recycle_bin_restores_and_deletes_for_good_what_has_no_history(self):
        used, unused = self._new_goods(), self._new_goods("T-B2B2")
        self.env["product.product"]._crab_adjust_stock({used.product_variant_id: 5})
        used.unlink()
        unused.action_archive()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_catalog.product_template_action_bin")
        bin_model = self.Template.with_context(active_test=False)
        domain = [("crab_kind", "!=", False), ("active", "=", False), ("id", "in", (used | unused).ids)]
        self.assertIn("('active', '=', False)", action["domain"])
        self.assertEqual(bin_model.search(domain), (used | unused).sorted("name"))
        (used | unused).unlink()
        self.assertEqual(bin_model.search(domain), used, "what has history stays in the bin")
        used.action_unarchive()
        self.assertFalse(bin_model.search(domain))
        self.assertTrue(used.product_variant_id.active)


class TestParts(CatalogCase):
    """A package put together from parts: docs/decisions/0052-package-parts.md."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("parts-admin", "admin")
        cls.male, cls.female = (cls._new_product(f"T-{name}", "b2b", 30) for name in ("MALE", "FEMALE"))
        cls.env["product.product"]._crab_adjust_stock(
            {cls.male.product_variant_id: 17, cls.female.product_variant_id: 100}
        )
        with Form(cls.package1.with_user(cls.admin), view="crab_catalog.product_template_view_form") as form:
            for product in (cls.male, cls.female):
                with form.crab_part_ids.new() as line:
                    line.product_id, line.quantity = product.product_variant_id, 4

    def test_its_stock_is_what_can_be_put_together(self):
        self.assertEqual(self.package1.qty_available, 4)
        self.assertEqual(self.package1.product_variant_id.free_qty, 4)
        self.env["product.product"]._crab_adjust_stock({self.male.product_variant_id: 3})
        self.assertEqual(self.package1.qty_available, 0)
        self.assertNotIn(self.package1, self.Template.search([("qty_available", ">", 0)]))
        self.env["product.product"]._crab_adjust_stock({self.male.product_variant_id: 8})
        self.assertIn(self.package1, self.Template.search([("qty_available", ">=", 2)]))

    def test_it_breaks_down_into_its_parts(self):
        package, other = self.package1.product_variant_id, self.package2.product_variant_id
        parts = [(self.male.product_variant_id, 4), (self.female.product_variant_id, 4)]
        self.assertEqual((package | other)._crab_explode(), {package: parts, other: [(other, 1)]})

    def test_it_has_no_stock_of_its_own(self):
        with self._refused("move its parts", UserError):
            self.env["product.product"]._crab_adjust_stock({self.package1.product_variant_id: 5})
        self.env["product.product"]._crab_adjust_stock({self.package2.product_variant_id: 1})
        with self._refused("stock of its own", ValidationError):
            self.package2.crab_part_ids = [(0, 0, {"product_id": self.male.product_variant_id.id})]

    def test_what_cannot_be_a_part(self):
        card = self._new_card("T-C1", 598, self.package2)
        for package, product, message in (
            (self.package2, card, "cannot be a part"),
            (self.package2, self.package1, "cannot be a part"),
            (self.package2, self.package2, "cannot be a part"),
            (self.male, self.female, "no in-stock package"),
        ):
            with self._refused(message, ValidationError):
                package.crab_part_ids = [(0, 0, {"product_id": product.product_variant_id.id})]
        with self._refused("quantity_check|more than zero"):
            self.package2.crab_part_ids = [(0, 0, {"product_id": self.male.product_variant_id.id, "quantity": 0})]
        self.package2.crab_part_ids = [(0, 0, {"product_id": self.male.product_variant_id.id})]
        third = self._new_product("T-PKG3", "package", 50)
        third.crab_part_ids = [(0, 0, {"product_id": self._new_product("T-PKG4", "package", 9).product_variant_id.id})]
        with self._refused("itself a part", ValidationError):
            third.crab_part_ids.product_id.product_tmpl_id.crab_part_ids = [
                (0, 0, {"product_id": self.male.product_variant_id.id})
            ]

    def test_only_the_administrator_changes_parts(self):
        for role in ("finance", "warehouse", "card_keeper", "auditor"):
            user = self._new_user(f"parts-{role}", role)
            part = self.package1.crab_part_ids[0].with_user(user)
            with self.subTest(role=role):
                self.assertEqual(part.quantity, 4)
                for change in (lambda p=part: p.write({"quantity": 1}), part.unlink):
                    with self.assertRaises(AccessError):
                        change()
