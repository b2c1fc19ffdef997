from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_gift_hours = fields.Integer(
        "Hours to take a gift",
        config_parameter="crab_shop_card.gift_hours",
        default=24,
        help="How long the link of a gift can be used; then the card is the giver's again.",
    )
