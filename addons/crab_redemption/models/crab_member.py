from odoo import fields, models


class CrabMember(models.Model):
    _inherit = "crab.member"

    redemption_count = fields.Integer("Redemptions", compute="_compute_redemption_count")

    def _redemption_domain(self):
        """Of this member and of those merged into it."""
        return [("holder_member_id", "in", self.sudo()._with_merged().ids)]  # who was merged is no secret

    def _open_items(self):
        domain = [("holder_member_id", "in", self._with_merged().ids), ("state", "=", "confirmed")]
        count = self.env["crab.redemption"].search_count(domain)
        return super()._open_items() + ([(self.env._("Redemptions to ship"), count, False)] if count else [])

    def _compute_redemption_count(self):
        for member in self:  # a form shows one
            member.redemption_count = self.env["crab.redemption"].search_count(member._redemption_domain())

    def action_open_redemptions(self):
        """What the cards of this member were redeemed for."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Redemptions"),
            "res_model": "crab.redemption",
            "view_mode": "list,form",
            "domain": self._redemption_domain(),
            "context": {"create": False},
        }
