from odoo import models

from ..routers import wechat


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        if self.app == "crab":
            routers.append(wechat.router)
        return routers
