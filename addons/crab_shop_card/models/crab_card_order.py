from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec

# state of a direct sale → state of the order of the shop that it serves
_ORDER_STATES = {
    "to_send": "to_ship",
    "in_transit": "to_receive",
    "partly_received": "partly_shipped",
    "cancelled": "closed",
}


class CrabCardOrder(models.Model):
    """A direct sale that serves an order of the shop: paid and refunded there, numbers sent and received here."""

    _inherit = "crab.card.order"

    sale_order_id = fields.Many2one("sale.order", "Order of the shop", readonly=True, copy=False, ondelete="restrict")

    _sale_order_uniq = models.UniqueIndex("(sale_order_id) WHERE sale_order_id IS NOT NULL", "An order is served once.")

    @api.model
    def _make_for_orders(self, orders):
        """A paid direct sale for each paid order of physical cards, with the prices that the order froze."""
        for order in orders:
            sale = self.sudo().create(  # made by the payment
                {
                    "kind": "direct",
                    "company_id": order.company_id.id,
                    "receiver_member_id": order.crab_member_id.id,
                    "sale_order_id": order.id,
                    "reason": order.name,
                    "line_ids": [
                        Command.create(
                            {
                                "product_id": line.product_id.id,
                                "quantity": int(line.product_uom_qty),
                                "discount": dec(line.price_unit) * dec(line.product_uom_qty) - dec(line.crab_paid),
                            }
                        )
                        for line in order.order_line
                        if line.crab_role == "goods"
                    ],
                }
            )
            sale._do_submit()
            sale._set_state(
                "to_send",
                self.env._("Paid in the shop: %(order)s", order=order.name),
                payment_reference=order.crab_transaction_id.reference,
                paid_at=order.crab_paid_at,
            )

    def _line_prices(self, products):
        if not self.sale_order_id:
            return super()._line_prices(products)
        return {
            line.product_id.id: {
                "retail_price": line.crab_retail_price,
                "ratio": self.sale_order_id.crab_level_id.ratio,
                "unit_price": line.price_unit,
            }
            for line in self.sale_order_id.order_line
            if line.crab_role == "goods"
        }

    def _set_state(self, state, text, **values):
        result = super()._set_state(state, text, **values)
        if self.sale_order_id:
            self._follow_in_shop(state)
        return result

    def _follow_in_shop(self, state):
        order = self.sale_order_id._crab_locked()
        if state == "done":
            order._crab_set_received()
        elif state in _ORDER_STATES and order.crab_state not in (_ORDER_STATES[state], "closed"):
            order._crab_set_state(_ORDER_STATES[state], **order._crab_shipping_values(self))
        if state in ("partly_received", "cancelled", "done"):
            self.env["crab.stock.level"]._release(order, self._no_longer_claimed())

    def _no_longer_claimed(self):
        """``{product: quantity}`` whose claim ends: of what was received or is not sent any more."""
        claimed = {claim.product_id: claim.quantity for claim in self.sale_order_id.crab_claim_ids}
        open_pieces = dict.fromkeys(claimed, 0)
        if self.state not in ("done", "cancelled"):
            self.env.cr.execute(
                SQL(
                    "SELECT product_id, COUNT(*) FROM crab_card_order_number"
                    " WHERE order_id = %s AND state = 'received' GROUP BY 1",
                    self.id,
                )
            )
            received = dict(self.env.cr.fetchall())
            open_pieces = {
                line.product_id: line.quantity - received.get(line.product_id.id, 0) for line in self.line_ids
            }
        return {product: quantity - open_pieces.get(product, 0) for product, quantity in claimed.items()}

    def _owe_missing(self, amount, reason):
        """The shop gives back what it took for numbers that are not sent any more."""
        if not self.sale_order_id:
            return super()._owe_missing(amount, reason)
        self.env.cr.execute(
            SQL(
                "SELECT product_id, COUNT(*), SUM(unit_price) FROM crab_card_order_number"
                " WHERE order_id = %s AND state = 'received' GROUP BY 1",
                self.id,
            )
        )
        received = {product_id: (count, dec(price)) for product_id, count, price in self.env.cr.fetchall()}
        missing = {}
        for line in self.line_ids:
            count, price = received.get(line.product_id.id, (0, dec(0)))
            missing[line.product_id] = line.quantity - count, dec(line.amount) - price
        self._refund_in_shop(missing, reason)

    def _owe_returned(self, price_by_card):
        """Numbers bought in the shop are refunded there, the way the money came; of others the amount is due."""
        self.env.cr.execute(
            SQL(
                "SELECT link.card_id, link.product_id, link.order_id FROM crab_card_order_number link"
                "  JOIN crab_card_order sale ON sale.id = link.order_id AND sale.kind = 'direct'"
                " WHERE link.card_id = ANY(%s) AND link.state = 'received' AND sale.sale_order_id IS NOT NULL",
                list(price_by_card),
            )
        )
        parts, rest = {}, dict(price_by_card)
        for card_id, product_id, sale_id in self.env.cr.fetchall():
            part = parts.setdefault(self.browse(sale_id), {})
            product = self.env["product.product"].browse(product_id)
            count, price = part.get(product, (0, dec(0)))
            part[product] = count + 1, price + rest.pop(card_id)
        for sale, part in parts.items():
            sale._refund_in_shop(part, self.reason or self.name)
        return super()._owe_returned(rest)

    def _refund_in_shop(self, parts, reason):
        """Refund ``{product: (count, Decimal amount)}`` of the order that this sale serves.

        What was conceded in money before is not paid a second time.
        """
        goods = self.sale_order_id.order_line.filtered(lambda line: line.crab_role == "goods")
        wishes = []
        for line in goods:
            count, amount = parts.get(line.product_id, (0, dec(0)))
            amount = min(amount, dec(line.crab_paid) - dec(line.crab_refunded))
            if count:
                wishes.append((line, count, amount))
        if any(amount for _line, _count, amount in wishes):
            order = self.sale_order_id.with_context(crab_numbers_given_up=True)
            self.env["crab.refund"]._refund(order, wishes, reason)
