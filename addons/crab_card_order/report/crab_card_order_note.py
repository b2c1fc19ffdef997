from odoo import api, models

from odoo.addons.crab_dealer.models.crab_invite_mixin import qr_png

from ..tools.number_text import condense


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
            "ranges": {order.id: self._ranges(order) for order in orders},
            "pictures": {order.id: qr_png(order.name) for order in orders},
        }

    def _ranges(self, order):
        """``{product id: [(first, last, count)]}`` of the numbers that are not given back."""
        self.env.cr.execute(
            "SELECT link.product_id, ARRAY_AGG(card.number ORDER BY card.number) FROM crab_card_order_number link"
            " JOIN crab_card card ON card.id = link.card_id"
            " WHERE link.order_id = %s AND link.state <> 'released' GROUP BY 1",
            [order.id],
        )
        return {product_id: condense(numbers) for product_id, numbers in self.env.cr.fetchall()}
