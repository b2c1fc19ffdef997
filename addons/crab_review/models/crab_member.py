from odoo import fields, models
from odoo.tools import SQL

READERS = "crab_base.group_customer_service,crab_base.group_auditor"


class CrabMember(models.Model):
    _inherit = "crab.member"

    crab_review_count = fields.Integer("Reviews", compute="_compute_crab_review_count", groups=READERS)

    def _compute_crab_review_count(self):
        counts = {}
        if self.ids:
            self.env["crab.review"].flush_model()
            self.env.cr.execute(
                SQL(
                    "SELECT person.target, COUNT(*) FROM %s AS person"
                    " JOIN crab_review review ON review.member_id = person.id GROUP BY 1",
                    self._crab_persons(),
                )
            )
            counts = dict(self.env.cr.fetchall())
        for member in self:
            member.crab_review_count = counts.get(member._origin.id, 0)

    def action_crab_reviews(self):
        """What this member wrote."""
        return self._crab_action_of("crab_review.crab_review_action")
