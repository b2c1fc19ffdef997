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
