from odoo import api, models


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

    @api.model
    def _controlled(self):
        return [*super()._controlled(), "dealer_payable"]

    @api.model
    def _subledgers(self):
        """What is owed to dealers is what their accounts were credited less what was paid out of them."""
        contributions = super()._subledgers()
        for row in contributions:
            if row["purpose"] == "dealer_payable":
                row["amount"] = 0  # of the facts only what waits
        self.env["crab.earning.account"].flush_model()
        self.env.cr.execute(
            "SELECT company_id, -SUM(credited - withdrawn) FROM crab_earning_account GROUP BY company_id"
        )
        return contributions + [
            {"company_id": company_id, "purpose": "dealer_payable", "amount": amount}
            for company_id, amount in self.env.cr.fetchall()
        ]

    @api.model
    def _findings(self):
        findings = super()._findings()
        findings += [
            self.env._("%(dealer)s: the earnings account is not that of its earnings.", dealer=account.display_name)
            for account in self.env["crab.earning.account"]._inconsistent()
        ]
        for line_id, paid, shared in self.env["crab.earning"]._wrong_lines():
            findings.append(
                self.env._(
                    "%(order)s: %(shared)s of %(paid)s yuan are shared.",
                    order=self.env["sale.order.line"].sudo().browse(line_id).order_id.name,  # a check sees everything
                    shared=shared,
                    paid=paid,
                )
            )
        return findings
