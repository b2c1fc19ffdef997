from odoo import fields, models


class CrabCardOrderPrice(models.Model):
    """What one number cost each dealer of the chain when it was activated (HQ-12): for settlement offline, statistics.

    A return or cancellation that gives the charge back has the same rows with a negative quantity.
    """

    _name = "crab.card.order.price"
    _description = "Price of a level"
    _order = "order_id desc, product_id, level"

    order_id = fields.Many2one(
        "crab.card.order", string="Document", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    product_id = fields.Many2one("product.product", string="Card", required=True, readonly=True, ondelete="restrict")
    dealer_id = fields.Many2one("crab.dealer", required=True, readonly=True, ondelete="restrict", index=True)
    level = fields.Selection([("1", "Level 1"), ("2", "Level 2"), ("3", "Level 3")], required=True, readonly=True)
    quantity = fields.Integer(required=True, readonly=True)
    retail_price = fields.Monetary(required=True, readonly=True)
    ratio = fields.Float(digits=(5, 4), readonly=True)
    unit_price = fields.Monetary("Own price", required=True, readonly=True, help="Retail × the dealer's ratio.")
    sale_price = fields.Monetary(
        "Gets",
        required=True,
        readonly=True,
        help="The next lower dealer's price, or what the customer paid when it sold itself.",
    )
    is_own = fields.Boolean("Sold itself", readonly=True)
    staff_id = fields.Many2one(
        "crab.dealer.staff", string="Sold by", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    staff_ratio = fields.Float(digits=(5, 4), readonly=True)
    amount_retail = fields.Monetary("Sales at retail price", required=True, readonly=True)
    amount_earned = fields.Monetary("Earned offline", required=True, readonly=True)
    amount_staff = fields.Monetary("Share of the staff member", readonly=True)
