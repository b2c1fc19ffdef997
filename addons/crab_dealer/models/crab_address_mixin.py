from odoo import fields, models


class CrabAddressMixin(models.AbstractModel):
    """An address by regions, as a form fills it in."""

    _name = "crab.address.mixin"
    _description = "Address by regions"
    _inherit = "crab.region.mixin"

    street = fields.Char("Address")
    latitude = fields.Float(digits=(10, 7), aggregator=None)
    longitude = fields.Float(digits=(10, 7), aggregator=None)
