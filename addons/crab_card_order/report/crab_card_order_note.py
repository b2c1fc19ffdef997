from odoo import api, models

from odoo.addons.crab_dealer.models.crab_invite_mixin import qr_png


class CrabCardOrderNote(models.AbstractModel):
    """Values of the printed note: numbers condensed to ranges per product."""

    _name = "report.crab_card_order.note"
    _description = "Note of a card document"

    @api.model
    def _get_report_values(self, docids, data=None):
        orders = self.env["crab.card.order"].browse(docids)
        orders.check_access("read")
        return {
            "docs": orders,
            "ranges": {order.id: order._ranges() for order in orders},
            "pictures": {order.id: qr_png(order.name) for order in orders},
        }
