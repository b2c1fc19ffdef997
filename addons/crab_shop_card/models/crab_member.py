from odoo import models


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _merge_into(self, target):
        """Gifts that nobody has taken yet are ``target``'s, as their cards are from now on."""
        result = super()._merge_into(target)
        gifts = self.env["crab.card.gift"].search([("member_id", "in", self.ids), ("state", "=", "open")])
        gifts.write({"member_id": target.id})
        return result
