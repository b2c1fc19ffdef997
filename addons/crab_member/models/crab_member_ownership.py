from odoo import fields, models


class CrabMemberOwnership(models.Model):
    """Whose member somebody was, from when, by whom and why. It holds for orders made afterwards."""

    _name = "crab.member.ownership"
    _inherit = "crab.member.log.mixin"
    _description = "Owner of a member"
    _rec_name = "member_id"

    member_id = fields.Many2one("crab.member", required=True, index=True, ondelete="cascade", readonly=True)
    from_dealer_id = fields.Many2one(
        "crab.dealer", "From dealer", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    to_dealer_id = fields.Many2one(
        "crab.dealer", "To dealer", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    from_staff_id = fields.Many2one(
        "crab.dealer.staff", "From staff", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    to_staff_id = fields.Many2one(
        "crab.dealer.staff", "To staff", readonly=True, ondelete="restrict", index="btree_not_null"
    )
