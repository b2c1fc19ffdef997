from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class CrabSmsLimit(models.Model):
    """A counter per phone number or source; writing it makes those who ask at once wait for each other."""

    _name = "crab.sms.limit"
    _description = "Counter of SMS codes"
    _log_access = False
    _rec_name = "key"
    _order = "id desc"

    key = fields.Char(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    counted_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.Constraint("UNIQUE(key)", "One counter each.")

    @api.model
    def _count(self, key):
        """Count ``key`` up by one and return the count; whoever counts the same at once is restarted afterwards."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO crab_sms_limit AS own (key, count, counted_at) VALUES (%s, 1, %s)"
                " ON CONFLICT (key) DO UPDATE SET count = own.count + 1, counted_at = excluded.counted_at"
                " RETURNING count",
                key[:128],
                fields.Datetime.now(),
            )
        )
        [count] = self.env.cr.fetchone()
        self.invalidate_model(["count", "counted_at"])
        return count

    @api.autovacuum
    def _gc_old(self):
        self.search([("counted_at", "<", fields.Datetime.now() - timedelta(days=2))], limit=10000).unlink()
