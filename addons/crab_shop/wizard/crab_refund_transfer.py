from odoo import fields, models


class CrabRefundTransfer(models.TransientModel):
    """The reference of the bank transfer by which finance paid a refund that did not go through."""

    _name = "crab.refund.transfer"
    _description = "Pay a refund by transfer"

    refund_id = fields.Many2one("crab.refund", "Refund", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="refund_id.currency_id")
    amount = fields.Monetary(related="refund_id.amount")
    reference = fields.Char("Bank reference", required=True, help="Number of the transfer on the bank statement.")

    def action_confirm(self):
        """Book the transfer. A second click changes nothing."""
        self.ensure_one()
        self.refund_id.action_paid_by_transfer(self.reference)
        return {"type": "ir.actions.act_window_close"}
