from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

FINISH_LIMIT = 500


class SaleOrder(models.Model):
    """A received order waits to be reviewed, and is done when it was or the time for it is over (domain.md §8)."""

    _inherit = "sale.order"

    crab_review_ids = fields.One2many("crab.review", "order_id", "Reviews", readonly=True)
    crab_review_count = fields.Integer("Number of reviews", compute="_compute_crab_review_count")

    _crab_unreviewed_idx = models.Index("(crab_received_at) WHERE crab_state = 'to_review'")

    def _compute_crab_review_count(self):
        reviews_sudo = self.env["crab.review"].sudo()  # who sees the order may know that it was reviewed
        counts = dict(reviews_sudo._read_group([("order_id", "in", self.ids)], ["order_id"], ["__count"]))
        for order in self:
            order.crab_review_count = counts.get(order._origin, 0)

    @api.model
    def _crab_review_since(self):
        """What was received before this moment waits no longer for a review."""
        days = self.env["ir.config_parameter"].sudo().get_param("crab_review.days")  # a setting, no secret
        return fields.Datetime.now() - timedelta(days=int(days or 15))

    @api.model
    def _crab_waiting_for_review(self):
        """Orders that wait for a review: received within the set days, not closed, not reviewed wholly."""
        return (
            Domain("crab_received_at", ">=", self._crab_review_since())
            & Domain("crab_state", "in", ("to_review", "done"))
            & Domain("order_line", "any", [("crab_role", "=", "goods"), ("crab_review_ids", "=", False)])
        )

    def _crab_unreviewed(self):
        """The goods lines of these orders that can be reviewed: neither reviewed nor given back wholly."""
        return self.order_line.filtered(
            lambda line: (
                line.crab_role == "goods"
                and not line.crab_review_ids
                and line.crab_refunded_quantity < line.product_uom_qty
            )
        )

    @api.model
    def _cron_finish_unreviewed(self):
        """Orders that were not reviewed in time are done, in sets; one that is being reviewed now waits."""
        due = self.search(
            [("crab_state", "=", "to_review"), ("crab_received_at", "<", self._crab_review_since())], limit=FINISH_LIMIT
        )
        free = due.try_lock_for_update()
        free.filtered(lambda order: order.crab_state == "to_review")._crab_set_state("done")
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == FINISH_LIMIT))

    def action_crab_reviews(self):
        """What the member says of this order's products."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_review.crab_review_action")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}
