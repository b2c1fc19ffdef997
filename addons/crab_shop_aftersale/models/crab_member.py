from odoo import models

from .crab_aftersale import OPEN


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _open_items(self):
        requests = self.env["crab.aftersale"].search_count(
            [("member_id", "in", self._with_merged().ids), ("state", "in", OPEN)]
        )
        label = self.env["ir.model"]._get("crab.aftersale").name
        return super()._open_items() + ([(label, requests, False)] if requests else [])

    def action_crab_aftersales(self):
        """What this member asked for after its orders."""
        return self._crab_action_of("crab_shop_aftersale.crab_aftersale_action")
