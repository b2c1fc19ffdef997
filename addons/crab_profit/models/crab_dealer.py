from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.crab_card_order.models.crab_dealer import SALES_GROUPS

ONLINE_KINDS = ("package", "ecard")


class CrabDealer(models.Model):
    """What members bought online below a dealer, and what the dealer earned with it (HQ-09)."""

    _inherit = "crab.dealer"

    online_sold_package = fields.Monetary(
        "Goods sold online", currency_field="card_currency_id", compute="_compute_online", groups=SALES_GROUPS,
        help="What its own members paid, less refunds.",
    )  # fmt: skip
    online_earned_package = fields.Monetary(
        "Earned with goods", currency_field="card_currency_id", compute="_compute_online", groups=SALES_GROUPS,
        help="Credited or not, also from members of dealers below it.",
    )  # fmt: skip
    online_sold_ecard = fields.Monetary(
        "E-cards sold", currency_field="card_currency_id", compute="_compute_online", groups=SALES_GROUPS,
        help="What its own members paid, less refunds.",
    )  # fmt: skip
    online_earned_ecard = fields.Monetary(
        "Earned with e-cards", currency_field="card_currency_id", compute="_compute_online", groups=SALES_GROUPS,
        help="Credited or not, also from members of dealers below it.",
    )  # fmt: skip

    def _compute_online(self):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT dealer.id, kind.name,
                       (SELECT SUM(line.crab_paid - line.crab_refunded) FROM sale_order o
                          JOIN sale_order_line line ON line.order_id = o.id AND line.crab_role = 'goods'
                         WHERE o.crab_dealer_id = dealer.id AND o.crab_kind = kind.name
                           AND o.crab_transaction_id IS NOT NULL),
                       (SELECT SUM(earning.amount)
                          FROM crab_earning earning JOIN sale_order o ON o.id = earning.order_id
                         WHERE earning.dealer_id = dealer.id AND o.crab_kind = kind.name)
                  FROM unnest(%s::int[]) AS dealer(id), unnest(%s) AS kind(name)
                """,
                list(self.ids),
                list(ONLINE_KINDS),
            )
        )
        figures = {(dealer_id, kind): figures for dealer_id, kind, *figures in self.env.cr.fetchall()}
        for dealer in self:
            for kind in ONLINE_KINDS:
                sold, earned = figures.get((dealer._origin.id, kind), (0, 0))
                dealer[f"online_sold_{kind}"], dealer[f"online_earned_{kind}"] = sold or 0, earned or 0
