from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    crab_delivery_ids = fields.One2many("crab.delivery", "picking_id", "Deliveries", readonly=True)
