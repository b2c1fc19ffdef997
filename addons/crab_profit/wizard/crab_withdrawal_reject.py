from odoo import fields, models


class CrabWithdrawalReject(models.TransientModel):
    _name = "crab.withdrawal.reject"
    _description = "Reject a withdrawal"

    withdrawal_id = fields.Many2one(
        "crab.withdrawal",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    is_returned = fields.Boolean("Returned by the bank", readonly=True)
    reason = fields.Char(required=True, help="The dealer reads it.")

    def action_confirm(self):
        """Reject, or book what the bank sent back; the amount goes back to the earnings account."""
        self.ensure_one()
        if self.is_returned:
            self.withdrawal_id.action_returned(self.reason)
        else:
            self.withdrawal_id.action_reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
