from odoo import api, models
from odoo.tools import SQL


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

    @api.model
    def _subledgers(self):
        """Stored value, dealers' credit, and what activations and returns booked on the prepaid cards."""
        contributions = super()._subledgers()
        self.env.cr.execute(
            """
            SELECT company_id, CASE kind WHEN 'stored' THEN 'deposits' ELSE 'receivable_credit' END,
                   SUM(CASE kind WHEN 'stored' THEN -balance ELSE credit_used END)
              FROM crab_wallet GROUP BY company_id, kind
            """
        )
        rows = self.env.cr.fetchall()
        counters = self.env["crab.wallet"]._counter_purposes()
        self.env.cr.execute(
            SQL(
                """
                SELECT entry.company_id, counter.purpose, SUM(entry.amount) FROM crab_wallet_entry entry
                  JOIN (VALUES %s) AS counter(kind, purpose) ON counter.kind = entry.kind
                 GROUP BY 1, 2
                """,
                SQL(", ").join(SQL("(%s, %s)", kind, purpose) for kind, purpose in counters.items()),
            )
        )
        rows += self.env.cr.fetchall()
        names = ("company_id", "purpose", "amount")
        return contributions + [dict(zip(names, row, strict=True)) for row in rows]

    @api.model
    def _findings(self):
        return super()._findings() + [
            self.env._("%(wallet)s: the figures are not those of its entries and debts.", wallet=wallet.display_name)
            for wallet in self.env["crab.wallet"]._inconsistent()
        ]
