from odoo import models
from odoo.exceptions import UserError


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        bundles = self.product_id.filtered("crab_part_ids")
        if bundles:
            raise UserError(
                self.env._(
                    "“%(name)s” is put together from parts and has no stock of its own: move its parts instead.",
                    name=bundles[0].display_name,
                )
            )
        return super()._action_done(cancel_backorder=cancel_backorder)
