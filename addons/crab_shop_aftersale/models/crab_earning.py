from odoo import api, models
from odoo.fields import Domain


class CrabEarning(models.Model):
    _inherit = "crab.earning"

    @api.model
    def _due_domain(self):
        """What a member asks back is not credited before that is decided."""
        return super()._due_domain() & Domain("crab_aftersale", "=", False)
