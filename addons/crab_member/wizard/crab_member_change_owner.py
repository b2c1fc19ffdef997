from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabMemberChangeOwner(models.TransientModel):
    _name = "crab.member.change.owner"
    _description = "Change owner"

    member_ids = fields.Many2many("crab.member", string="Members", required=True, readonly=True)
    member_count = fields.Integer("Number of members", compute="_compute_member_count")
    dealer_id = fields.Many2one("crab.dealer", "New owner dealer", domain="[('state', '=', 'active')]")
    staff_id = fields.Many2one("crab.dealer.staff", "New owner staff", domain="[('dealer_id', '=?', dealer_id)]")
    reason = fields.Char(required=True)

    @api.depends("member_ids")
    def _compute_member_count(self):
        for wizard in self:
            wizard.member_count = len(wizard.member_ids)

    @api.onchange("dealer_id")
    def _onchange_dealer_id(self):
        if self.staff_id.dealer_id != self.dealer_id:
            self.staff_id = False

    @api.onchange("staff_id")
    def _onchange_staff_id(self):
        if self.staff_id:
            self.dealer_id = self.staff_id.dealer_id

    def action_apply(self):
        """Change the owner for future orders."""
        self.ensure_one()
        if not self.member_ids:
            raise UserError(self.env._("Choose members first."))
        self.member_ids.check_access("write")
        if not self.member_ids._set_owner(self.dealer_id, self.staff_id, self.reason):
            raise UserError(self.env._("These members have this owner already."))
        return {"type": "ir.actions.act_window_close"}
