from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

BLANK = "*"  # what stands in place of a name, number or street
KEEP_DAYS = 1095  # three years, as the law on electronic commerce asks for orders
BLANK_LIMIT = 5000


class CrabDelivery(models.Model):
    """Addresses are kept no longer than they are needed (decisions.md, "Time, numbers, deletion")."""

    _inherit = "crab.delivery"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    def _blank_receivers(self):
        """Blank name, number and street of these deliveries; the region stays for statistics."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE crab_delivery SET receiver_name = %(blank)s, receiver_phone = %(blank)s, street = %(blank)s"
                " WHERE id = ANY(%(ids)s)",
                blank=BLANK,
                ids=list(self.ids),
            )
        )
        self.invalidate_recordset(["receiver_name", "receiver_phone", "street", "receiver_address"], flush=False)

    @api.model
    def _kept_since(self):
        """Addresses of what ended before this moment are blanked."""
        days = self.env["ir.config_parameter"].sudo().get_param("crab_redemption.address_days")  # no secret
        return fields.Datetime.now() - timedelta(days=int(days or KEEP_DAYS))

    @api.model
    def _cron_blank_addresses(self):
        """Every night: the addresses of what ended long enough ago, in sets that are committed one by one."""
        cron = self.env["ir.cron"]
        since = self._kept_since()
        for find in self._addresses_to_blank():
            while records := find(since):
                records._blank_receivers()
                if not cron._commit_progress(len(records)):
                    return

    @api.model
    def _addresses_to_blank(self):
        """Hook: functions that give, for a moment, at most ``BLANK_LIMIT`` records that ended before it and have
        ``_blank_receivers``.
        """
        return [self._find_to_blank]

    @api.model
    def _find_to_blank(self, since):
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crab_delivery WHERE receiver_name <> %s AND state IN ('shipped', 'cancelled')"
                " AND COALESCE(shipped_at, write_date) < %s ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
                BLANK,
                since,
                BLANK_LIMIT,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())
