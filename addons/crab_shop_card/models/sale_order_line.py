from odoo import models

from odoo.addons.crab_base.tools.money import dec


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _crab_is_refunded(self):
        """Whether everything that was paid for this line was given back, in pieces or in money alone."""
        return bool(self.crab_paid) and dec(self.crab_refunded) == dec(self.crab_paid)
