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

    def _crab_conceded(self):
        """``{id of a number: Decimal}``: what was given back of this line beyond its cancelled numbers, spread over
        those that are left.
        """
        if not self.crab_refunded:
            return {}
        cards = self._crab_numbers()
        charged = [dec(card.charged_amount) for card in cards]
        conceded = sum(charged) - (dec(self.crab_paid) - dec(self.crab_refunded))
        return dict(zip(cards.ids, spread(conceded, charged), strict=True)) if conceded > 0 else {}
