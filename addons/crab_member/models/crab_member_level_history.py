from odoo import fields, models


class CrabMemberLevelHistory(models.Model):
    """Each level a member ever had, from when, by whom and why."""

    _name = "crab.member.level.history"
    _inherit = "crab.member.log.mixin"
    _description = "Level of a member"
    _rec_name = "member_id"

    member_id = fields.Many2one("crab.member", required=True, index=True, ondelete="cascade", readonly=True)
    from_level_id = fields.Many2one(
        "crab.member.level", "From level", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    to_level_id = fields.Many2one(
        "crab.member.level", "To level", required=True, readonly=True, ondelete="restrict", index=True
    )
    is_automatic = fields.Boolean("By itself", readonly=True)
