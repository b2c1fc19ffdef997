from odoo import api, models


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

    @api.model
    def _subledgers(self):
        """What members paid for cards sold directly: the company owes the goods. The wallets add activations."""
        contributions = super()._subledgers()
        self.env["crab.card.order"].flush_model()
        self.env.cr.execute(
            """
            SELECT company_id, SUM(COALESCE(amount_refunded, 0) - COALESCE(amount_paid, 0)) FROM crab_card_order
             WHERE amount_paid > 0 OR amount_refunded > 0 GROUP BY company_id
            """
        )
        return contributions + [
            {"company_id": company_id, "purpose": "contract_liability", "amount": amount}
            for company_id, amount in self.env.cr.fetchall()
        ]
