from odoo import fields, models


class CrabDeliveryLine(models.Model):
    _inherit = "crab.delivery.line"

    order_quantity_back = fields.Float(
        "Pieces that came back", readonly=True, digits="Product Unit", help="Of the order's, sent back by the member."
    )

    def _quantity_of(self, pieces):
        """How much of this part is in so many pieces of the order."""
        return self.product_id.uom_id.round(self.quantity / self.order_quantity * float(pieces))
