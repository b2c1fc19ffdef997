from odoo import fields, models
from odoo.tools import SQL


class CrabMediaTraffic(models.Model):
    """Plays, bytes and their cost per video and month, so that they can be charged apart (HQ-65)."""

    _name = "crab.media.traffic"
    _description = "Video traffic"
    _auto = False
    _order = "month desc, bytes_sent desc"
    _rec_name = "media_id"

    media_id = fields.Many2one("crab.media", "Video", readonly=True)
    month = fields.Date(readonly=True, help="The first day of the month, in Shanghai.")
    plays = fields.Integer(readonly=True)
    bytes_sent = fields.Float("Bytes", digits=(20, 0), readonly=True)
    gigabytes = fields.Float("GB", digits=(16, 3), readonly=True, help="Of 1,000,000,000 bytes.")
    currency_id = fields.Many2one("res.currency", readonly=True)
    cost = fields.Monetary(readonly=True, help="With the cost of a gigabyte of the time when it was sent.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT min(id) AS id, media_id, date_trunc('month', date)::date AS month, sum(plays)::int AS plays,
                   sum(bytes_sent) AS bytes_sent, round(sum(bytes_sent) / 1e9, 3) AS gigabytes,
                   %s AS currency_id, round(sum(bytes_sent * gigabyte_cost) / 1e9, 2) AS cost
              FROM crab_media_hit GROUP BY media_id, date_trunc('month', date)::date
            """,
            self.env.ref("base.CNY").id,
        )
