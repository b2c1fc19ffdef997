from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_guess_number_source = fields.Integer(
        "Per number and source, in an hour", config_parameter="crab_card.guess_number_source", default=5
    )
    crab_guess_number = fields.Integer("Per number, in a day", config_parameter="crab_card.guess_number", default=15)
    crab_guess_subject = fields.Integer(
        "Per person, in an hour", config_parameter="crab_card.guess_subject", default=20
    )
    crab_guess_phone = fields.Integer(
        "Per phone with a code, in an hour", config_parameter="crab_card.guess_phone", default=5
    )
    crab_guess_address = fields.Integer(
        "Per network address, in an hour", config_parameter="crab_card.guess_address", default=300
    )
