from odoo import fields, models


class CrabWalletDocumentReverse(models.TransientModel):
    _name = "crab.wallet.document.reverse"
    _description = "Reverse a wallet document"

    document_id = fields.Many2one("crab.wallet.document", "Document", required=True, readonly=True)
    amount = fields.Monetary(related="document_id.amount")
    currency_id = fields.Many2one(related="document_id.currency_id")
    reason = fields.Char(required=True)

    def action_reverse(self):
        """Reverse the document with the reason."""
        self.ensure_one()
        self.document_id._reverse(self.reason)
        return {"type": "ir.actions.act_window_close"}
