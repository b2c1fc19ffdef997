from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import MemberApiCase


@tagged("post_install", "-at_install")
class TestCatalog(MemberApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        root = cls.env["product.category"]._crab_root("package")
        cls.gifts = cls.env["product.category"].create({"name": "Gifts", "parent_id": root.id})
        cls.small = cls.env["product.category"].create({"name": "Small gifts", "parent_id": cls.gifts.id})
        (cls.package1 | cls.package2).categ_id = cls.small
        cls.ours = cls.package1 | cls.package2 | cls.thousand

    def _ids(self, **params):
        return [item["id"] for item in self._pages(self.nobody, "/catalog/products", **params)]

    def _known(self, ids):
        """Of these ids, those of the three packages of this test, in their order."""
        by_id = {product.public_id: product for product in self.ours}
        return [by_id[one] for one in ids if one in by_id]

    @covers("MB-07", "categories and list by category", via="api")
    def test_categories_and_their_products(self):
        tops = self._ok(self.nobody.get("/catalog/categories", params={"kind": "package"}))
        [gifts] = [top for top in tops if top["id"] == self.gifts.public_id]
        self.assertEqual([part["name"] for part in gifts["parts"]], ["Small gifts"])
        self.assertTrue(all(top["kind"] == "package" for top in tops))
        kinds = {top["kind"] for top in self._ok(self.nobody.get("/catalog/categories"))}
        self.assertNotIn("b2b", kinds)
        for category in (self.gifts, self.small):
            found = self._ids(category=category.public_id)
            self.assertEqual(set(self._known(found)), {self.package1, self.package2})
            self.assertEqual(len(found), 2)
        self._refused_as(self.nobody.get("/catalog/products", params={"category": "none"}), 404, "category")

    @covers("MB-07", "sort by sales and price", "paging", via="api")
    @covers("MB-12", "browse physical cards", via="api")
    @covers("MB-13", "browse and buy e-cards", via="api")
    def test_each_order_is_whole_page_after_page(self):
        self._paid([(self.package2, 3)])
        self._paid([(self.package1, 2)])
        self.env["product.template"]._cron_count_sold()
        expected = {
            "price": [self.package1, self.package2, self.thousand],
            "-price": [self.thousand, self.package2, self.package1],
            "sales": [self.package2, self.package1, self.thousand],
        }
        twin = self._new_product("T-TWIN", "package", 728.5, crab_state="on_sale")
        for sort, products in expected.items():
            ids = self._ids(kind="package", sort=sort, limit=1)
            self.assertEqual(self._known(ids), products, sort)
            self.assertEqual(len(ids), len(set(ids)), sort)
            self.assertIn(twin.public_id, ids)
        self.thousand.crab_is_recommended = True
        self.assertEqual(self._ids(kind="package")[0], self.thousand.public_id)
        for kind, product in (("physical_card", self.printed), ("ecard", self.ecard)):
            self.assertIn(product.public_id, self._ids(kind=kind))
            self.assertNotIn(self.thousand.public_id, self._ids(kind=kind))
        for params in ({"sort": "-sales"}, {"kind": "b2b"}, {"limit": 101}):
            self._refused_as(self.nobody.get("/catalog/products", params=params), 422, code="invalid")
        self._refused_as(self.nobody.get("/catalog/products", params={"cursor": "nonsense"}), 404)

    @covers("MB-07", "keyword search", via="api")
    def test_products_are_found_by_words_and_code(self):
        self.package1.name = "Eight hairy crabs"
        self.assertEqual(self._ids(q="crabs eight"), [self.package1.public_id])
        self.assertEqual(self._ids(q="T-PKG2"), [self.package2.public_id])
        self.assertEqual(self._ids(q="100%_nothing"), [])

    def test_only_what_is_on_sale_in_the_shop_is_shown(self):
        b2b = self._new_product("T-B2B", "b2b", 10.0, crab_state="on_sale")
        self.package1.crab_state = "off_sale"
        self.package2.active = False
        ids = self._ids()
        for hidden in (b2b, self.package1, self.package2):
            self.assertNotIn(hidden.public_id, ids)
            self._refused_as(self.nobody.get(f"/catalog/products/{hidden.public_id}"), 404, "does not exist")
            self._refused_as(self.nobody.get(f"/catalog/products/{hidden.public_id}/reviews"), 404)
        self._refused_as(self.nobody.get("/catalog/products/1"), 404)

    @covers("MB-08", "detail page and reviews", "retail price and own price", via="api")
    def test_a_product_page_says_everything_to_everybody(self):
        part = self._new_product("T-PART", "b2b", 10.0)
        parts = [(0, 0, {"product_id": part.product_variant_id.id, "quantity": 8})]
        bundle = self._new_product("T-BUNDLE", "package", 99.0, crab_state="on_sale", crab_part_ids=parts)
        shown = self._ok(self.nobody.get(f"/catalog/products/{bundle.public_id}"))
        self.assertEqual(shown["parts"], [{"name": part.name, "quantity": 8, "unit": part.uom_id.name}])
        self.package1.crab_detail_html = "<p>Fat crabs</p>"
        order = self._received((self.package1, 1))
        line = self._goods(order)
        self.env["crab.review"]._write_review(
            self._who(self.member), order.id, [{"line_id": line.id, "score": 5, "text": "Good"}]
        )
        got = self._ok(self.nobody.get(f"/catalog/products/{self.package1.public_id}"))
        self.assertEqual((got["retail_price"], got["currency"]), ("298.00", "CNY"))
        self.assertIn("Fat crabs", got["detail_html"])
        self.assertEqual(got["reviews"], {"count": 1, "average": 5, "good": 1})
        self.assertEqual(got, self._ok(self.mine.get(f"/catalog/products/{self.package1.public_id}")))
        reviews = self._pages(self.nobody, f"/catalog/products/{self.package1.public_id}/reviews")
        self.assertEqual([(one["score"], one["text"], one["author"]) for one in reviews], [(5, "Good", "B**")])
        card = self._ok(self.nobody.get(f"/catalog/products/{self.printed.public_id}"))
        self.assertEqual((card["rule"], card["choice_count"]), ("fixed", 1))
        self.assertEqual([choice["id"] for choice in card["choices"]], [self.printed_package.public_id])
        [own] = self._ok(self.mine.get("/catalog/prices", params={"ids": self.thousand.public_id}))
        self.assertEqual((own["retail_price"], own["price"], own["is_favourite"]), ("1000.00", "950.00", False))

    def test_own_prices_are_the_callers(self):
        ids = f"{self.thousand.public_id},{self.package1.public_id}"
        got = self.theirs.get("/catalog/prices", params={"ids": ids})
        self.assertEqual([row["price"] for row in self._ok(got)], ["1000.00", "298.00"])
        self.assertEqual(got.headers["cache-control"], "no-store")
        self.assertEqual(self._ok(self.dealers.get("/catalog/prices", params={"ids": ids}))[0]["price"], "800.00")
        self._refused_as(self.nobody.get("/catalog/prices", params={"ids": ids}), 401)
        self._refused_as(self.mine.get("/catalog/prices", params={"ids": "1,2"}), 404)
        self.thousand.crab_state = "off_sale"
        self.assertEqual(len(self._ok(self.mine.get("/catalog/prices", params={"ids": ids}))), 1)

    def test_names_are_in_the_callers_language(self):
        for lang in ("en_US", "zh_CN"):
            self.env["res.lang"]._activate_lang(lang)
        self.thousand.with_context(lang="zh_CN").name = "大闸蟹"
        path = f"/catalog/products/{self.thousand.public_id}"
        self.assertEqual(self._ok(self.api(lang="zh_CN").get(path))["name"], "大闸蟹")
        self.assertEqual(self._ok(self.nobody.get(path))["name"], "Product T-1000")

    def test_a_longer_page_takes_no_more_queries(self):
        for number in range(12):
            self._new_product(f"T-MANY{number}", "package", 10.0 + number, crab_state="on_sale")
        for path in ("/catalog/products", "/site/home"):
            counts = []
            for limit in (2, 2, 14):
                before = self.env.cr.sql_log_count
                self._ok(self.nobody.get(path, params={"limit": limit} if "products" in path else {}))
                counts.append(self.env.cr.sql_log_count - before)
            self.assertLessEqual(counts[2], counts[1], path)
