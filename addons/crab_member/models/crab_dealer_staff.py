from odoo import api, fields, models


class CrabDealerStaff(models.Model):
    _inherit = "crab.dealer.staff"

    member_ids = fields.One2many("crab.member", "staff_id", "Members")
    member_count = fields.Integer("Members introduced", compute="_compute_member_count")

    @api.depends("member_ids")
    def _compute_member_count(self):
        counts = dict(self.env["crab.member"]._read_group([("staff_id", "in", self.ids)], ["staff_id"], ["__count"]))
        for staff in self:
            staff.member_count = counts.get(staff._origin, 0)

    def action_open_members(self):
        """The members whom this person invited."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_action")
        return {**action, "domain": [("staff_id", "=", self.id)], "context": {"default_staff_id": self.id}}

    def action_level_invitation(self):
        """Link and QR picture by which this staff member invites to a level that head office opened."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_invitation_action")
        return {**action, "context": {"default_staff_id": self.id}}
