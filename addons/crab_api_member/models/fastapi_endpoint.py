from odoo import api, models

from ..routers import ROUTERS

PUBLIC = ("/catalog/", "/site/")
OWN = "/catalog/prices"


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        return routers + ROUTERS if self.app == "crab" else routers

    @api.model
    def _crab_public_version(self, path):
        if path.startswith(PUBLIC) and path != OWN:
            return self.env["crab.api.catalog.service"]._version()
        return super()._crab_public_version(path)

    @api.model
    def _crab_not_ready(self):
        reasons = super()._crab_not_ready()
        if self.env["crab.card.key"]._keyring_problem():  # which one is for the log and the settings, not for strangers
            reasons.append("the keys of the card passwords are missing or wrong")
        return reasons
