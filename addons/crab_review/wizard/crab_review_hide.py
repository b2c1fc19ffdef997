from odoo import fields, models


class CrabReviewHide(models.TransientModel):
    _name = "crab.review.hide"
    _description = "Hide reviews"

    review_ids = fields.Many2many("crab.review", string="Reviews", required=True)
    reason = fields.Char(required=True, help="Kept with the review; members do not see it.")

    def action_hide(self):
        """Take the reviews from the product's page."""
        self.review_ids._hide(self.reason)
