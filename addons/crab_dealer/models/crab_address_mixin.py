from odoo import api, fields, models


class CrabAddressMixin(models.AbstractModel):
    """An address by regions, as a form fills it in."""

    _name = "crab.address.mixin"
    _description = "Address by regions"

    province_id = fields.Many2one("crab.region", "Province", domain="[('level', '=', 'province')]")
    city_id = fields.Many2one(
        "crab.region", "City", domain="[('level', '=', 'city'), ('parent_id', '=?', province_id)]"
    )
    district_id = fields.Many2one(
        "crab.region", "District", domain="[('level', '=', 'district'), ('parent_id', '=?', city_id)]"
    )
    street = fields.Char("Address")
    latitude = fields.Float(digits=(10, 7), aggregator=None)
    longitude = fields.Float(digits=(10, 7), aggregator=None)

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
