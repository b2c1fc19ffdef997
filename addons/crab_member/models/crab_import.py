from odoo import fields, models


class CrabImport(models.Model):
    _inherit = "crab.import"

    kind = fields.Selection(
        selection_add=[("member_level", "Member levels"), ("member", "Members")],
        ondelete={"member_level": "cascade", "member": "cascade"},
    )
