from odoo import fields, models


class CrabImport(models.Model):
    _inherit = "crab.import"

    kind = fields.Selection(
        selection_add=[("card", "Card numbers"), ("card_vip", "VIP cards")],
        ondelete={"card": "cascade", "card_vip": "cascade"},
    )
