from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_media import LARGEST_MB, VIDEO_MAX_MB

OF_COMPANY = {
    "crab_shop_name": "name",
    "crab_shop_phone": "phone",
    "crab_shop_city": "city",
    "crab_shop_street": "street",
    "crab_shop_logo": "logo",
}


def _of_company(kind, *args):
    return kind(*args, compute="_compute_crab_shop", inverse="_inverse_crab_shop", readonly=False)


class ResConfigSettings(models.TransientModel):
    """Whom the app shows as the shop: the Sales company (HQ-59); and videos (HQ-65)."""

    _inherit = "res.config.settings"

    crab_shop_name = _of_company(fields.Char, "Name of the shop")
    crab_shop_phone = _of_company(fields.Char, "Service phone")
    crab_shop_city = _of_company(fields.Char, "City of the shop")
    crab_shop_street = _of_company(fields.Char, "Address of the shop")
    crab_shop_logo = _of_company(fields.Binary, "Logo of the shop")
    crab_video_max_mb = fields.Integer(
        "Largest video (MB)", config_parameter="crab_site.video_max_mb", default=VIDEO_MAX_MB
    )
    crab_gigabyte_cost = fields.Float(
        "Cost of a gigabyte", config_parameter="crab_site.gigabyte_cost", digits=(12, 4), default=0.0
    )

    @api.depends("company_id")
    def _compute_crab_shop(self):
        company_sudo = self.env["res.company"]._crab_company("sales").sudo()  # it is for everybody
        for settings in self:
            settings.update({own: company_sudo[field] for own, field in OF_COMPANY.items()})

    def _inverse_crab_shop(self):
        company = self.env["res.company"]._crab_company("sales")
        for settings in self:
            changed = {
                field: settings[own] for own, field in OF_COMPANY.items() if settings[own] != company.sudo()[field]
            }
            if changed:
                company.write(changed)

    @api.constrains("crab_video_max_mb", "crab_gigabyte_cost")
    def _check_crab_site(self):
        for settings in self:
            if not 1 <= settings.crab_video_max_mb <= LARGEST_MB:
                raise ValidationError(self.env._("Videos: enter a number of MB from 1 to %(most)s.", most=LARGEST_MB))
            if not 0 <= settings.crab_gigabyte_cost < 10_000:
                raise ValidationError(self.env._("The cost of a gigabyte is from 0 to 10,000 yuan."))
