from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase

from odoo.addons.crab_base.tests.common import covers

from .common import SCRIPT, SiteCase, as_field, picture

HOSTILE = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example.com/x",
    "/web/login",
    "https:/nohost",
    "https://",
    "https://shop.example.com@evil.example.com/",
    "https://evil.example.com\\@shop.example.com/",
    "https://shop.example.com/ x",
    'https://shop.example.com/"onload="alert(1)',
    "https://shop.example.com:port/",
    "https://[::1/",
    "https://shop.example.com/" + "x" * 2048,
    7,
)


class TestBanner(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Banner = cls.env["crab.banner"]
        cls.package1.crab_state = "on_sale"
        cls.now = fields.Datetime.now()

    def _new(self, title="Banner", **values):
        if not values.keys() & {"product_tmpl_id", "categ_id", "article_id", "url"}:
            values["product_tmpl_id"] = self.package1.id
        return self.Banner.create({"title": title, "image": as_field(picture()), **values})

    def _hours(self, hours):
        return self.now + timedelta(hours=hours)

    def _states(self, *banners):
        self.env.invalidate_all()
        return [banner.state for banner in banners]

    @covers("HQ-68", "picture, target, order", via="web")
    def test_entered_in_the_back_office(self):
        article = self.env["crab.article"].create({"title": "Season", "is_published": True})
        with Form(self.Banner.with_user(self.admin)) as form:
            form.title, form.image = "Opening", as_field(picture((1200, 480)))
            form.product_tmpl_id = self.package1
            form.target_kind = "article"
            self.assertFalse(form.product_tmpl_id, "it opens one thing")
            form.article_id = article
        first = form.record
        self.assertEqual((first.target_kind, first.article_id, first.state), ("article", article, "shown"))
        second = self._new("Second", sequence=1)
        self.assertEqual(self.Banner._shown().mapped("title"), ["Second", "Opening"])
        first.with_user(self.admin).sequence = 0
        self.assertEqual(self.Banner._shown(), first | second)
        found = self.Banner.with_user(self.admin).search([("state", "in", ["shown"])])
        self.assertEqual(set(found), {first, second})

    @covers("MB-06", "scheduled", "rotating banners in order")
    @covers("HQ-68", "from, until, on and off")
    def test_shown_in_its_time_only(self):
        planned = self._new(start_at=self._hours(1))
        ended = self._new(end_at=self._hours(-1), start_at=self._hours(-2))
        shown = self._new(start_at=self._hours(-1), end_at=self._hours(1))
        off = self._new(active=False)
        self.assertEqual(self._states(planned, ended, shown, off), ["planned", "ended", "shown", "off"])
        self.assertEqual(self.Banner._shown(self.now), shown)
        self.assertEqual(self.Banner._shown(self._hours(1)), planned, "the moment of the end is no more in it")
        off.active = True
        self.assertIn(off, self.Banner._shown(self.now))
        for state, banner in (("planned", planned), ("ended", ended)):
            self.assertEqual(self.Banner.search([("state", "=", state)]), banner)
        with self._refused("crab_banner_time_order"):
            self._new(start_at=self._hours(1), end_at=self._hours(1))
            self.env.flush_all()

    @covers("MB-06", "banner opens its target")
    def test_whose_target_is_gone_is_not_shown(self):
        article = self.env["crab.article"].create({"title": "Season"})
        category = self.env["product.category"].create(
            {"name": "Banner", "parent_id": self.env["product.category"]._crab_root("package").id}
        )
        by_product, by_url = self._new(), self._new(target_kind="url", url=" https://shop.example.com/?a=1#x ")
        by_article = self._new(target_kind="article", article_id=article.id)
        by_category = self._new(target_kind="category", categ_id=category.id)
        self.assertEqual(by_url.url, "https://shop.example.com/?a=1#x")
        self.assertEqual(set(self.Banner._shown()), {by_product, by_url, by_category})
        article.is_published = True
        self.assertIn(by_article, self.Banner._shown())
        self.package1.crab_state = "off_sale"
        category.unlink()
        article.unlink()
        self.assertEqual(self.Banner._shown(), by_url)
        self.assertEqual(self._states(by_product, by_category, by_article, by_url), ["lost"] * 3 + ["shown"])
        self.package1.write({"crab_state": "on_sale", "active": False})
        self.assertEqual(self.Banner._shown(), by_url, "what lies in the recycle bin is not on sale")

    def test_just_what_the_kind_needs(self):
        foreign = self.env["product.template"].create({"name": "Not of the suite"})
        shelf = self.env["product.category"].create({"name": "Not of the suite"})
        for values, message in (
            ({"target_kind": "url", "product_tmpl_id": self.package1.id}, "what the banner"),
            ({"target_kind": "product", "url": "https://shop.example.com"}, "what the banner"),
            ({"product_tmpl_id": self.package1.id, "url": "https://shop.example.com"}, "one thing only"),
            ({"product_tmpl_id": foreign.id}, "not sold through the suite"),
            ({"target_kind": "category", "categ_id": shelf.id}, "not sold through the suite"),
            ({"image": False}, "needs a picture"),
        ):
            with self.subTest(values), self._refused(message, ValidationError):
                self._new(**values)
        banner = self._new()
        for field in ("product_tmpl_id", "target_kind"):
            with self.subTest(field), self._refused("what the banner", ValidationError):
                banner[field] = False

    def test_hostile_addresses_are_refused(self):
        banner = self._new(target_kind="url", url="http://shop.example.com")
        for link in HOSTILE:
            with self.subTest(link), self._refused("no address of the web", ValidationError):
                banner.url = link
        self.assertEqual(banner.url, "http://shop.example.com")

    def test_pictures_are_written_anew_and_wide(self):
        banner = self._new(image=as_field(picture(comment=SCRIPT) + SCRIPT))
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "crab.banner"), ("res_id", "=", banner.id), ("res_field", "=", "image")]
        )
        self.assertEqual(attachment.mimetype, "image/jpeg")
        self.assertNotIn(b"script", attachment.raw)
        path = banner._picture_paths()[banner]
        banner.image = as_field(picture((601, 300)))
        self.assertNotEqual(banner._picture_paths()[banner], path)
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        for content, message in (
            (picture((300, 300)), "at least 3 : 2"),
            (svg, "no picture"),
            (b"x" * 5_000_001, "larger than 5 MB"),
            (b"", "needs a picture"),
        ):
            with self.subTest(message), self._refused(message, UserError):
                self._new(image=as_field(content))
        with self._refused("no picture", UserError):
            self._new(image="not base64!")

    def test_rights(self):
        banner = self._new()
        for user in (self.service, self.auditor):
            self.assertEqual(banner.with_user(user).title, "Banner")
            for attack in (
                lambda user=user: banner.with_user(user).write({"active": False}),
                lambda user=user: banner.with_user(user).unlink(),
                lambda user=user: self.Banner.with_user(user).create({"title": "x"}),
            ):
                with self.assertRaises(AccessError):
                    attack()
        keeper = self._new_user("site_keeper", "card_keeper")
        with self.assertRaises(AccessError):
            banner.with_user(keeper).read(["title"])


class TestBannerPicture(SiteCase, HttpCase):
    def test_the_picture_is_for_everybody_who_has_the_address(self):
        banner = self.env["crab.banner"].create(
            {
                "title": "Banner",
                "image": as_field(picture()),
                "target_kind": "url",
                "url": "https://shop.example.com",
            }
        )
        answer = self.url_open(banner._picture_paths()[banner])
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "image/jpeg"))
        self.assertIn("immutable", answer.headers["Cache-Control"])
        self.assertIn("public", answer.headers["Cache-Control"])
        self.assertEqual(self.url_open(f"/crab/banner/{banner.id}").status_code, 404)
        banner.active = False
        self.assertEqual(self.url_open(banner._picture_paths()[banner]).status_code, 404)
