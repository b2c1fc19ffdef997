from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    crab_manager_id = fields.Many2one(
        "res.users", "Department manager", index="btree_not_null", help="Sees the dealers of this sales rep as well."
    )
