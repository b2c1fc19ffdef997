from odoo import fields, models


class CrabAftersaleReject(models.TransientModel):
    _name = "crab.aftersale.reject"
    _description = "Reject an after-sales request"

    aftersale_id = fields.Many2one("crab.aftersale", "Request", required=True, readonly=True, ondelete="cascade")
    reason = fields.Char(required=True, help="The member reads it.")

    def action_confirm(self):
        """Reject. A second click changes nothing."""
        self.ensure_one()
        self.aftersale_id._check_right()
        self.aftersale_id._reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
