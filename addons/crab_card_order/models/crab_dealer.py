from odoo import fields, models
from odoo.exceptions import UserError

from .crab_card_order import OPEN_STATES

SALES_GROUPS = "crab_base.group_card_keeper,crab_base.group_finance,crab_base.group_sales_rep,crab_base.group_auditor"


class CrabDealer(models.Model):
    _inherit = "crab.dealer"

    card_order_count = fields.Integer("Card documents", compute="_compute_card_order_count")
    card_sales_own = fields.Monetary(
        "Own card sales", currency_field="card_currency_id", compute="_compute_card_sales", groups=SALES_GROUPS,
        help="Retail price of the physical cards that this dealer sold itself and that were activated.",
    )  # fmt: skip
    card_sales_network = fields.Monetary(
        "Card sales of its network", currency_field="card_currency_id", compute="_compute_card_sales",
        groups=SALES_GROUPS, help="Retail price of the activated physical cards that dealers below it sold.",
    )  # fmt: skip
    card_earned = fields.Monetary(
        "Earned with cards", currency_field="card_currency_id", compute="_compute_card_sales", groups=SALES_GROUPS,
        help="What the next lower dealer, or the customer, paid above its own price; settled offline, for statistics.",
    )  # fmt: skip
    card_currency_id = fields.Many2one("res.currency", compute="_compute_card_sales", groups=SALES_GROUPS)

    def _compute_card_order_count(self):
        counts = dict(
            self.env["crab.card.order"]._read_group(
                [("viewer_dealer_ids", "in", self.ids)], ["viewer_dealer_ids"], ["__count"]
            )
        )
        for dealer in self:
            dealer.card_order_count = counts.get(dealer._origin, 0)

    def _compute_card_sales(self):
        rows = self.env["crab.card.sales.report"]._read_group(
            [("dealer_id", "in", self.ids)],
            ["dealer_id"],
            ["amount_own:sum", "amount_network:sum", "amount_earned:sum"],
        )
        sums = {dealer.id: amounts for dealer, *amounts in rows}
        currency = self.env["res.company"]._crab_company("group").sudo().currency_id  # no secret
        for dealer in self:
            dealer.card_currency_id = currency
            dealer.card_sales_own, dealer.card_sales_network, dealer.card_earned = sums.get(
                dealer._origin.id, (0, 0, 0)
            )

    def _check_relocation(self, parent, level):
        """Whoever is the origin of numbers stays at level 1: only a level 1 can be charged for them."""
        super()._check_relocation(parent, level)
        if level == "1" or self.level != "1":
            return
        cards_sudo = self.env["crab.card"].sudo()  # they count whether or not the user sees them
        orders_sudo = self.env["crab.card.order"].sudo()
        unused = [("origin_dealer_id", "=", self.id), ("state", "in", ("inactive", "active"))]
        running = [("receiver_dealer_id", "=", self.id), ("kind", "=", "issue"), ("state", "in", OPEN_STATES)]
        if cards_sudo.search_count(unused, limit=1) or orders_sudo.search_count(running, limit=1):
            raise UserError(
                self.env._(
                    "%(dealer)s is the level-1 origin of unused numbers. Have them returned to the platform before it"
                    " leaves level 1.",
                    dealer=self.display_name,
                )
            )

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
