from odoo import fields, models


class CrabAftersaleReceive(models.TransientModel):
    """What a member sent back has arrived."""

    _name = "crab.aftersale.receive"
    _description = "Receive what was sent back"

    aftersale_id = fields.Many2one("crab.aftersale", "Request", required=True, readonly=True, ondelete="cascade")
    goods = fields.Char(related="aftersale_id.goods")
    currency_id = fields.Many2one(related="aftersale_id.currency_id")
    amount_granted = fields.Monetary(related="aftersale_id.amount_granted")
    condition = fields.Selection(
        [("stock", "Back to stock"), ("damaged", "Damaged")],
        "Goods are",
        required=True,
        help="Damaged goods are written off and not sold again.",
    )

    def action_confirm(self):
        """The goods are here: the money goes back. A second click changes nothing."""
        self.ensure_one()
        self.aftersale_id._check_right()
        self.aftersale_id._receive(self.condition)
        return {"type": "ir.actions.act_window_close"}
