from odoo import models


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _merge_into(self, target):
        """Unused numbers go on with ``target``."""
        result = super()._merge_into(target)
        cards = self.env["crab.card"].search([("member_id", "=", self.id), ("state", "in", ("inactive", "active"))])
        cards._move_to_member(target)
        return result

    def _open_items(self):
        cards = self.env["crab.card"].search_count(
            [("member_id", "in", self._with_merged().ids), ("state", "in", ("inactive", "active"))]
        )
        return super()._open_items() + ([(self.env._("Unused cards"), cards, True)] if cards else [])

    def _has_history(self):
        return super()._has_history() or bool(
            self.env["crab.card"].search_count([("member_id", "=", self.id)], limit=1)
        )
