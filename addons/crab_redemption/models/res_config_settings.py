from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_delivery_erase import KEEP_DAYS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_address_days = fields.Integer(
        "Days that addresses are kept", config_parameter="crab_redemption.address_days", default=KEEP_DAYS
    )

    @api.constrains("crab_address_days")
    def _check_crab_address_days(self):
        if any(not 30 <= settings.crab_address_days <= 36500 for settings in self):
            raise ValidationError(self.env._("Days that addresses are kept: enter a number from 30 to 36500."))
