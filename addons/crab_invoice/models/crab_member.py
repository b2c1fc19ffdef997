from odoo import models


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _open_items(self):
        asked = self.env["crab.fapiao"].search_count(
            [
                ("order_id.crab_member_id", "in", self._with_merged().ids),
                ("state", "=", "asked"),
                ("is_red", "=", False),
            ]
        )
        return super()._open_items() + ([(self.env._("Fapiao that are not issued yet"), asked, False)] if asked else [])
