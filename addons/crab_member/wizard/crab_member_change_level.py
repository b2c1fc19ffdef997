from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabMemberChangeLevel(models.TransientModel):
    _name = "crab.member.change.level"
    _description = "Change level"

    member_ids = fields.Many2many("crab.member", string="Members", required=True, readonly=True)
    member_count = fields.Integer("Number of members", compute="_compute_member_count")
    level_id = fields.Many2one("crab.member.level", "New level", required=True)
    reason = fields.Char(required=True)

    @api.depends("member_ids")
    def _compute_member_count(self):
        for wizard in self:
            wizard.member_count = len(wizard.member_ids)

    def action_apply(self):
        """Give the members the level for future orders, up or down."""
        self.ensure_one()
        if not self.member_ids:
            raise UserError(self.env._("Choose members first."))
        self.member_ids.check_access("write")
        if not self.member_ids._set_level(self.level_id, self.reason):
            raise UserError(self.env._("These members have this level already."))
        return {"type": "ir.actions.act_window_close"}
