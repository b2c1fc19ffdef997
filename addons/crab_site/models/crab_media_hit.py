from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date


class CrabMediaHit(models.Model):
    """A part of a video that was sent: rows that are only added, and drawn together per month every night.

    No counter per video: at the opening of a season all phones play the same one, and every request would wait for the
    same row (or, under REPEATABLE READ, run again). Adding a row waits for nobody. The cost of a gigabyte is kept with
    the row: a new price holds for what is sent from then on.
    """

    _name = "crab.media.hit"
    _description = "Sent part of a video"
    _log_access = False
    _order = "id"

    media_id = fields.Many2one("crab.media", "Video", required=True, readonly=True, index=True, ondelete="restrict")
    date = fields.Date(required=True, readonly=True, help="Business day; the first of the month once drawn together.")
    plays = fields.Integer(required=True, readonly=True)
    bytes_sent = fields.Float("Bytes", digits=(20, 0), required=True, readonly=True)
    gigabyte_cost = fields.Float("Cost of a gigabyte", digits=(12, 4), required=True, readonly=True)

    _date_idx = models.Index("(date)")

    @api.model
    def _gigabyte_cost(self):
        """What a gigabyte of traffic costs now, in yuan, as Decimal."""
        # sudo: the setting is no secret
        return dec(self.env["ir.config_parameter"].sudo().get_param("crab_site.gigabyte_cost") or 0)

    @api.model
    def _record(self, facts):
        """Add what was sent, in one statement.

        :param facts: ``[(media id, plays, bytes)]``; what sent nothing is left out
        """
        facts = [fact for fact in facts if fact[1] or fact[2]]
        if not facts:
            return
        day, cost = business_date(), self._gigabyte_cost()
        self.env.cr.execute(
            SQL(
                "INSERT INTO crab_media_hit (media_id, plays, bytes_sent, date, gigabyte_cost) VALUES %s",
                SQL(", ").join(SQL("%s", (*fact, day, cost)) for fact in facts),
            )
        )

    @api.model
    def _draw_together(self):
        """Make of the rows of each video and month that are over one; what they add up to stays.

        :return: how many rows went
        """
        self.env.cr.execute(
            SQL(
                """
                WITH many AS (
                    SELECT media_id, date_trunc('month', date) AS month, gigabyte_cost FROM crab_media_hit
                     WHERE date < %(until)s GROUP BY 1, 2, 3 HAVING count(*) > 1
                ), gone AS (
                    DELETE FROM crab_media_hit hit USING many
                     WHERE hit.date < %(until)s AND hit.media_id = many.media_id
                       AND date_trunc('month', hit.date) = many.month AND hit.gigabyte_cost = many.gigabyte_cost
                    RETURNING hit.media_id, hit.date, hit.plays, hit.bytes_sent, hit.gigabyte_cost
                ), kept AS (
                    INSERT INTO crab_media_hit (media_id, date, plays, bytes_sent, gigabyte_cost)
                    SELECT media_id, date_trunc('month', date)::date, sum(plays), sum(bytes_sent), gigabyte_cost
                      FROM gone GROUP BY media_id, date_trunc('month', date)::date, gigabyte_cost
                    RETURNING id
                )
                SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)
                """,
                until=business_date() - timedelta(days=1),  # requests of yesterday may still be about to commit
            )
        )
        self.invalidate_model()
        return self.env.cr.fetchone()[0]

    @api.model
    def _cron_draw_together(self):
        self._draw_together()
