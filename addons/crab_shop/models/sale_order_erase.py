from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crab_redemption.models.crab_delivery_erase import BLANK, BLANK_LIMIT


class SaleOrder(models.Model):
    """Addresses of orders are kept no longer than they are needed."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    def _blank_receivers(self, with_note=False):
        """Blank name, number and street of the receivers of these orders, and what the member noted if wanted."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sale_order
                   SET crab_receiver_name = CASE WHEN crab_receiver_name IS NOT NULL THEN %(blank)s END,
                       crab_receiver_phone = CASE WHEN crab_receiver_phone IS NOT NULL THEN %(blank)s END,
                       crab_street = CASE WHEN crab_street IS NOT NULL THEN %(blank)s END,
                       note = CASE WHEN %(with_note)s THEN NULL ELSE note END
                 WHERE id = ANY(%(ids)s) AND crab_kind IS NOT NULL
                """,
                blank=BLANK,
                with_note=with_note,
                ids=list(self.ids),
            )
        )
        self.invalidate_recordset(["crab_receiver_name", "crab_receiver_phone", "crab_street", "note"], flush=False)

    @api.model
    def _crab_to_blank(self, since):
        """Orders that ended before ``since`` and still tell where they went."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM sale_order WHERE crab_state IN ('to_review', 'done', 'closed')"
                " AND crab_receiver_name <> %s AND COALESCE(crab_received_at, crab_closed_at) < %s"
                " ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
                BLANK,
                since,
                BLANK_LIMIT,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())
