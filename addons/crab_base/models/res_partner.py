from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_region import DIRECT

REGION_FIELDS = ("crab_province_id", "crab_city_id", "crab_district_id")


class ResPartner(models.Model):
    """Addresses by region; Odoo's own ``state_id`` and ``city`` follow, so that every printed address has them."""

    _inherit = "res.partner"

    crab_province_id = fields.Many2one("crab.region", "Province", domain="[('level', '=', 'province')]")
    crab_city_id = fields.Many2one(
        "crab.region",
        "City/Prefecture",
        domain="[('level', '=', 'city'), ('parent_id', '=?', crab_province_id)]",
    )
    crab_district_id = fields.Many2one(
        "crab.region",
        "District",
        domain="[('level', '=', 'district'), ('parent_id', '=?', crab_city_id)]",
    )

    @api.constrains("crab_province_id", "crab_city_id", "crab_district_id")
    def _check_crab_regions(self):
        for partner in self:
            for part, whole in (
                (partner.crab_district_id, partner.crab_city_id),
                (partner.crab_city_id, partner.crab_province_id),
            ):
                if part and part.parent_id != whole:
                    raise ValidationError(
                        self.env._(
                            "%(part)s does not belong to %(whole)s. "
                            "Choose province, city and district that fit together.",
                            part=part.name,
                            whole=whole.name or "—",
                        )
                    )

    @api.model
    def _address_fields(self):
        return [*super()._address_fields(), *REGION_FIELDS]

    @api.onchange("crab_province_id")
    def _onchange_crab_province_id(self):
        if self.crab_city_id.parent_id != self.crab_province_id:
            self.crab_city_id = self.crab_district_id = False
        self.update(self._crab_address_vals(self.crab_province_id, self.crab_city_id, self.crab_district_id))

    @api.onchange("crab_city_id")
    def _onchange_crab_city_id(self):
        if self.crab_city_id:
            self.crab_province_id = self.crab_city_id.parent_id
        if self.crab_district_id.parent_id != self.crab_city_id:
            self.crab_district_id = False
        self.update(self._crab_address_vals(self.crab_province_id, self.crab_city_id, self.crab_district_id))

    @api.onchange("crab_district_id")
    def _onchange_crab_district_id(self):
        if self.crab_district_id:
            self.crab_city_id = self.crab_district_id.parent_id
            self.crab_province_id = self.crab_city_id.parent_id
        self.update(self._crab_address_vals(self.crab_province_id, self.crab_city_id, self.crab_district_id))

    @api.model_create_multi
    def create(self, vals_list):
        regions = self._crab_regions_of(vals_list)
        return super().create([self._crab_complete_vals(vals, regions) for vals in vals_list])

    def write(self, vals):
        return super().write(self._crab_complete_vals(vals, self._crab_regions_of([vals])))

    @api.model
    def _crab_regions_of(self, vals_list):
        ids = {vals[name] for vals in vals_list for name in REGION_FIELDS if vals.get(name)}
        return {region.id: region for region in self.env["crab.region"].browse(ids)}

    @api.model
    def _crab_complete_vals(self, vals, regions):
        """``vals`` with the regions around the smallest one given, none below it, and Odoo's own address fields."""
        chosen = [regions.get(vals.get(name), self.env["crab.region"]) for name in REGION_FIELDS]
        if not any(chosen):
            return vals
        province, city, district = chosen
        city = city or district.parent_id
        province = province or city.parent_id
        chain = dict(zip(REGION_FIELDS, (province.id, city.id, district.id), strict=True))
        return {**chain, **self._crab_address_vals(province, city, district), **vals}

    @api.model
    def _crab_address_vals(self, province, city, district):
        """``country_id``, ``state_id`` and ``city`` as printed: no name twice, no filler between the levels."""
        if not province:
            return {}
        names = [region.name for region in (city, district) if region and region.name not in (province.name, DIRECT)]
        return {
            "country_id": self.env.ref("base.cn").id,
            "state_id": province.state_id.id,
            "city": "".join(names) or False,
        }
