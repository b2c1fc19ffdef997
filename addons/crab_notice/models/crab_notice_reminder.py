from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import business_date

SETTINGS = {"unpaid_minutes": 10, "gift_hours": 4, "expiry_days": 14}
LIMIT = 1000  # of a set


class CrabNoticeReminder(models.AbstractModel):
    """Events of what is about to end without anybody doing something; the outbox tells of them as of all others.

    Each is written once: the outbox keeps its events longer than anything is reminded of in advance.
    """

    _name = "crab.notice.reminder"
    _description = "Reminders"

    @api.model
    def _setting(self, name):
        """How long before the end it is told (minutes, hours, days, as the name says)."""
        return int(self.env["ir.config_parameter"].sudo().get_param(f"crab_notice.{name}") or SETTINGS[name])

    @api.model
    def _cron_remind(self):
        """Orders that are still unpaid and gifts that nobody has taken."""
        done = self._remind_unpaid() + self._remind_gifts()
        self.env["ir.cron"]._commit_progress(done, remaining=int(done >= LIMIT))

    @api.model
    def _cron_remind_daily(self):
        """Cards that are about to expire."""
        self.env["ir.cron"]._commit_progress(self._remind_expiring())

    @api.model
    def _remind_unpaid(self):
        """Orders that close in a few minutes.

        :return: how many were reminded of
        """
        before = fields.Datetime.now() + timedelta(minutes=self._setting("unpaid_minutes"))
        domain = [("crab_state", "=", "to_pay"), ("crab_pay_before", "<=", before)]
        orders = self._not_reminded("sale.order", domain, "order.unpaid")
        orders = orders.filtered(lambda order: order.crab_state == "to_pay")
        self.env["crab.outbox"]._emit("order.unpaid", orders)
        return len(orders)

    @api.model
    def _remind_gifts(self):
        """Gifts whose link ends in a few hours.

        :return: how many were reminded of
        """
        before = fields.Datetime.now() + timedelta(hours=self._setting("gift_hours"))
        gifts = self._not_reminded(
            "crab.card.gift", [("state", "=", "open"), ("expires_at", "<=", before)], "gift.waiting"
        )
        gifts = gifts.filtered(lambda gift: gift.state == "open")
        self.env["crab.outbox"]._emit("gift.waiting", gifts)
        return len(gifts)

    @api.model
    def _not_reminded(self, model, domain, event):
        """Records of ``domain`` without such an event, locked; what somebody is working on comes with the next run."""
        untold = Domain.custom(
            to_sql=lambda _records, alias, _query: SQL(
                "NOT EXISTS (SELECT FROM crab_outbox WHERE aggregate_model = %s AND aggregate_id = %s AND event = %s)",
                model,
                SQL.identifier(alias, "id"),
                event,
            )
        )
        # sudo: a job; rules are for who looks
        return self.env[model].sudo().search(Domain(domain) & untold, order="id", limit=LIMIT).try_lock_for_update()

    @api.model
    def _remind_expiring(self):
        """Unused cards of members whose last day of redemption is near: one event per member and last day.

        :return: how many were written
        """
        today = business_date()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT card.valid_until, array_agg(card.member_id), array_agg(card.count)
                  FROM (SELECT member_id, valid_until, count(*) FROM crab_card
                         WHERE state = 'active' AND member_id IS NOT NULL AND valid_until BETWEEN %(first)s AND %(last)s
                         GROUP BY member_id, valid_until) card
                  JOIN crab_member member ON member.id = card.member_id AND member.state = 'active'
                 WHERE NOT EXISTS (
                    SELECT FROM crab_outbox told
                     WHERE told.aggregate_model = 'crab.member' AND told.aggregate_id = card.member_id
                       AND told.event = 'card.expiring' AND told.payload ->> 'until' = card.valid_until::text)
                 GROUP BY card.valid_until ORDER BY card.valid_until
                """,
                first=today,
                last=today + timedelta(days=self._setting("expiry_days")),
            )
        )
        written = 0
        for until, member_ids, counts in self.env.cr.fetchall():
            payloads = {
                member_id: {"until": str(until), "count": str(count)}
                for member_id, count in zip(member_ids, counts, strict=True)
            }
            self.env["crab.outbox"]._emit("card.expiring", ("crab.member", member_ids), payloads=payloads)
            written += len(member_ids)
        return written
