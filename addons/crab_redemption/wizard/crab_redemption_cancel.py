from odoo import fields, models


class CrabRedemptionCancel(models.TransientModel):
    _name = "crab.redemption.cancel"
    _description = "Cancel a redemption"

    redemption_id = fields.Many2one("crab.redemption", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Cancel the redemption; its number is active again."""
        self.ensure_one()
        self.redemption_id.check_access("read")
        self.redemption_id._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
