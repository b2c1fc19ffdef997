from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crab_site.tests.common import as_field
from odoo.addons.crab_site.tests.common import picture as wide_picture

from .common import MemberApiCase


@tagged("post_install", "-at_install")
class TestVersion(MemberApiCase):
    """The ETag of public answers: it changes with them, and with nothing else."""

    def _version(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["fastapi.endpoint"]._crab_public_version("/catalog/products")

    def _changed_by(self, *changes):
        for number, change in enumerate(changes):
            before = self._version()
            self.assertEqual(self._version(), before, "reading changes nothing")
            change()
            self.assertNotEqual(self._version(), before, f"change {number}")

    def test_it_changes_with_all_that_is_public(self):
        part = self._new_product("T-PART", "b2b", 10.0).product_variant_id
        bundle = self._new_product("T-BUNDLE", "package", 10.0)
        sub = self.env["product.category"].create(
            {"name": "Sub", "parent_id": self.env["product.category"]._crab_root("package").id}
        )
        order = self._received((self.package1, 1))
        review = self.env["crab.review"]._write_review(
            self._who(self.member), order.id, [{"line_id": self._goods(order).id, "score": 5}]
        )
        article = self.env["crab.article"].create({"title": "Article", "is_published": True})
        agreement = self.env["crab.agreement"].create({"title": "Terms", "kind": "service", "body": "<p>Text</p>"})
        company_sudo = self.env["res.company"]._crab_company("sales")
        self._changed_by(
            lambda: self.thousand.write({"list_price": 999}),
            lambda: self.thousand.write({"image_1920": as_field(wide_picture())}),
            lambda: self.thousand.write({"crab_state": "off_sale"}),
            lambda: self.thousand.write({"image_1920": as_field(wide_picture((900, 300)))}),
            lambda: self.thousand.write({"image_1920": False}),
            lambda: bundle.write({"crab_part_ids": [(0, 0, {"product_id": part.id, "quantity": 1})]}),
            lambda: bundle.crab_part_ids.write({"quantity": 2}),
            lambda: self.printed.write({"crab_choice_ids": [(6, 0, self.package1.product_variant_id.ids)]}),
            lambda: sub.write({"name": "Other"}),
            lambda: sub.unlink(),
            lambda: self.package1.uom_id.write({"name": "Box"}),
            lambda: review.sudo().write({"reply": "Thanks"}),
            lambda: self.member.write({"name": "Zhang"}),
            lambda: article.write({"title": "Other"}),
            lambda: agreement.action_publish(),
            lambda: self.env["crab.banner"].create(
                {
                    "title": "Banner",
                    "image": as_field(wide_picture()),
                    "target_kind": "article",
                    "article_id": article.id,
                }
            ),
            lambda: company_sudo.write({"phone": "4000000000"}),
            lambda: self._setting("show_sales", True),
            lambda: self.env["crab.region"]._load(),
        )

    def test_it_changes_when_a_banner_begins_and_ends(self):
        article = self.env["crab.article"].create({"title": "Article", "is_published": True})
        now = fields.Datetime.now()
        self.env["crab.banner"].create(
            {
                "title": "Banner",
                "image": as_field(wide_picture()),
                "target_kind": "article",
                "article_id": article.id,
                "start_at": now + timedelta(hours=1),
                "end_at": now + timedelta(hours=2),
            }
        )
        seen = []
        for minutes in (0, 30, 61, 90, 121):
            with freeze_time(now + timedelta(minutes=minutes)):
                seen.append(self._version())
        self.assertEqual((seen[0], seen[2]), (seen[1], seen[3]))
        self.assertEqual(len({seen[0], seen[2], seen[4]}), 3)

    def test_orders_and_members_change_it_not_until_the_job_has_looked(self):
        products = self.env["product.template"]
        products._cron_refresh_shelf()
        products._cron_count_sold()
        before = self._version()
        order = self._received((self.thousand, 1000))
        self.env["crab.favourite"]._add(self._who(self.member), self.package1)
        self.env["crab.cart.line"]._put(self.member, self.package1.product_variant_id, 1)
        self._refund(order, (0, 10))
        self.assertEqual(self._version(), before)
        products._cron_refresh_shelf()
        self.assertNotEqual(self._version(), before, "the last one was sold")

    def test_joined_ticks_are_a_version_that_was_never_there(self):
        service = self.env["crab.api.catalog.service"]
        seen = {self._version()}
        for price in range(30):
            self.thousand.list_price = 500 + price
            seen.add(self._version())
        service._join_ticks()
        self.assertNotIn(self._version(), seen)
        self.env.cr.execute("SELECT count(*) FROM crab_catalog_tick")
        self.assertEqual(self.env.cr.fetchone(), (1,))

    def test_what_is_the_callers_own_has_none(self):
        version = self.env["fastapi.endpoint"]._crab_public_version
        for path in ("/catalog/products", "/catalog/products/x/reviews", "/site/home"):
            self.assertTrue(version(path))
        for path in ("/catalog/prices", "/member/me", "/orders"):
            self.assertIsNone(version(path))
