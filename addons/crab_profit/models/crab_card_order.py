from odoo import models


class CrabCardOrder(models.Model):
    """Activations that name the staff member who sold give it its share; returns and cancellations take it back."""

    _inherit = "crab.card.order"

    def _record_prices(self):
        result = super()._record_prices()
        self.env["crab.staff.earning"]._follow_cards(self)
        return result

    def _take_back_statistics(self, card_ids):
        result = super()._take_back_statistics(card_ids)
        self.env["crab.staff.earning"]._follow_cards(self)
        return result
