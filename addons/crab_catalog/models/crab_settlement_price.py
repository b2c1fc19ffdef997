from odoo import fields, models


class CrabSettlementPrice(models.Model):
    """What a settlement price was from which day on; written when the price of a product changes."""

    _name = "crab.settlement.price"
    _description = "Settlement Price"
    _order = "start_date desc, id desc"
    _rec_name = "product_tmpl_id"

    product_tmpl_id = fields.Many2one(
        "product.template", "Product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    default_code = fields.Char(related="product_tmpl_id.default_code", store=True, index=True, string="Code")
    currency_id = fields.Many2one(related="product_tmpl_id.currency_id")
    price = fields.Monetary("Settlement Price", required=True, readonly=True)
    start_date = fields.Date("Valid From", required=True, readonly=True)
    create_uid = fields.Many2one("res.users", "Set by", readonly=True)
    create_date = fields.Datetime("Set on", readonly=True)
