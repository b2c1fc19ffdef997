from odoo import fields, models


class CrabMemberTag(models.Model):
    _name = "crab.member.tag"
    _description = "Member tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()
    member_ids = fields.Many2many("crab.member", "crab_member_tag_rel", "tag_id", "member_id", "Members")

    _name_uniq = models.UniqueIndex("(name)", "This tag exists.")
