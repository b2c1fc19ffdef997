from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _crab_parts(self, quantity=1):
        """What leaves stock for ``quantity`` of this product: ``[(product.product, quantity)]``; itself unless it has parts."""
        self.ensure_one()
        return [(self, quantity)]
