from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_app_url = fields.Char(
        "Address of the phone application",
        config_parameter="crab.app_url",
        help="Invitation links and QR pictures lead there. Empty: /m/ of this server.",
    )
