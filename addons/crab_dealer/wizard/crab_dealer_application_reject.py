from odoo import fields, models


class CrabDealerApplicationReject(models.TransientModel):
    _name = "crab.dealer.application.reject"
    _description = "Reject applications"

    application_ids = fields.Many2many("crab.dealer.application", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_reject(self):
        """Reject them with the reason."""
        self.application_ids.check_access("write")
        self.application_ids._set_rejected(self.reason)
        return {"type": "ir.actions.act_window_close"}
