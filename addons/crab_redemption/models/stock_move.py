from odoo import models
from odoo.exceptions import UserError


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        if self.picking_id and self.picking_id._crab_open_deliveries():
            raise UserError(
                self.env._("This transfer is a wave of deliveries. Ship the deliveries: their goods leave with them.")
            )
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _action_cancel(self):
        """The deliveries of a wave that is gone wait for another one."""
        result = super()._action_cancel()
        gone = self.picking_id.filtered(lambda picking: not picking._crab_open_moves())
        deliveries_sudo = gone._crab_open_deliveries()
        if deliveries_sudo:
            deliveries_sudo.write({"state": "waiting", "picking_id": False})
        return result
