from odoo import api, fields, models


class CrabDealerClose(models.TransientModel):
    """Close or reopen a dealer, and what is still open for it."""

    _name = "crab.dealer.close"
    _description = "Close or reopen a dealer"

    dealer_id = fields.Many2one("crab.dealer", required=True, readonly=True)
    state = fields.Selection(related="dealer_id.state")
    reason = fields.Char()
    line_ids = fields.One2many("crab.dealer.close.line", "wizard_id", "Still open", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        self.env["crab.dealer.close.line"].create(
            [
                {"wizard_id": wizard.id, "name": label, "count": count, "position": position}
                for wizard in wizards
                for position, (label, count, _action) in enumerate(wizard.dealer_id._open_items())
            ]
        )
        return wizards

    def action_close(self):
        """Close the dealer."""
        self.ensure_one()
        self.dealer_id.check_access("write")
        self.dealer_id._close(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def action_reopen(self):
        """Open the dealer again."""
        self.ensure_one()
        self.dealer_id.check_access("write")
        self.dealer_id._reopen(self.reason)
        return {"type": "ir.actions.act_window_close"}
