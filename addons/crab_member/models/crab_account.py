from odoo import fields, models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    member_count = fields.Integer(compute="_compute_member_count")

    def _compute_member_count(self):
        counts = dict(
            self.env["crab.member"]._read_group([("account_id", "in", self.ids)], ["account_id"], ["__count"])
        )
        for account in self:
            account.member_count = counts.get(account._origin, 0)

    def action_open_members(self):
        """The member that this person is."""
        return self.env["crab.member"].search([("account_id", "in", self.ids)])._get_records_action()

    def _has_other_role(self):
        """Whether the person still needs the login as a dealer's contact or staff. In sudo."""
        self.ensure_one()
        return bool(
            self.env["crab.dealer"].search_count([("account_id", "=", self.id), ("state", "=", "active")], limit=1)
            or self.env["crab.dealer.staff"].search_count([("account_id", "=", self.id)], limit=1)
        )

    def _move_roles(self, target):
        """The member follows the merged login; if both are members, they become one."""
        members_sudo = self.env["crab.member"].sudo()  # sudo: roles follow whether or not the user sees them
        member_sudo = members_sudo.search([("account_id", "=", self.id)])
        target_sudo = members_sudo.search([("account_id", "=", target.id)])
        if member_sudo and target_sudo:
            member_sudo._merge_into(target_sudo)
        elif member_sudo:
            member_sudo._write_guarded({"account_id": target.id})
        return super()._move_roles(target)
