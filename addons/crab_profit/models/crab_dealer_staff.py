from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec

GROUPS = "crab_base.group_finance,crab_base.group_auditor"
FIGURES = ("sold", "total", "pending", "settled", "to_settle")


class CrabDealerStaff(models.Model):
    """What a person sold, earned and was paid (CH-02, CS-05, HQ-16)."""

    _inherit = "crab.dealer.staff"

    currency_id = fields.Many2one("res.currency", compute="_compute_earnings", groups=GROUPS)
    earning_sold = fields.Monetary("Sold", compute="_compute_earnings", groups=GROUPS)
    earning_total = fields.Monetary("Share in all", compute="_compute_earnings", groups=GROUPS)
    earning_pending = fields.Monetary("Not yet credited", compute="_compute_earnings", groups=GROUPS)
    earning_settled = fields.Monetary("Settled", compute="_compute_earnings", groups=GROUPS)
    earning_to_settle = fields.Monetary("To settle", compute="_compute_earnings", groups=GROUPS)

    def _compute_earnings(self):
        figures = self._earning_figures()
        currency = self.env["res.company"]._crab_company("sales").sudo().currency_id  # no secret
        for staff in self:
            staff.currency_id = currency
            for name in FIGURES:
                staff[f"earning_{name}"] = figures.get(staff._origin.id, {}).get(name, 0)

    def _earning_figures(self):
        """``{staff id: {"sold", "total", "pending", "settled", "to_settle", "settlements"}}``; amounts are Decimal.

        Total = credited + not yet credited; to settle = credited − settled, below zero when more was paid than is left
        after refunds.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT staff.id, COALESCE(earned.sold, 0)::text, COALESCE(earned.total, 0)::text,
                       COALESCE(earned.pending, 0)::text, COALESCE(paid.amount, 0)::text, COALESCE(paid.count, 0)
                  FROM unnest(%(ids)s::int[]) AS staff(id)
                  LEFT JOIN LATERAL (
                       SELECT SUM(e.sold) AS sold, SUM(e.amount) AS total,
                              SUM(e.amount) FILTER (WHERE e.order_id IS NOT NULL AND o.crab_credited_at IS NULL) AS
                              pending
                         FROM crab_staff_earning e LEFT JOIN sale_order o ON o.id = e.order_id
                        WHERE e.staff_id = staff.id
                  ) earned ON true
                  LEFT JOIN LATERAL (
                       SELECT SUM(amount) AS amount, COUNT(*) AS count FROM crab_staff_settlement s
                        WHERE s.staff_id = staff.id
                  ) paid ON true
                """,
                ids=list(self.ids),
            )
        )
        return {
            staff_id: {
                "sold": dec(sold),
                "total": dec(total),
                "pending": dec(pending),
                "settled": dec(settled),
                "to_settle": dec(total) - dec(pending) - dec(settled),
                "settlements": count,
            }
            for staff_id, sold, total, pending, settled, count in self.env.cr.fetchall()
        }

    def action_staff_earnings(self):
        """What these people earned."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_profit.crab_staff_earning_action")
        return {**action, "domain": [("staff_id", "in", self.ids)], "context": {}}

    def action_staff_settlements(self):
        """What their dealers marked as paid to them."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_profit.crab_staff_settlement_action")
        return {**action, "domain": [("staff_id", "in", self.ids)], "context": {}}
