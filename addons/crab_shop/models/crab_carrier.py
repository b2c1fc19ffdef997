from odoo import fields, models


class CrabCarrier(models.Model):
    """A company that carries parcels (HQ-62); the dialogue that ships deliveries offers those that are active."""

    _name = "crab.carrier"
    _description = "Carrier"
    _order = "sequence, id"

    name = fields.Char(required=True)
    code = fields.Char(help="Short name by which tracking services know it, e.g. SF.")
    phone = fields.Char("Service phone")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _name_uniq = models.Constraint("UNIQUE(name)", "There is a carrier of this name already.")
