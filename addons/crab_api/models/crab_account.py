from odoo import models
from odoo.tools import SQL


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _api_roles(self):
        """The roles in which this account may log in now: ``[(kind, id of its record, name)]``, the usual first."""
        self.ensure_one()
        self._api_flush_roles()
        self.env.cr.execute(
            SQL("SELECT kind, id, name FROM (%s) roles WHERE account_id = %s", self._api_roles_sql(), self.id)
        )
        return self.env.cr.fetchall()

    def _api_flush_roles(self):
        for model in ("crab.account", "crab.session", "crab.member", "crab.dealer", "crab.dealer.staff"):
            self.env[model].flush_model()

    def _api_roles_sql(self):
        """Rows ``kind, id, name, account_id`` of all roles that count now."""
        return SQL(
            """
            SELECT 'member' AS kind, m.id, l.name, m.account_id
              FROM crab_member m JOIN crab_member_level l ON l.id = m.level_id WHERE m.state = 'active'
            UNION ALL
            SELECT 'dealer', d.id, d.name, d.account_id FROM crab_dealer d WHERE d.state = 'active'
            UNION ALL
            SELECT 'staff', s.id, d.name, s.account_id
              FROM crab_dealer_staff s JOIN crab_dealer d ON d.id = s.dealer_id WHERE s.active AND d.state = 'active'
            """
        )

    def _end_sessions(self, role, role_ids):
        in_role = [("account_id", "in", self.ids), ("role", "=", role), ("role_id", "in", list(role_ids))]
        self.env["crab.session"].sudo().search(in_role)._end("role")  # sudo: sessions are read by the office only
        return super()._end_sessions(role, role_ids)

    def _erase(self):
        """What tells where somebody was when goes with the person."""
        for model in ("crab.login.attempt", "crab.session"):
            self.env[model].search([("account_id", "in", self.ids)]).unlink()
        return super()._erase()

    def action_open_sessions(self):
        """The devices where this person is logged in."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_api.crab_session_action")
        return {**action, "domain": [("account_id", "=", self.id)]}
