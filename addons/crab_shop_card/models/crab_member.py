from odoo import models


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _open_items(self):
        gifts = self.env["crab.card.gift"].search_count(
            [("member_id", "in", self._with_merged().ids), ("state", "=", "open")]
        )
        return super()._open_items() + (
            [(self.env._("Gifts that nobody has taken yet"), gifts, False)] if gifts else []
        )

    def _merge_into(self, target):
        """Gifts that nobody has taken yet are ``target``'s, as their cards are from now on."""
        result = super()._merge_into(target)
        gifts = self.env["crab.card.gift"].search([("member_id", "in", self.ids), ("state", "=", "open")])
        gifts.write({"member_id": target.id})
        return result
