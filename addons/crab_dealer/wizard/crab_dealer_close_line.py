from odoo import fields, models


class CrabDealerCloseLine(models.TransientModel):
    _name = "crab.dealer.close.line"
    _description = "What is still open for a dealer"
    _order = "position"

    wizard_id = fields.Many2one("crab.dealer.close", required=True, ondelete="cascade", index=True)
    position = fields.Integer()
    name = fields.Char("What", readonly=True)
    count = fields.Integer(readonly=True)

    def action_open(self):
        """Show the records of this line, as they are now."""
        self.ensure_one()
        items = self.wizard_id.dealer_id._open_items()
        actions = [action for label, _count, action in items if label == self.name and action]
        return actions[0] if actions else {"type": "ir.actions.act_window_close"}
