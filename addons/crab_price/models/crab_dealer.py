from odoo import models


class CrabDealer(models.Model):
    _inherit = "crab.dealer"

    def action_open_prices(self):
        """The dealer's price list, cards first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_price.crab_price_list_action")
        return {
            **action,
            "name": self.env._("Prices of %(name)s", name=self.display_name),
            "domain": [("dealer_id", "=", self.id)],
            "context": {"search_default_cards": 1, "crab_one": "dealer"},
        }
