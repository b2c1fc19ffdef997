from odoo import fields, models


class CrabImport(models.Model):
    _inherit = "crab.import"

    kind = fields.Selection(
        selection_add=[
            ("card", "Card numbers"),
            ("card_sales", "Card numbers of the Sales company"),
            ("card_vip", "VIP cards"),
        ],
        ondelete={"card": "cascade", "card_sales": "cascade", "card_vip": "cascade"},
    )
