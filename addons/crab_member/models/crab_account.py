from odoo import fields, models
from odoo.tools import SQL


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

    def _erase_members(self):
        """The members of these accounts, closed and merged ones too. In sudo."""
        return self.env["crab.member"].search([("account_id", "in", self.ids)])

    def _erase(self):
        """Members are closed, and lose notes, tags and the lines that tell what they were called."""
        members = self._erase_members()
        members._ensure_nothing_open()
        members.filtered(lambda member: member.state == "active")._write_guarded({"state": "closed"})
        result = super()._erase()
        members.write({"note": False, "tag_ids": [(5,)]})
        members.message_ids.unlink()
        self.env.flush_all()
        for table in ("crab_member_ownership", "crab_member_level_history"):  # lines are only added to by the ORM
            self.env.cr.execute(
                SQL(
                    "UPDATE %s line SET author = concat_ws(' ', member.number, member.name) FROM crab_member member"
                    " WHERE line.actor_kind = 'member' AND line.actor_id = member.id AND member.id = ANY(%s)",
                    SQL.identifier(table),
                    list(members.ids),
                )
            )
        return result

    def _erase_warnings(self):
        members_sudo = self.sudo()._with_merged()._erase_members()  # sudo: administrators see all of it
        return super()._erase_warnings() + [
            f"{label}: {count}" for label, count, is_lost in members_sudo._open_items() if is_lost
        ]

    def _end_as_member(self):
        """End the sessions, and the login too unless the person is a dealer's contact or staff. In sudo."""
        self._revoke_tokens()
        own = fields.Domain("account_id", "in", self.ids)
        dealers = self.env["crab.dealer"].search(own & fields.Domain("state", "=", "active"))
        working = dealers.account_id | self.env["crab.dealer.staff"].search(own).account_id
        (self - working).filtered(lambda account: account.state == "live")._set_closed()

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
