import json
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ..tools import transaction
from ..tools.subject import Subject

_logger = logging.getLogger(__name__)

BATCH = 200
KEEP = timedelta(days=90)


class CrabOutbox(models.Model):
    """What happened, written in the transaction in which it happened; consumers get it after the commit.

    Notices, webhooks and dashboards all live from it. An event belongs to an aggregate (a record); a consumer sees the
    events of one aggregate in their order, and none before an earlier one that failed. Emit while the aggregate's row
    is locked or newly made, so that the order of ids is the order of commits.

    Example::

        self.env["crab.outbox"]._emit("wallet.short", wallet, {"missing": "12.00"})

        class CrabOutbox(models.Model):
            _inherit = "crab.outbox"

            def _handlers(self):
                handlers = super()._handlers()
                handlers.setdefault("wallet.short", []).append("_notice_wallet_short")
                return handlers

            def _notice_wallet_short(self):
                # self: a set of events in order; runs as superuser in its own transaction.
                # What goes outside the database may be repeated after a crash: give the event's id along as key.
    """

    _name = "crab.outbox"
    _description = "Domain event"
    _log_access = False
    _order = "id desc"
    _rec_name = "event"

    event = fields.Char(required=True, readonly=True)
    aggregate_model = fields.Char("Model", required=True, readonly=True)
    aggregate_id = fields.Many2oneReference("Record", model_field="aggregate_model", required=True, readonly=True)
    payload = fields.Json(readonly=True)
    occurred_at = fields.Datetime("When", required=True, readonly=True)
    actor_kind = fields.Char("Kind of Actor", readonly=True)
    actor_id = fields.Integer("Actor", readonly=True)
    delivery_ids = fields.One2many("crab.outbox.delivery", "event_id", string="Deliveries", readonly=True)

    _aggregate_idx = models.Index("(aggregate_model, aggregate_id)")
    _occurred_at_idx = models.Index("(occurred_at)")

    # ------------------------------------------------------------------------------------------
    # Emitting
    # ------------------------------------------------------------------------------------------

    @api.model
    def _handlers(self):
        """``{event name: [names of methods of this model]}``; extended by consumers."""
        return {}

    @api.model
    def _emit(self, event, records, payload=None, payloads=None):
        """Write one event per record, in this transaction; consumers are called after its commit.

        :param event: name, e.g. ``"wallet.short"``
        :param records: a recordset, or a tuple ``(model name, ids)``
        :param payload: dict (JSON) that all events carry; ids, codes, amounts as strings — no passwords or tokens
        :param payloads: instead, ``{id: dict}``
        :return: the events
        """
        model, ids = records if isinstance(records, tuple) else (records._name, records.ids)
        if not ids:
            return self
        bodies = [json.dumps((payloads or {}).get(record_id, payload) or {}) for record_id in ids]
        actor = Subject.of(self.env)
        consumers = self._handlers().get(event, [])
        self.env.cr.execute(
            SQL(
                """
                WITH event AS (
                    INSERT INTO crab_outbox
                           (event, aggregate_model, aggregate_id, payload, occurred_at, actor_kind, actor_id)
                    SELECT %(event)s, %(model)s, given.id, given.payload::jsonb,
                           statement_timestamp() AT TIME ZONE 'UTC', %(actor_kind)s, %(actor_id)s
                      FROM unnest(%(ids)s::int[], %(bodies)s::text[]) AS given(id, payload)
                    RETURNING id, aggregate_id
                ),
                delivery AS (
                    INSERT INTO crab_outbox_delivery
                           (event_id, consumer, aggregate_model, aggregate_id, state, tries, next_try_at)
                    SELECT event.id, consumer, %(model)s, event.aggregate_id, 'pending', 0,
                           statement_timestamp() AT TIME ZONE 'UTC'
                      FROM event CROSS JOIN unnest(%(consumers)s::text[]) AS consumer
                )
                SELECT id FROM event ORDER BY id
                """,
                event=event,
                model=model,
                ids=list(ids),
                bodies=bodies,
                consumers=consumers,
                actor_kind=actor.kind,
                actor_id=actor.id,
            )
        )
        events = self.browse(event_id for (event_id,) in self.env.cr.fetchall())
        if consumers:
            self._wake()
        return events

    @api.model
    def _wake(self):
        """Have the dispatcher run right after this transaction's commit; once per transaction."""
        asked = self.env.cr.precommit.data.setdefault("crab.outbox.asked", set())
        if not asked:
            asked.add(True)
            cron_sudo = self.env.ref("crab_base.cron_outbox_dispatch").sudo()  # whoever causes an event may wake it
            cron_sudo._trigger()

    # ------------------------------------------------------------------------------------------
    # Dispatching
    # ------------------------------------------------------------------------------------------

    @api.model
    def _cron_dispatch(self):
        """Hand waiting events to their consumers, each set in its own transaction."""
        consumers = sorted({name for names in self._handlers().values() for name in names})
        while consumers:
            for consumer in list(consumers):
                try:
                    count = transaction.run(
                        self.env.registry, lambda env, name=consumer: env["crab.outbox"]._dispatch(name)
                    )
                except Exception:
                    _logger.exception("events for %s could not be handed over", consumer)
                    count = 0
                if not count:
                    consumers.remove(consumer)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    @api.model
    def _dispatch(self, consumer):
        """Hand one set of waiting events to ``consumer``; what another process is handing over is left out.

        :return: number of events that were tried
        """
        deliveries = self._lock_ready(consumer)
        if not deliveries:
            return 0
        try:
            with self.env.cr.savepoint():
                getattr(deliveries.event_id, consumer)()
        except (OperationalError, ConcurrencyError):
            raise  # the whole transaction is run again
        except Exception as exc:
            if len(deliveries) == 1:
                deliveries._set_failed(exc)
            else:
                self._dispatch_one_by_one(consumer, deliveries)
        else:
            deliveries._set_done()
        return len(deliveries)

    @api.model
    def _dispatch_one_by_one(self, consumer, deliveries):
        for of_aggregate in deliveries.grouped(lambda line: (line.aggregate_model, line.aggregate_id)).values():
            for delivery in of_aggregate:
                try:
                    with self.env.cr.savepoint():
                        getattr(delivery.event_id, consumer)()
                except (OperationalError, ConcurrencyError):
                    raise
                except Exception as exc:
                    delivery._set_failed(exc)
                    break  # later events of this aggregate wait for this one
                delivery._set_done()

    @api.model
    def _lock_ready(self, consumer):
        """Lock the first open event of each aggregate that is due, and take along those that follow it.

        Whoever holds the first one holds the aggregate, so that no other dispatcher can hand over a later event.
        """
        self.env["crab.outbox.delivery"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT first.aggregate_model, first.aggregate_id
                  FROM crab_outbox_delivery first
                 WHERE first.consumer = %(consumer)s AND first.state IN ('pending', 'failed')
                   AND first.next_try_at <= statement_timestamp() AT TIME ZONE 'UTC'
                   AND NOT EXISTS (
                        SELECT FROM crab_outbox_delivery earlier
                         WHERE earlier.consumer = first.consumer AND earlier.state IN ('pending', 'failed')
                           AND earlier.aggregate_model = first.aggregate_model
                           AND earlier.aggregate_id = first.aggregate_id AND earlier.event_id < first.event_id
                   )
                 ORDER BY first.event_id LIMIT %(limit)s FOR NO KEY UPDATE OF first SKIP LOCKED
                """,
                consumer=consumer,
                limit=BATCH,
            )
        )
        aggregates = self.env.cr.fetchall()
        if not aggregates:
            return self.env["crab.outbox.delivery"]
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM crab_outbox_delivery
                 WHERE consumer = %(consumer)s AND state IN ('pending', 'failed')
                   AND (aggregate_model, aggregate_id) IN %(aggregates)s
                 ORDER BY event_id LIMIT %(limit)s FOR NO KEY UPDATE
                """,
                consumer=consumer,
                aggregates=tuple(aggregates),
                limit=BATCH,
            )
        )
        return self.env["crab.outbox.delivery"].browse(row[0] for row in self.env.cr.fetchall())

    @api.autovacuum
    def _gc_delivered(self):
        """Forget events that are old and have reached all their consumers."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crab_outbox WHERE id IN (
                    SELECT id FROM crab_outbox event WHERE occurred_at < %s AND NOT EXISTS (
                        SELECT FROM crab_outbox_delivery WHERE event_id = event.id AND state IN ('pending', 'failed'))
                    LIMIT %s)
                """,
                fields.Datetime.now() - KEEP,
                GC_UNLINK_LIMIT,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_UNLINK_LIMIT
