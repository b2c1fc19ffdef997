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

    @api.model
    def _findings(self):
        products_sudo = self.env["product.product"].sudo()  # a check sees everything
        return super()._findings() + [
            self.env._(
                "%(card)s: the register has %(numbers)s numbers, the stock %(stock)s pieces.",
                card=products_sudo.browse(row["product_id"]).display_name,
                numbers=row["numbers"],
                stock=f"{row['stock']:g}",
            )
            for row in self.env["crab.card"]._compare_with_stock()
        ]
