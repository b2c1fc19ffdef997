from odoo import fields, models


class CrabDeliveryLine(models.Model):
    _name = "crab.delivery.line"
    _description = "Delivery line"
    _order = "delivery_id, id"
    _check_company_auto = True

    delivery_id = fields.Many2one("crab.delivery", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="delivery_id.company_id", store=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True, index=True, check_company=True)
    quantity = fields.Float(required=True, readonly=True, digits="Product Unit", default=1)

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A quantity is more than zero.")
