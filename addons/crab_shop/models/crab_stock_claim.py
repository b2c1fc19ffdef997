from odoo import fields, models


class CrabStockClaim(models.Model):
    """Stock that an order has taken and that has not left yet; written by ``crab.stock.level`` under its lock."""

    _name = "crab.stock.claim"
    _description = "Stock taken by an order"
    _log_access = False
    _order = "order_id, product_id"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="restrict")
    product_id = fields.Many2one("product.product", "Product", required=True, readonly=True, ondelete="restrict")
    quantity = fields.Float(required=True, readonly=True, digits="Product Unit", help="Still claimed.")

    _once = models.Constraint("UNIQUE(order_id, product_id)", "An order claims a product once.")
    _product_idx = models.Index("(product_id) WHERE quantity > 0")
    _positive = models.Constraint("CHECK (quantity >= 0)", "Never less than nothing is claimed.")
