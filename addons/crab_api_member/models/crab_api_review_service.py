from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crab_api.schemas import Page

from ..schemas import order as schemas
from ..tools import links


class CrabApiReviewService(models.AbstractModel):
    """What members say of what they received (MB-18, MB-19)."""

    _name = "crab.api.review.service"
    _description = "API: reviews"

    @api.model
    def _pending(self, subject):
        self.env["crab.api.member.service"]._member(subject)
        lines = self.env["crab.review"]._pending(subject)
        pictures = self.env["crab.api.catalog.service"]._pictures(lines.product_id.product_tmpl_id)
        return schemas.PendingReviews(
            items=[
                schemas.PendingReview.from_line(line, pictures.get(line.product_id.product_tmpl_id.id))
                for line in lines
            ]
        )

    @api.model
    def _write(self, subject, public_id, given, key):
        """Review products of an order.

        :return: ``{"ids": public ids of the reviews}``
        :raise UserError: for products that are not in the order, or were reviewed already; nothing is written then
        """
        order = self.env["crab.api.order.service"]._found(subject, public_id)
        lines = self.env["crab.api.order.service"]._goods_of(order, [one.product_id for one in given.reviews])
        uploads = self.env["crab.upload"]
        reviews = [
            {
                "line_id": line.id,
                "score": one.score,
                "text": one.text,
                "is_anonymous": one.is_anonymous,
                "pictures": uploads._contents(subject, one.pictures),
            }
            for line, one in zip(lines, given.reviews, strict=True)
        ]
        if len({review["line_id"] for review in reviews}) != len(reviews):
            raise UserError(self.env._("Name each product once."))
        return {"ids": self.env["crab.review"]._write_review(subject, order.id, reviews, key).mapped("public_id")}

    @api.model
    def _of_ids(self, subject, public_ids):
        reviews = self.env["crab.review"]._for_subject(subject, [("public_id", "in", public_ids)])
        return schemas.OwnReviews(items=self._out(reviews))

    @api.model
    def _own(self, subject, paging):
        self.env["crab.api.member.service"]._member(subject)
        reviews, cursor = self.env["crab.review"]._of_subject(subject, paging.cursor, paging.limit)
        return Page[schemas.OwnReview](items=self._out(reviews), next_cursor=cursor)

    @api.model
    def _out(self, reviews):
        pictures = self.env["crab.api.catalog.service"]._pictures(reviews.product_tmpl_id)
        return [
            schemas.OwnReview.from_review(
                review, pictures.get(review.product_tmpl_id.id), links.pictures(self.env, "review", review)
            )
            for review in reviews
        ]
