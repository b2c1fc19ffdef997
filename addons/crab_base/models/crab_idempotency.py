import hashlib
import json
from datetime import timedelta

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from ..tools.locks import LOCK_TIMEOUT

KEEP = timedelta(days=7)
MAX_KEY_LENGTH = 128
CLEANUP_BATCH = 10_000


class IdempotencyConflict(UserError):
    """The key was used before, for something else."""

    http_status = 409


class CrabIdempotency(models.Model):
    """Answers of requests that carry an idempotency key, kept for seven days (decision 0001)."""

    _name = "crab.idempotency"
    _description = "Answered request"
    _log_access = False
    _order = "id desc"
    _rec_name = "key"

    subject_kind = fields.Char(required=True, readonly=True)
    subject_id = fields.Integer(required=True, readonly=True)
    route = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    body_hash = fields.Char(required=True, readonly=True, size=64)
    response = fields.Json(readonly=True)
    created_at = fields.Datetime(required=True, readonly=True)

    _key_uniq = models.UniqueIndex("(subject_kind, subject_id, route, key)")
    _created_at_idx = models.Index("(created_at)")

    @api.model
    def _run(self, subject, route, key, body, func):
        """Call ``func()`` once per key and give every repetition the first answer.

        Another request with the same key that is under way is waited for; this transaction is then restarted and finds
        its answer. An error of ``func`` stores nothing, the request can be repeated.

        :param subject: ``Subject`` that asks; keys of different subjects have nothing to do with each other
        :param route: name of the operation, e.g. ``"POST /orders"``
        :param key: chosen by the client, 1 to 128 characters
        :param body: the request, bytes or JSON; only its hash is kept
        :param func: callable without arguments that returns JSON without secrets
        :return: the answer, as JSON gives it back
        :raise IdempotencyConflict: (409) the same key with another body
        :raise UserError: (422) no or an overlong key
        :raise LockError: (409) the first request takes too long
        """
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_LENGTH:
            raise UserError(
                self.env._("The request needs an idempotency key of 1 to %(max)s characters.", max=MAX_KEY_LENGTH)
            )
        raw = body if isinstance(body, bytes) else json.dumps(body, sort_keys=True, default=str).encode()
        body_hash = hashlib.sha256(raw).hexdigest()
        cr = self.env.cr
        place = SQL(
            "subject_kind = %s AND subject_id = %s AND route = %s AND key = %s", subject.kind, subject.id, route, key
        )
        cr.execute(SQL("SELECT body_hash, response FROM crab_idempotency WHERE %s", place))
        row = cr.fetchone()
        if row:
            if row[0] != body_hash:
                raise IdempotencyConflict(self.env._("This idempotency key was already used for another request."))
            return row[1]
        # A key taken since this transaction began is a serialization failure here, which restarts the transaction.
        cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
        try:
            cr.execute(
                SQL(
                    """
                    INSERT INTO crab_idempotency (subject_kind, subject_id, route, key, body_hash, created_at)
                    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
                    """,
                    subject.kind,
                    subject.id,
                    route,
                    key,
                    body_hash,
                    fields.Datetime.now(),
                )
            )
        except errors.LockNotAvailable as exc:
            raise LockError(
                self.env._("The same request is still being worked on. Please try again in a moment.")
            ) from exc
        cr.execute("SET LOCAL lock_timeout = DEFAULT")
        answer = json.dumps(func())
        cr.execute(SQL("UPDATE crab_idempotency SET response = %s::jsonb WHERE %s", answer, place))
        return json.loads(answer)

    @api.model
    def _cron_cleanup(self):
        """Forget answers older than seven days, a batch at a time."""
        left = True
        while left:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM crab_idempotency WHERE id IN"
                    " (SELECT id FROM crab_idempotency WHERE created_at < %s ORDER BY created_at LIMIT %s)",
                    fields.Datetime.now() - KEEP,
                    CLEANUP_BATCH,
                )
            )
            count = self.env.cr.rowcount
            left = self.env["ir.cron"]._commit_progress(count, remaining=0) and count == CLEANUP_BATCH
