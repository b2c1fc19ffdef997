from odoo import fields, models


class CrabDealer(models.Model):
    _inherit = "crab.dealer"

    card_order_count = fields.Integer("Card documents", compute="_compute_card_order_count")

    def _compute_card_order_count(self):
        counts = dict(
            self.env["crab.card.order"]._read_group(
                [("viewer_dealer_ids", "in", self.ids)], ["viewer_dealer_ids"], ["__count"]
            )
        )
        for dealer in self:
            dealer.card_order_count = counts.get(dealer._origin, 0)

    def action_card_orders(self):
        """Open the card documents of this dealer and of its network as it was then (HQ-09)."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_card_order.crab_card_order_action"),
            "domain": [("viewer_dealer_ids", "in", self.ids)],
            "context": {},
        }

    def action_card_sales(self):
        """Open the sales and earnings of physical cards of this dealer (HQ-09)."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_card_order.crab_card_sales_report_action"),
            "domain": [("dealer_id", "=", self.id)],
        }
