from odoo import api, fields, models


class CrabLedgerFact(models.Model):
    _inherit = "crab.ledger.fact"

    kind = fields.Selection(
        selection_add=[("earning_credited", "Dealers' earnings")], ondelete={"earning_credited": "cascade"}
    )

    @api.model
    def _kind_lines(self):
        return {
            **super()._kind_lines(),
            "earning_credited": [("dealer_commission", "net", 1), ("dealer_payable", "net", -1)],
        }
