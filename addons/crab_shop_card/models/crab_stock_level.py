from odoo import api, models
from odoo.tools import SQL

OFFERED_AT_MOST = 10_000  # above what one order may take: counting further tells nobody anything


class CrabStockLevel(models.Model):
    _inherit = "crab.stock.level"

    @api.model
    def _available(self, products):
        """Of physical cards as many can be ordered as numbers of the Sales company lie at the platform, free or on
        their way to members who claimed them.
        """
        available = super()._available(products)
        cards = products.filtered(lambda product: product.crab_kind == "physical_card")
        if cards:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT given.id, numbers.count - COALESCE(level.claimed, 0)
                      FROM unnest(%(ids)s::int[]) AS given(id)
                      LEFT JOIN crab_stock_level level ON level.product_id = given.id
                     CROSS JOIN LATERAL (
                           SELECT COUNT(*) FROM (
                               SELECT FROM crab_card card
                                WHERE card.product_id = given.id AND card.state = 'inactive'
                                  AND card.holder_kind = 'platform' AND card.company_id = %(company)s
                                  AND (card.transit_id IS NULL OR EXISTS (
                                       SELECT FROM crab_card_order sale
                                        WHERE card.transit_model = 'crab.card.order' AND sale.id = card.transit_id
                                          AND sale.sale_order_id IS NOT NULL))
                                LIMIT COALESCE(level.claimed, 0)::bigint + %(most)s) free
                     ) numbers
                    """,
                    ids=list(cards.ids),
                    company=self.env["res.company"]._crab_company("sales").id,
                    most=OFFERED_AT_MOST,
                )
            )
            available.update((product_id, float(count)) for product_id, count in self.env.cr.fetchall())
        return available
