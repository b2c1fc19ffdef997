from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_aftersale_steps import SEND_DAYS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_aftersale_send_days = fields.Integer(
        "Days to send goods back", config_parameter="crab_shop_aftersale.send_days", default=SEND_DAYS
    )

    @api.constrains("crab_aftersale_send_days")
    def _check_crab_aftersale_send_days(self):
        if any(not 1 <= settings.crab_aftersale_send_days <= 365 for settings in self):
            raise ValidationError(self.env._("Days to send goods back: enter a number from 1 to 365."))
