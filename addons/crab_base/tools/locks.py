"""Row locks that wait for a bounded time."""

from psycopg2 import errors

from odoo.exceptions import LockError
from odoo.tools import SQL

LOCK_TIMEOUT = "10s"


def lock_rows(records, share=False):
    """Lock the rows of ``records``, in id order, waiting at most ``LOCK_TIMEOUT``; drop what is cached of them.

    A row changed by another transaction since this one began raises a serialization failure, on which the caller's
    transaction is restarted (``retry_policy``). Rows that no longer exist are simply not locked.

    :param share: only keep others from changing the rows until this transaction ends; many may do so at once
    :raise LockError: (409) when another transaction holds a row for too long
    :return: ids that were locked, in order
    """
    if not records:
        return []
    env = records.env
    env.flush_all()
    try:
        env.cr.execute(  # one round trip: the timeout is as it was again when all rows are locked
            SQL(
                """
                SET LOCAL lock_timeout = %s;
                WITH locked AS MATERIALIZED (SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR %s)
                SELECT array_agg(id), set_config('lock_timeout', NULL, true) FROM locked
                """,
                LOCK_TIMEOUT,
                SQL.identifier(records._table),
                list(records.ids),
                SQL("SHARE") if share else SQL("NO KEY UPDATE"),
            )
        )
    except errors.LockNotAvailable as exc:
        raise LockError(env._("Someone else is working on the same records. Please try again in a moment.")) from exc
    [locked, _timeout] = env.cr.fetchone()
    records.invalidate_recordset()
    return locked or []
