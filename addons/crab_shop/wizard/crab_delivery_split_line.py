from odoo import api, fields, models


class CrabDeliverySplitLine(models.TransientModel):
    _name = "crab.delivery.split.line"
    _description = "Goods of a delivery to split"

    split_id = fields.Many2one("crab.delivery.split", required=True, ondelete="cascade")
    order_line_id = fields.Many2one("sale.order.line", required=True, readonly=True, ondelete="cascade")
    product_name = fields.Char("Goods", compute="_compute_held", compute_sudo=True)
    quantity_held = fields.Float("In this delivery", compute="_compute_held", compute_sudo=True, digits="Product Unit")
    quantity = fields.Float("Leave first", digits="Product Unit", help="Whole pieces; 0: they stay with the rest.")

    @api.depends("order_line_id", "split_id.delivery_id")
    def _compute_held(self):
        for line in self:
            line.product_name = line.order_line_id.name
            line.quantity_held = line.split_id.delivery_id._held_of_order().get(line.order_line_id, 0)
