from odoo import api, fields, models

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabAftersaleAskLine(models.TransientModel):
    _name = "crab.aftersale.ask.line"
    _description = "Line of an after-sales request to ask for"

    ask_id = fields.Many2one("crab.aftersale.ask", required=True, ondelete="cascade")
    order_line_id = fields.Many2one("sale.order.line", "Goods", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="order_line_id.currency_id")
    product_name = fields.Char("Goods ordered", compute="_compute_left", compute_sudo=True)
    quantity_left = fields.Float("Not refunded", compute="_compute_left", compute_sudo=True, digits="Product Unit")
    amount_left = fields.Monetary("Paid and not refunded", compute="_compute_left", compute_sudo=True)
    quantity = fields.Float("Pieces", digits="Product Unit", help="0: money alone, the goods are kept.")
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, help="Follows from the quantity; may be changed."
    )

    @api.depends("order_line_id")
    def _compute_left(self):
        for line in self:
            ordered = line.order_line_id
            line.product_name = ordered.name
            line.quantity_left = ordered.product_uom_qty - ordered.crab_refunded_quantity
            line.amount_left = dec(ordered.crab_paid) - dec(ordered.crab_refunded)

    @api.depends("quantity")
    def _compute_amount(self):
        for line in self:
            left, amount = dec(line.quantity_left), dec(line.amount_left)
            quantity = min(max(dec(line.quantity), 0), left)
            line.amount = amount if quantity == left and left else round_cents(amount * quantity / left) if left else 0
