from odoo import api, fields, models


class CrabRegionMixin(models.AbstractModel):
    """Province, city and district of an address, which a form keeps fitting together."""

    _name = "crab.region.mixin"
    _description = "Regions of an address"

    province_id = fields.Many2one("crab.region", "Province", domain="[('level', '=', 'province')]")
    city_id = fields.Many2one(
        "crab.region", "City", domain="[('level', '=', 'city'), ('parent_id', '=?', province_id)]"
    )
    district_id = fields.Many2one(
        "crab.region", "District", domain="[('level', '=', 'district'), ('parent_id', '=?', city_id)]"
    )

    @api.onchange("province_id")
    def _onchange_province_id(self):
        if self.city_id.parent_id != self.province_id:
            self.city_id = False

    @api.onchange("city_id")
    def _onchange_city_id(self):
        if self.city_id:
            self.province_id = self.city_id.parent_id
        if self.district_id.parent_id != self.city_id:
            self.district_id = False

    @api.onchange("district_id")
    def _onchange_district_id(self):
        if self.district_id:
            self.city_id = self.district_id.parent_id
