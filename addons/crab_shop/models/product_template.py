from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crab_state = fields.Selection(default=lambda self: self.env["crab.shop"]._setting("shelf_state"))
    crab_freight_template_id = fields.Many2one(
        "crab.freight.template",
        "Freight template",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="Empty: the template for all other products; without one the delivery is free.",
    )
