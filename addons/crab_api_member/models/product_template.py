from odoo import api, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def _cron_refresh_shelf(self):
        result = super()._cron_refresh_shelf()
        self.env["crab.api.catalog.service"]._join_ticks()
        return result
