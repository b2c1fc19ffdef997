from odoo import fields, models


class CrabEcardRefuse(models.TransientModel):
    _name = "crab.ecard.refuse"
    _description = "Refuse an order of e-cards"

    order_id = fields.Many2one(
        "sale.order",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    reason = fields.Char(required=True, help="The member reads it.")

    def action_confirm(self):
        """Refuse; everything paid goes back the way it came."""
        self.ensure_one()
        self.order_id._crab_refuse_ecards(self.reason)
        return {"type": "ir.actions.act_window_close"}
