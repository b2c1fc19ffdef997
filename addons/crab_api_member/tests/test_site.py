from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_site.tests.common import as_field
from odoo.addons.crab_site.tests.common import picture as wide_picture

from .common import MemberApiCase


@tagged("post_install", "-at_install")
class TestSite(MemberApiCase):
    def _banner(self, title, **values):
        return self.env["crab.banner"].create({"title": title, "image": as_field(wide_picture()), **values})

    @covers("MB-06", "rotating banners in order", "banner opens its target", "scheduled", via="api")
    def test_banners_in_order_each_with_what_it_opens(self):
        article = self.env["crab.article"].create({"title": "How crabs live", "is_published": True, "body": "<p>A</p>"})
        category = self.env["product.category"]._crab_root("package")
        self._banner("Last", sequence=40, target_kind="url", url="https://example.com/a")
        self._banner("First", sequence=10, target_kind="product", product_tmpl_id=self.thousand.id)
        self._banner("Second", sequence=20, target_kind="article", article_id=article.id)
        self._banner("Third", sequence=30, target_kind="category", categ_id=category.id)
        self._banner("Later", sequence=5, target_kind="url", url="https://example.com", start_at="2099-01-01 00:00:00")
        self.thousand.crab_is_recommended = True
        home = self._ok(self.nobody.get("/site/home"))
        self.assertEqual(
            [
                (one["title"], one["target"]["kind"], one["target"]["id"], one["target"]["url"])
                for one in home["banners"]
            ],
            [
                ("First", "product", self.thousand.public_id, None),
                ("Second", "article", article.public_id, None),
                ("Third", "category", category.public_id, None),
                ("Last", "url", None, "https://example.com/a"),
            ],
        )
        self.assertRegex(home["banners"][0]["picture"], r"^/crab/banner/[0-9a-f-]{36}\?v=\w{8}$")
        self.assertIn(self.thousand.public_id, [one["id"] for one in home["recommended"]])
        got = self._ok(self.nobody.get(f"/site/articles/{article.public_id}"))
        self.assertEqual((got["title"], got["body_html"]), ("How crabs live", "<p>A</p>"))
        self.assertIn(article.public_id, [one["id"] for one in self._ok(self.nobody.get("/site/articles"))])
        article.is_published = False
        self._refused_as(self.nobody.get(f"/site/articles/{article.public_id}"), 404)

    @covers("MB-28", "about page", "agreements", via="api")
    def test_about_and_agreements(self):
        self.env["res.company"]._crab_company("sales").phone = "4001234567"
        self.env["crab.article"].search([("kind", "=", "about")]).is_published = False
        self.env["crab.article"].create({"title": "Us", "kind": "about", "is_published": True, "body": "<p>We</p>"})
        about = self._ok(self.nobody.get("/site/about"))
        self.assertEqual((about["phone"], about["title"], about["body_html"]), ("4001234567", "Us", "<p>We</p>"))
        terms = self.env["crab.agreement"].create({"title": "Terms", "kind": "service", "body": "<p>One</p>"})
        terms.action_publish()
        draft = self.env["crab.agreement"].create({"title": "New", "kind": "service", "body": "<p>Two</p>"})
        got = self._ok(self.nobody.get("/site/agreements/service"))
        self.assertEqual((got["id"], got["title"], got["body_html"]), (terms.public_id, "Terms", "<p>One</p>"))
        self.assertIn(terms.public_id, [one["id"] for one in self._ok(self.nobody.get("/site/agreements"))])
        self._refused_as(self.nobody.get("/site/agreements/other"), 422)
        missing = self._ok(self.mine.get("/member/agreements"))
        self.assertIn(terms.public_id, [one["id"] for one in missing])
        self.assertTrue(self._ok(self.mine.get("/member/me"))["has_agreements_to_accept"])
        self._refused_as(self.mine.post("/member/agreements", json={"ids": [draft.public_id]}), 422, "newer version")
        self._refused_as(self.mine.post("/member/agreements", json={"ids": ["none"]}), 404)
        for _again in range(2):
            got = self.mine.post("/member/agreements", json={"ids": [one["id"] for one in missing]})
            self.assertEqual(got.status, 204)
        self.assertEqual(self._ok(self.mine.get("/member/agreements")), [])
        self.assertFalse(self._ok(self.mine.get("/member/me"))["has_agreements_to_accept"])
        self.assertTrue(self._ok(self.theirs.get("/member/agreements")), "everybody accepts for itself")

    @covers("MB-26", "province, city, district", via="api")
    def test_regions_level_by_level(self):
        provinces = {one["code"]: one for one in self._ok(self.nobody.get("/site/regions"))}
        self.assertEqual(provinces["310000"]["level"], "province")
        [city] = self._ok(self.nobody.get("/site/regions", params={"parent": "310000"}))
        districts = self._ok(self.nobody.get("/site/regions", params={"parent": city["code"]}))
        self.assertTrue(city["has_parts"] and not any(one["has_parts"] for one in districts))
        self.assertIn("310101", [one["code"] for one in districts])
        self._refused_as(self.nobody.get("/site/regions", params={"parent": "999999"}), 404)
