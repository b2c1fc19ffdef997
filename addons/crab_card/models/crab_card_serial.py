from odoo import api, fields, models
from odoo.tools import SQL


class CrabCardSerial(models.Model):
    """How far the serials of a prefix are used up."""

    _name = "crab.card.serial"
    _description = "Serials of generated numbers"
    _rec_name = "prefix"
    _log_access = False

    prefix = fields.Char(required=True, readonly=True)
    last_serial = fields.Integer(required=True, readonly=True)

    _prefix_uniq = models.UniqueIndex("(prefix)", "This prefix is known already.")

    @api.model
    def _allot(self, prefix, count):
        """A block of ``count`` serials of ``prefix`` that nobody else gets; the first of them.

        Of two transactions at the same moment one waits and is restarted.
        """
        self.env.cr.execute(
            SQL(
                "INSERT INTO crab_card_serial AS s (prefix, last_serial) VALUES (%s, %s)"
                " ON CONFLICT (prefix) DO UPDATE SET last_serial = s.last_serial + EXCLUDED.last_serial"
                " RETURNING last_serial",
                prefix,
                count,
            )
        )
        self.invalidate_model(["last_serial"])
        return self.env.cr.fetchone()[0] - count + 1
