from odoo import api, models


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

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
