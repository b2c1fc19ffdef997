from odoo import models

from odoo.addons.crab_base.tools.money import dec, spread


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _crab_is_refunded(self):
        """Whether everything that was paid for this line was given back, in pieces or in money alone."""
        return bool(self.crab_paid) and dec(self.crab_refunded) == dec(self.crab_paid)

    def _crab_numbers(self):
        """The numbers that were made for this line of e-cards and are not cancelled."""
        return self.env["crab.card"].search(
            [("charge_model", "=", self._name), ("charge_id", "=", self.id), ("state", "!=", "cancelled")],
            order="number",
        )

    def _crab_sold(self):
        """``{number: Decimal}``: what was paid for each number of this line that its member got and that is not
        cancelled.
        """
        if self.order_id.crab_kind == "ecard":
            return {card: dec(card.charged_amount) for card in self._crab_numbers()}
        links = self._crab_received_links()
        return {link.card_id: dec(link.unit_price) for link in links if link.card_id.state != "cancelled"}

    def _crab_received_links(self):
        return self.env["crab.card.order.number"].search(
            [
                ("order_id", "in", self.order_id.crab_card_order_ids.ids),
                ("product_id", "=", self.product_id.id),
                ("state", "=", "received"),
            ],
            order="id",
        )

    def _crab_to_come(self):
        """What was paid for the numbers of this line that are still to be received."""
        sale = self.order_id.crab_card_order_ids
        if not sale or sale.state in ("done", "cancelled"):
            return dec(0)
        amount = sum(dec(line.amount) for line in sale.line_ids if line.product_id == self.product_id)
        return amount - sum(dec(link.unit_price) for link in self._crab_received_links())

    def _crab_conceded(self):
        """``{id of a number: Decimal}``: what was given back of this line beyond the numbers that are gone, spread over
        those that are left.
        """
        if not self.crab_refunded:
            return {}
        sold, to_come = self._crab_sold(), self._crab_to_come()
        conceded = sum(sold.values()) + to_come - (dec(self.crab_paid) - dec(self.crab_refunded))
        if conceded <= 0:
            return {}
        parts = spread(conceded, [*sold.values(), to_come])
        return dict(zip((card.id for card in sold), parts, strict=False))

    def _crab_follow_concession(self, refund):
        """Numbers of this line that were redeemed and shipped earn no more than is left of their price."""
        cards = self.env["crab.card"].union(*self._crab_sold())
        cards.redemption_ids.filtered(lambda one: one.state == "shipped")._crab_follow_concession(refund)
