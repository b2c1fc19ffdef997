from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import business_date, day_bounds


class CrabMemberTag(models.Model):
    """Rules by what members bought. Merged members' orders count for whom they became."""

    _inherit = "crab.member.tag"

    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    rule_min_spend = fields.Monetary("Spent at least", help="Paid online, less refunds. 0: not asked for.")
    rule_min_orders = fields.Integer("Orders at least", help="Paid orders. 0: not asked for.")
    rule_period_days = fields.Integer(
        "Within the last days", help="Spend and orders of these days count. 0: all that was ever paid."
    )
    rule_idle_days = fields.Integer(
        "No order for days", help="Ordered before, but not within these days. 0: not asked for."
    )
    rule_province_id = fields.Many2one(
        "crab.region", "Province", domain="[('level', '=', 'province')]", ondelete="restrict",
        help="To which the last order was sent.",
    )  # fmt: skip

    _rule_positive = models.Constraint(
        "CHECK(rule_min_spend >= 0 AND rule_min_orders >= 0 AND rule_period_days BETWEEN 0 AND 36500"
        " AND rule_idle_days BETWEEN 0 AND 36500)",
        "Conditions are never negative, and periods are at most 36500 days.",
    )

    def _compute_currency_id(self):
        self.currency_id = self.env.ref("base.CNY")

    @api.model
    def _rule_fields(self):
        return [*super()._rule_fields(), "rule_min_spend", "rule_min_orders", "rule_idle_days", "rule_province_id"]

    def _rule_conditions(self):
        conditions = super()._rule_conditions()
        if self.rule_min_spend or self.rule_min_orders:
            conditions.append(
                SQL(
                    "member.id IN (SELECT buyer FROM %s AS paid WHERE %s GROUP BY buyer"
                    " HAVING SUM(amount) >= %s AND COUNT(*) >= %s)",
                    self._paid_sql(),
                    self._paid_since_sql(self.rule_period_days),
                    self.rule_min_spend,
                    self.rule_min_orders,
                )
            )
        if self.rule_idle_days:
            conditions.append(
                SQL(
                    "member.id IN (SELECT buyer FROM %s AS paid GROUP BY buyer HAVING NOT bool_or(%s))",
                    self._paid_sql(),
                    self._paid_since_sql(self.rule_idle_days),
                )
            )
        if self.rule_province_id:
            conditions.append(
                SQL(
                    "member.id IN (SELECT buyer FROM (SELECT DISTINCT ON (buyer) buyer, province_id FROM %s AS paid"
                    " WHERE province_id IS NOT NULL ORDER BY buyer, order_id DESC) AS last WHERE province_id = %s)",
                    self._paid_sql(),
                    self.rule_province_id.id,
                )
            )
        return conditions

    def _paid_sql(self) -> SQL:
        """Paid orders that are not given back wholly: ``buyer`` (the member by today), ``order_id``, ``amount``,
        ``paid_at``, ``province_id``.
        """
        return SQL(
            """
            (WITH RECURSIVE person AS (
                SELECT id AS target, id FROM crab_member WHERE merged_into_id IS NULL
                 UNION ALL
                SELECT person.target, merged.id
                  FROM person JOIN crab_member merged ON merged.merged_into_id = person.id
            )
            SELECT person.target AS buyer, sale.id AS order_id, sale.crab_paid_at AS paid_at,
                   sale.amount_total - sale.crab_amount_refunded AS amount, sale.crab_province_id AS province_id
              FROM sale_order sale JOIN person ON person.id = sale.crab_member_id
             WHERE sale.crab_paid_at IS NOT NULL
               AND (sale.amount_total > sale.crab_amount_refunded OR sale.amount_total = 0))
            """
        )

    def _paid_since_sql(self, days) -> SQL:
        return SQL("paid_at >= %s", day_bounds(business_date() - timedelta(days=days))[0]) if days else SQL("true")
