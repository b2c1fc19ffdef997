from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabMemberClose(models.TransientModel):
    _name = "crab.member.close"
    _description = "Close or reopen members"

    member_ids = fields.Many2many("crab.member", string="Members", required=True, readonly=True)
    member_count = fields.Integer("Number of members", compute="_compute_members")
    is_reopening = fields.Boolean(compute="_compute_members")
    reason = fields.Char(required=True)

    @api.depends("member_ids.state")
    def _compute_members(self):
        for wizard in self:
            wizard.member_count = len(wizard.member_ids)
            wizard.is_reopening = set(wizard.member_ids.mapped("state")) == {"closed"}

    def action_apply(self):
        """Close the members, or reopen them if all are closed."""
        self.ensure_one()
        if not self.member_ids:
            raise UserError(self.env._("Choose members first."))
        self.member_ids.check_access("write")
        if len(set(self.member_ids.mapped("state"))) > 1:
            raise UserError(self.env._("Some of these members are closed, others are not. Choose one kind only."))
        if self.is_reopening:
            self.member_ids._reopen(self.reason)
        else:
            self.member_ids._close(self.reason)
        return {"type": "ir.actions.act_window_close"}
