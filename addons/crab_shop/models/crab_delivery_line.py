from odoo import fields, models


class CrabDeliveryLine(models.Model):
    _inherit = "crab.delivery.line"

    order_line_id = fields.Many2one(
        "sale.order.line", "Order line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
