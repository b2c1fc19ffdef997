from odoo import api, models
from odoo.tools import SQL


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

    @api.model
    def _subledgers(self):
        """What pickup cards brought in by documents: the company owes the goods for it (contract liability, a credit)."""
        self.env["crab.card.order"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT company_id, SUM(CASE kind WHEN 'activation' THEN -amount_charged ELSE amount_charged END)
                         - SUM(COALESCE(amount_paid, 0)) + SUM(COALESCE(amount_refunded, 0))
                  FROM (SELECT company_id, kind, COALESCE(amount_charged, 0) AS amount_charged, amount_paid, amount_refunded
                          FROM crab_card_order) AS document
                 GROUP BY company_id
                """
            )
        )
        return super()._subledgers() + [
            {"company_id": company_id, "purpose": "contract_liability", "amount": amount}
            for company_id, amount in self.env.cr.fetchall()
        ]
