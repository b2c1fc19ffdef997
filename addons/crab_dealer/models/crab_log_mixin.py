from odoo import api, models


class CrabLogMixin(models.AbstractModel):
    _inherit = "crab.log.mixin"

    @api.model
    def _author_models(self):
        return {**super()._author_models(), "dealer": "crab.dealer", "staff": "crab.dealer.staff"}
