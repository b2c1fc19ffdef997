from odoo import fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    crab_review_ids = fields.One2many("crab.review", "order_line_id", "Review", readonly=True)
