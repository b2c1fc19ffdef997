from odoo import api, fields, models


class CrabReviewReply(models.TransientModel):
    _name = "crab.review.reply"
    _description = "Reply to reviews"

    review_ids = fields.Many2many("crab.review", string="Reviews", required=True)
    reply = fields.Text(
        compute="_compute_reply", store=True, readonly=False, required=True, help="Shown to all below the review."
    )

    @api.depends("review_ids")
    def _compute_reply(self):
        for wizard in self:
            wizard.reply = wizard.reply or wizard.review_ids[:1].reply

    def action_reply(self):
        """Give all these reviews this reply."""
        self.review_ids._answer(self.reply)
