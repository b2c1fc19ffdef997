from odoo import fields, models


class CrabDeliveryLine(models.Model):
    _inherit = "crab.delivery.line"

    order_line_id = fields.Many2one(
        "sale.order.line", "Order line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    order_quantity = fields.Float(
        "Pieces of the order", readonly=True, digits="Product Unit", help="Of what was ordered; the parts follow it."
    )

    def _set_order_quantity(self, quantity):
        """Let these lines of one order line hold the parts of ``quantity`` pieces; none: they go."""
        if quantity <= 0:
            self.unlink()
        for line in self.exists():
            each = line.quantity / line.order_quantity
            line.write({"quantity": line.product_id.uom_id.round(each * quantity), "order_quantity": quantity})
