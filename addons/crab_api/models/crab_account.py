from odoo import models
from odoo.tools import SQL


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _api_roles(self):
        """The roles in which this account may log in now: ``[(kind, id of its record, name)]``, the usual first."""
        self.ensure_one()
        for model in ("crab.member", "crab.dealer", "crab.dealer.staff"):
            self.env[model].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT 'member', m.id, l.name FROM crab_member m JOIN crab_member_level l ON l.id = m.level_id
                 WHERE m.account_id = %(account)s AND m.state = 'active'
                UNION ALL
                SELECT 'dealer', d.id, d.name FROM crab_dealer d WHERE d.account_id = %(account)s AND d.state = 'active'
                UNION ALL
                SELECT 'staff', s.id, d.name FROM crab_dealer_staff s JOIN crab_dealer d ON d.id = s.dealer_id
                 WHERE s.account_id = %(account)s AND s.active AND d.state = 'active'
                """,
                account=self.id,
            )
        )
        return self.env.cr.fetchall()

    def _api_has_role(self, kind, role_id):
        """Whether this account still has that role; asked with every request."""
        return any((kind, role_id) == found[:2] for found in self._api_roles())

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
