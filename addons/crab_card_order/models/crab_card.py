from odoo import models


class CrabCard(models.Model):
    _inherit = "crab.card"

    def action_cancel_numbers(self):
        """Make a cancellation draft of the selected numbers, one for each issuer, and open it (HQ-40)."""
        return self.env["crab.card.order"]._draft_of_cards("cancel", self)
