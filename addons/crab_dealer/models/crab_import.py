from odoo import fields, models


class CrabImport(models.Model):
    _inherit = "crab.import"

    kind = fields.Selection(selection_add=[("dealer", "Dealers")], ondelete={"dealer": "cascade"})
