from odoo import fields, models

from .crab_card_order import OPEN_STATES


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

    def _open_items(self):
        """Card documents that still run: closing a dealer keeps them going."""
        items = super()._open_items()
        # sudo: they count whether or not the user sees them
        running_sudo = (
            self.env["crab.card.order"]
            .sudo()
            .search([("viewer_dealer_ids", "in", self.ids), ("state", "in", OPEN_STATES)])
        )
        running_sudo = running_sudo.filtered(
            lambda order: self & (order.sender_dealer_id | order.receiver_dealer_id | order.executor_dealer_id)
        )
        if running_sudo:
            items.append((self.env._("Card documents in work"), len(running_sudo), running_sudo._get_records_action()))
        return items

    def _has_history(self):
        """Card documents are history."""
        orders_sudo = self.env["crab.card.order"].sudo()  # as above
        return super()._has_history() or bool(
            orders_sudo.search_count([("viewer_dealer_ids", "in", self.ids)], limit=1)
        )

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
