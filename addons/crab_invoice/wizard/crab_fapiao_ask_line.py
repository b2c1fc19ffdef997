from odoo import api, fields, models


class CrabFapiaoAskLine(models.TransientModel):
    _name = "crab.fapiao.ask.line"
    _description = "Ask for a fapiao: line"

    ask_id = fields.Many2one("crab.fapiao.ask", required=True, ondelete="cascade")
    order_line_id = fields.Many2one("sale.order.line", "Order line", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="order_line_id.currency_id")
    product_name = fields.Char("Product", compute="_compute_left", compute_sudo=True)
    quantity_left = fields.Float("Pieces left", compute="_compute_left", compute_sudo=True, digits="Product Unit")
    amount_left = fields.Monetary("Amount left", compute="_compute_left", compute_sudo=True)
    quantity = fields.Float("Pieces", digits="Product Unit")

    @api.depends("order_line_id")
    def _compute_left(self):
        for line in self:
            line.product_name = line.order_line_id.product_id.name
            line.quantity_left, line.amount_left = (
                line.order_line_id._crab_fapiao_left() if line.order_line_id else (0, 0)
            )
