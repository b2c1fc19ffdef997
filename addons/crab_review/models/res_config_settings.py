from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_review_days = fields.Integer("Days to review", config_parameter="crab_review.days", default=15)

    @api.constrains("crab_review_days")
    def _check_crab_review_days(self):
        if any(not 1 <= settings.crab_review_days <= 365 for settings in self):
            raise ValidationError(self.env._("Days to review: enter a number from 1 to 365."))
