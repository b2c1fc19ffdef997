import base64
import logging
import time
from datetime import UTC
from functools import partial

from psycopg2 import IntegrityError, OperationalError, errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from odoo.addons.queue_job.exception import RetryableJobError

from ..tools import transaction
from ..tools.spreadsheet import FileError, Reader
from ..tools.timezone import SHANGHAI

_logger = logging.getLogger(__name__)

MAX_LOADED_IDS = 20_000
BIG_FILE = 1_000_000  # bytes; not even counted in a request
PROGRESS_SECONDS = 0.7


class _RowsRefused(Exception):
    """Ends the savepoint of a file with bad rows."""


class CrabImport(models.Model):
    """Checking and loading a file, at once or as a job, and what becomes of the file."""

    _inherit = "crab.import"

    @api.model
    def _run_file(self, kind, filename, content: bytes):
        """Import a file from code, at once and in this transaction.

        :return: the ``crab.import``, with ``state`` done, refused or failed, ``error_rows`` and ``count_loaded``
        """
        record = self.create({"kind": kind, "file_name": filename, "file": base64.b64encode(content)})
        record._run(content)
        return record

    def _run_as_job(self):
        self.ensure_one()
        if self.state != "queued":  # the button was pressed again, or the job was started twice
            return
        try:
            self._lock_content()
        except UserError as exc:
            raise RetryableJobError(str(exc), seconds=10, ignore_retry=True) from exc
        self.with_context(crab_import_job=True)._run(self._content())
        self.env.user._bus_send(
            "simple_notification",
            {
                "title": self.file_name,
                "message": self.message,
                "type": "success" if self.state == "done" else "warning",
                "sticky": self.state != "done",
            },
        )

    def _lock_content(self):
        """Only one transaction at a time works on a content; one that began before another finished is restarted.

        :raise UserError: when another one is at work
        """
        self.flush_recordset()
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        "SELECT id FROM crab_import WHERE id = %s OR (kind = %s AND content_hash = %s) "
                        "ORDER BY id FOR NO KEY UPDATE NOWAIT",
                        self.id,
                        self.kind,
                        self.content_hash or "",
                    )
                )
        except errors.LockNotAvailable as exc:
            raise UserError(
                self.env._("This file is being imported at this moment. Please wait until that is finished.")
            ) from exc
        self.invalidate_recordset(["state"])

    @api.autovacuum
    def _gc_secret_files(self):
        """Files with secret columns that were never loaded do not stay longer than a day."""
        kinds = [kind for kind, _label in self._fields["kind"].selection if self._has_secrets(kind)]
        yesterday = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        old = self.search(
            [("kind", "in", kinds), ("state", "!=", "queued"), ("file", "!=", False), ("write_date", "<", yesterday)]
        )
        old._drop_file()

    @api.autovacuum
    def _gc_without_file(self):
        """What was begun to download a template only."""
        yesterday = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.search([("state", "=", "draft"), ("content_hash", "=", False), ("write_date", "<", yesterday)]).unlink()

    def _drop_errors(self):
        """Remove the list of bad rows; nobody has rights to change it."""
        self.env.cr.execute(SQL("DELETE FROM crab_import_error WHERE import_id = ANY(%s)", self.ids))
        self.invalidate_recordset(["error_ids", "error_preview_ids"])

    def _drop_file(self):
        attachments_sudo = self.env["ir.attachment"].sudo()  # the file of a done import is writable for nobody
        attachments_sudo.search(
            [("res_model", "=", self._name), ("res_field", "=", "file"), ("res_id", "in", self.ids)]
        ).unlink()
        self.invalidate_recordset(["file"])

    def _content(self):
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    @api.model
    def _limit(self, name, default):
        value = self.env["ir.config_parameter"].sudo().get_param(f"crab_base.import_{name}")  # settings are no secret
        return int(value) if value and value.isdecimal() else default

    @api.model
    def _max_bytes(self):
        return self._limit("max_mb", 100) * 10**6

    def _is_big(self, content):
        if len(content) > BIG_FILE:
            return len(content) <= self._max_bytes()  # a larger one is refused without being read
        try:
            reader = self._open_reader(content)
        except FileError:
            return False
        return reader.total > self._limit("job_rows", 2_000)

    def _open_reader(self, content):
        if len(content) > self._max_bytes():
            raise FileError(
                self.env._(
                    "The file is larger than %(size)s MB. Split it into several files.",
                    size=self._max_bytes() // 10**6,
                )
            )
        return Reader(
            self._kind_model(self.kind)._columns(),
            self.file_name,
            content,
            max_rows=self._limit("max_rows", 2_000_000),
            on_advance=self._make_progress() if self.env.context.get("crab_import_job") else None,
        )

    def _make_progress(self):
        """A function that shows the progress to other transactions now and then, without touching this one."""
        last = 0.0
        registry, record_id = self.env.registry, self.id

        def store(done, total, env):
            env.cr.execute(
                SQL(
                    """INSERT INTO crab_import_progress (import_ref, done, total) VALUES (%s, %s, %s)
                       ON CONFLICT (import_ref) DO UPDATE SET done = EXCLUDED.done, total = EXCLUDED.total""",
                    record_id,
                    done,
                    total,
                )
            )

        def advance(done, total):
            nonlocal last
            if time.monotonic() - last > PROGRESS_SECONDS:
                last = time.monotonic()
                transaction.run(registry, partial(store, done, total))

        return advance

    def _run(self, content):
        """Check and load ``content`` in a savepoint and store the result; only lost races are raised."""
        self._check_may_import()
        self._drop_errors()
        record = self.with_company(self.company_id)
        kind = record._kind_model(self.kind).with_context(crab_import_id=self.id)
        reader, loaded, result = None, None, {}
        try:
            self._refuse_repetition()
            reader = record._open_reader(content)
            with self.env.cr.savepoint():
                loaded = kind._process_file(reader)
                if reader.has_errors:
                    raise _RowsRefused
            result = record._result_loaded(loaded, reader)
        except _RowsRefused:
            result = record._store_errors(reader)
        except FileError as exc:
            result = {
                "state": "refused",
                "message": exc.reason if isinstance(exc.reason, str) else self.env._(exc.reason),
            }
        except (ConcurrencyError, RetryableJobError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            raise
        except UserError as exc:
            result = {"state": "failed", "message": str(exc)}
        except IntegrityError as exc:
            result = {
                "state": "failed",
                "message": self.env._(
                    "Nothing was loaded, because it does not fit to what others have changed meanwhile: "
                    "%(reason)s Please try again.",
                    reason=self._reason_of(exc),
                ),
            }
        except OperationalError:
            raise
        except Exception:
            _logger.exception("Import %s of kind %s failed", self.id, self.kind)
            result = {
                "state": "failed",
                "message": self.env._(
                    "Nothing was loaded, because of an unexpected error. "
                    "Please give the number %(number)s of this import to your administrator.",
                    number=self.id,
                ),
            }
        if reader and reader.ignored:
            result["message"] += "\n" + self.env._(
                "Columns that are not used: %(columns)s", columns="、".join(reader.ignored[:20])
            )
        record_sudo = self.sudo()  # results are not writable for users
        record_sudo.write({**self._no_result(), **result, "finished_at": fields.Datetime.now()})
        if self.state in ("done", "refused") and self._has_secrets(self.kind):
            record_sudo._drop_file()

    def _refuse_repetition(self):
        """The same content of the same kind is loaded once.

        :raise FileError: naming the earlier import
        """
        earlier_sudo = self.sudo().search(  # whoever imported it
            [
                ("kind", "=", self.kind),
                ("content_hash", "=", self.content_hash),
                ("state", "=", "done"),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if earlier_sudo:
            moment = earlier_sudo.finished_at.replace(tzinfo=UTC).astimezone(SHANGHAI)
            raise FileError(
                self.env._(
                    "The same file was already imported as “%(file)s” (number %(number)s) by %(user)s on %(date)s. "
                    "Nothing was loaded again.",
                    file=earlier_sudo.file_name,
                    number=earlier_sudo.id,
                    user=earlier_sudo.create_uid.name,
                    date=moment.strftime("%Y-%m-%d %H:%M"),
                )
            )

    def _reason_of(self, exc):
        model = next(
            (self.env[name] for name, model in self.env.registry.items() if model._table == exc.diag.table_name), self
        )
        return model._sql_error_to_message(exc)

    def _result_loaded(self, loaded, reader):
        is_records = isinstance(loaded, models.BaseModel)
        count = len(loaded) if is_records else loaded or 0
        return {
            "state": "done",
            "count_rows": reader.count,
            "count_loaded": count,
            "loaded_model": loaded._name if is_records and loaded else False,
            "loaded_ids": loaded.ids if is_records and count <= MAX_LOADED_IDS else False,
            "message": self.env._("All %(count)s rows were loaded.", count=reader.count),
        }
