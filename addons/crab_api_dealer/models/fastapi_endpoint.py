from odoo import models

from ..routers import card, card_order, dealer, dealer_staff, earning, staff, wallet


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        if self.app == "crab":
            parts = (dealer, dealer_staff, card, card_order, wallet, earning, staff)
            routers += [part.router for part in parts]
        return routers
