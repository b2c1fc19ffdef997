from odoo.exceptions import MissingError
from odoo.tests import Form
from odoo.tools import SQL

from odoo.addons.crab_base.models.crab_public_id_mixin import uuid7
from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.rows import insert_like

from .common import ReviewCase


class TestProduct(ReviewCase):
    @covers("MB-08", "detail page and reviews")
    def test_shown_reviews_page_by_page_the_newest_first(self):
        reviews = [self._write(self._received(), score) for score in (5, 4, 1)]
        self._write(self._received((self.package1, 1)), 5)
        reviews[1].with_user(self.service)._hide("abuse")
        page, cursor = self.Review._of_product(self.thousand, limit=1)
        self.assertEqual(page, reviews[2])
        rest, end = self.Review._of_product(self.thousand, cursor, limit=1)
        self.assertEqual((rest, end), (reviews[0], None))
        with self._refused("does not exist", MissingError):
            self.Review._of_product(self.thousand, "no cursor")

    def test_nobody_reads_full_names(self):
        member = self._new_member("汪雨思")
        named = self._write(self._received(member=member), 5, member=member)
        hidden = self._write(self._received(member=member), 5, member=member, is_anonymous=True)
        self.assertEqual((named._shown_author(), hidden._shown_author()), ("汪**", "Anonymous member"))

    def test_figures_count_what_is_shown(self):
        scores = (5, 4, 1)
        reviews = [self._write(self._received(), score) for score in scores]
        figures = (self.thousand | self.package1)._crab_review_figures()
        self.assertEqual(figures, {self.thousand.id: {"count": 3, "average": 3.3, "good": 0.6667}})
        reviews[2].with_user(self.service)._hide("abuse")
        view = self.env.ref("crab_catalog.product_template_view_form")
        self.env.invalidate_all()
        form = Form(self.thousand.with_user(self.service), view)
        self.assertEqual((form.crab_review_count, form.crab_review_average, form.crab_review_good), (2, 4.5, 1))
        self.assertEqual(self.package1.crab_review_count, 0)

    def test_a_list_of_products_takes_one_query(self):
        self._write(self._received(), 5)
        self.env.invalidate_all()
        products = self.thousand | self.package1 | self.package2
        with self.assertQueryCount(1):
            products.mapped("crab_review_average")

    def test_a_page_of_many_reviews_is_read_from_the_index(self):
        review = self._write(self._received(), 5)
        count = 3000
        lines = insert_like(review.order_line_id, {"sequence": [10] * count})
        insert_like(review, {"order_line_id": lines.ids, "public_id": [uuid7() for _line in lines]})
        self.env.cr.execute("ANALYZE crab_review")
        cursor = None
        for _page in range(3):
            with self.assertQueryCount(2):  # the page, and where it begins
                page, cursor = self.Review._of_product(self.thousand, cursor)
        self.assertEqual(len(page), 20)
        query = self.Review._search(
            [("product_tmpl_id", "=", self.thousand.id), ("state", "=", "shown"), ("id", "<", page[-1].id)],
            order="id desc",
            limit=21,
        )
        self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("crab_review_of_product_idx", plan)
        self.assertNotIn("Sort", plan)
