from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """What the person wrote to friends goes."""
        result = super()._erase()
        gifts = self.env["crab.card.gift"].search([("member_id", "in", self._erase_members().ids)])
        gifts.write({"greeting": False})
        return result
