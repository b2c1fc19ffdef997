from odoo import fields, models


class CrabImport(models.Model):
    _inherit = "crab.import"

    kind = fields.Selection(
        selection_add=[("greeting", "Corporate gift cards"), ("shipment", "Tracking numbers")],
        ondelete={"greeting": "cascade", "shipment": "cascade"},
    )
