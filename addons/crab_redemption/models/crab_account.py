from odoo import models
from odoo.fields import Domain


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """Where the person's redemptions went is blanked."""
        result = super()._erase()
        self._erase_deliveries()._blank_receivers()
        return result

    def _erase_deliveries(self):
        """The deliveries of what this person held or entered. In sudo."""
        members = self._erase_members()
        entered = Domain("actor_kind", "=", "member") & Domain("actor_id", "in", members.ids)
        redemptions = self.env["crab.redemption"].search(Domain("holder_member_id", "in", members.ids) | entered)
        return redemptions.delivery_id
