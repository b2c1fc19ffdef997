import base64
import hashlib
import logging
import time
from datetime import UTC
from functools import partial
from pathlib import PurePath

from psycopg2 import IntegrityError, OperationalError, errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from odoo.addons.queue_job.exception import RetryableJobError

from ..tools import cells, transaction
from ..tools.spreadsheet import FileError, Reader, display, write_workbook
from ..tools.timezone import SHANGHAI

_logger = logging.getLogger(__name__)

PREVIEW_ERRORS = 100
MAX_LOADED_IDS = 20_000
INSERT_ROWS = 5_000
BIG_FILE = 1_000_000  # bytes; not even counted in a request
PROGRESS_SECONDS = 0.7


class _RowsRefused(Exception):
    """Ends the savepoint of a file with bad rows."""


class CrabImport(models.Model):
    """An uploaded Excel or CSV file: checked as a whole, loaded completely or not at all (``crab.import.kind``)."""

    _name = "crab.import"
    _description = "Import of a file"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "file_name"

    kind = fields.Selection([], "Contents", required=True, index=True, tracking=True)
    file = fields.Binary(attachment=True, copy=False)
    file_name = fields.Char("File name", copy=False, tracking=True)
    content_hash = fields.Char(readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", "Company", required=True, default=lambda self: self.env.company, readonly=True
    )
    state = fields.Selection(
        [("draft", "To check"), ("queued", "Running"), ("refused", "Refused"), ("failed", "Failed"), ("done", "Done")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    count_rows = fields.Integer("Rows", readonly=True, copy=False)
    count_loaded = fields.Integer("Loaded", readonly=True, copy=False)
    count_bad = fields.Integer("Bad rows", readonly=True, copy=False)
    message = fields.Text("Result", readonly=True, copy=False)
    progress = fields.Float("Progress (%)", compute="_compute_progress")
    finished_at = fields.Datetime("Finished", readonly=True, copy=False)
    error_ids = fields.One2many("crab.import.error", "import_id", "All bad rows", readonly=True)
    error_preview_ids = fields.One2many(
        "crab.import.error", compute="_compute_error_preview_ids", string="First bad rows"
    )
    error_file = fields.Binary("Excel of bad rows", attachment=True, readonly=True, copy=False)
    error_file_name = fields.Char(compute="_compute_file_names")
    template_file = fields.Binary("Template", compute="_compute_template_file")
    template_file_name = fields.Char(compute="_compute_file_names")
    loaded_model = fields.Char(readonly=True, copy=False)
    loaded_ids = fields.Json("Loaded records", readonly=True, copy=False, prefetch=False)
    may_import = fields.Boolean(compute="_compute_may_import", search="_search_may_import")

    _done_uniq = models.UniqueIndex(
        "(kind, content_hash) WHERE state = 'done'", "A file with this content has already been imported."
    )
    _content_idx = models.Index("(kind, content_hash)")

    @property
    def error_rows(self):
        """Excel numbers of the bad rows, sorted."""
        self.ensure_one()
        groups = self.env["crab.import.error"]._read_group(
            [("import_id", "=", self.id)], ["row_number"], order="row_number"
        )
        return [number for (number,) in groups]

    # ------------------------------------------------------------------ computes

    def _compute_progress(self):
        rows = (
            self.env["crab.import.progress"]
            .sudo()
            .search_read(
                [("import_ref", "in", self.filtered(lambda record: record.state == "queued").ids)],
                ["import_ref", "done", "total"],
            )
        )  # no one has rights on the helper table
        percent = {row["import_ref"]: 100.0 * min(row["done"], row["total"]) / max(row["total"], 1) for row in rows}
        for record in self:
            record.progress = 100.0 if record.state == "done" else percent.get(record.id, 0.0)

    @api.depends("error_ids")
    def _compute_error_preview_ids(self):
        errors = self.env["crab.import.error"]
        for record in self:  # a form shows one
            record.error_preview_ids = (
                errors.search([("import_id", "=", record._origin.id)], limit=PREVIEW_ERRORS)
                if record._origin
                else errors
            )

    @api.depends("kind", "file_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.display_name = ": ".join(filter(None, [str(labels.get(record.kind, "")), record.file_name]))

    @api.depends("kind", "file_name")
    @api.depends_context("lang")
    def _compute_file_names(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.template_file_name = self.env._("%(kind)s template.xlsx", kind=labels.get(record.kind, ""))
            record.error_file_name = self.env._("%(file)s bad rows.xlsx", file=PurePath(record.file_name or "").stem)

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_template_file(self):
        for record in self:
            record.template_file = base64.b64encode(record._make_template()) if record.kind else False

    @api.depends("kind")
    @api.depends_context("uid")
    def _compute_may_import(self):
        allowed = self._allowed_kinds()
        for record in self:
            record.may_import = record.kind in allowed

    def _search_may_import(self, operator, value):
        if operator != "in":
            return NotImplemented
        allowed = Domain("kind", "in", self._allowed_kinds())
        domains = {True: allowed, False: ~allowed}
        return Domain.OR(domains[wanted] for wanted in {bool(item) for item in value})

    # ------------------------------------------------------------------ rights

    @api.model
    def _allowed_kinds(self):
        """Kinds that the user may import (``crab.import.kind._groups``); the record rules use it."""
        user = self.env.user
        return [
            kind
            for kind, _label in self._fields["kind"].selection
            if f"crab.import.{kind}" in self.env
            and any(user.has_group(group) for group in self._kind_model(kind)._groups())
        ]

    @api.model
    def _kind_model(self, kind):
        return self.env[f"crab.import.{kind}"]

    @api.model
    def _has_secrets(self, kind):
        return f"crab.import.{kind}" in self.env and any(column.secret for column in self._kind_model(kind)._columns())

    def _check_may_import(self):
        forbidden = set(self.mapped("kind")) - set(self._allowed_kinds())
        if forbidden and not self.env.su:
            labels = dict(self._fields["kind"]._description_selection(self.env))
            raise AccessError(
                self.env._(
                    "You are not allowed to import: %(kinds)s.",
                    kinds=", ".join(str(labels[kind]) for kind in sorted(forbidden)),
                )
            )

    @api.model
    def _check_user_values(self, vals):
        """Results are written by the import alone, not by a user through RPC."""
        if not self.env.su and any(name in self._fields and self._fields[name].readonly for name in vals):
            raise AccessError(self.env._("The result of an import cannot be written."))

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        result = super().fields_get(allfields, attributes)
        if (
            "selection" in result.get("kind", {})
            and not self.env.su
            and not self.env.user.has_group("crab_base.group_auditor")
        ):
            allowed = self._allowed_kinds()
            result["kind"]["selection"] = [item for item in result["kind"]["selection"] if item[0] in allowed]
        return result

    # ------------------------------------------------------------------ create, write, unlink

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_user_values(vals)
        records = super().create([{**vals, "content_hash": self._hash(vals.get("file"))} for vals in vals_list])
        records._check_may_import()
        return records

    def write(self, vals):
        self._check_user_values(vals)
        if not {"file", "kind", "file_name"}.isdisjoint(vals) and any(
            record.state in ("queued", "done") for record in self
        ):
            raise UserError(
                self.env._("This file is being imported or has been imported. Make a new import for another file.")
            )
        if "file" in vals or "kind" in vals:
            self._check_may_import()
            self._drop_errors()
            vals = {**vals, **self._no_result()}
            if "file" in vals:
                vals["content_hash"] = self._hash(vals["file"])
        result = super().write(vals)
        if "kind" in vals:
            self._check_may_import()
        return result

    @api.model
    def _no_result(self):
        return {
            "state": "draft",
            "message": False,
            "count_rows": 0,
            "count_loaded": 0,
            "count_bad": 0,
            "error_file": False,
            "loaded_model": False,
            "loaded_ids": False,
            "finished_at": False,
        }

    @api.model
    def _hash(self, content):
        if not content:
            return False
        self.env["ir.attachment"]._crab_check_upload(content)
        return hashlib.sha256(base64.b64decode(content)).hexdigest()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(record.state in ("queued", "done") for record in self):
            raise UserError(self.env._("An import that is running or done is kept."))

    # ------------------------------------------------------------------ buttons

    def action_import(self):
        """Check the file and load it if every row is good: at once, or as a job when it is big.

        :raise UserError: when there is nothing to do or someone else is doing it
        """
        self.ensure_one()
        self._check_may_import()
        if self.state not in ("draft", "refused", "failed"):
            raise UserError(self.env._("This file is being imported or has been imported."))
        content = self._content()
        if not content:
            raise UserError(self.env._("Choose a file first."))
        self._lock_content()
        if self._is_big(content):
            record_sudo = self.sudo()  # results are not writable for users
            self._drop_errors()
            record_sudo.write({**self._no_result(), "state": "queued"})
            record_sudo.env["crab.import.progress"].search([("import_ref", "=", self.id)]).unlink()
            self.with_delay(
                channel="root.crab_import", identity_key=f"crab.import.{self.id}", description=f"crab.import {self.id}"
            )._run_as_job()
            return True
        self._run(content)
        return True

    def action_reset(self):
        """Take back an import whose job has ended without a result, so that it can be started again."""
        self.ensure_one()
        self._check_may_import()
        if self.state == "queued":
            self._lock_content()
            jobs_sudo = self.env["queue.job"].sudo()  # users of the suite have no rights on jobs
            jobs = jobs_sudo.search(
                [("identity_key", "=", f"crab.import.{self.id}"), ("state", "not in", ("done", "cancelled"))]
            )
            if any(job.state == "started" for job in jobs):
                raise UserError(self.env._("This import is still running. Please wait a moment."))
            jobs.button_cancelled()
            self.sudo().write(self._no_result())
        return True

    def action_refresh(self):
        """Show how far it is: the client reads the record again."""
        return True

    def action_download_template(self):
        """An Excel file with the columns of this kind, an example and explanations."""
        self.ensure_one()
        return self._download("template_file")

    def action_download_errors(self):
        """An Excel file of all bad rows with their reasons, to correct and look at."""
        self.ensure_one()
        return self._download("error_file")

    def action_open_errors(self):
        """All bad rows as a list."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_base.action_crab_import_error"),
            "domain": [("import_id", "=", self.id)],
        }

    def action_open_loaded(self):
        """The records that this import made or changed."""
        self.ensure_one()
        if self.state != "done":
            raise UserError(self.env._("Nothing was loaded by this import."))
        return self._kind_model(self.kind)._action_loaded(self)

    @api.model
    def action_open_import(self):
        """A new import of the kind in the context (``default_kind``): the button “Import” of other lists."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import"),
            "res_model": self._name,
            "views": [(False, "form")],
            "context": {"default_kind": self.env.context.get("default_kind")},
        }

    def _download(self, field):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field}?download=true&filename_field={field}_name",
            "target": "download",
        }

    # ------------------------------------------------------------------ running

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

    def _store_errors(self, reader):
        """Store all bad rows with their reasons, and an Excel file of them with the cells as they are."""
        reasons = {}
        for number, header, reason in dict.fromkeys(reader.errors):
            reasons.setdefault(number, []).append((header or "", str(reason)))
        places = {column.header: place for place, column in enumerate(reader.columns)}
        secret = {place for place, column in enumerate(reader.columns) if column.secret}

        def shown(place, cell):
            return "******" if place in secret and not cells.is_blank(cell) else display(cell)

        def bad_rows():
            found = set()
            for chunk in reader.chunks():
                for number, raw in chunk:
                    if number in reasons:
                        found.add(number)
                        yield number, [shown(place, cell) for place, cell in enumerate(raw)]
            yield from ((number, []) for number in sorted(reasons.keys() - found))

        def store_and_list():
            pending = []
            for number, texts in bad_rows():
                for header, reason in reasons[number]:
                    place = places.get(header)
                    value = texts[place][:64] if place is not None and texts else None
                    pending.append((self.id, number, header or None, value, reason[:1000]))
                if len(pending) >= INSERT_ROWS:
                    self._insert_errors(pending)
                    pending = []
                yield [
                    number,
                    "; ".join(f"{header}: {reason}" if header else reason for header, reason in reasons[number]),
                    *texts,
                ]
            self._insert_errors(pending)

        headers = [self.env._("Row in Excel"), self.env._("Reason"), *places]
        workbook = write_workbook(
            [(self.env._("Bad rows"), headers, store_and_list(), [12, 48, *[18] * len(places)], {})]
        )
        return {
            "state": "refused",
            "count_rows": reader.count,
            "count_bad": len(reasons),
            "error_file": base64.b64encode(workbook),
            "message": self.env._(
                "%(bad)s of %(rows)s rows are bad. Nothing was loaded. "
                "Correct the rows in your file and upload it again.",
                bad=len(reasons),
                rows=reader.count,
            ),
        }

    def _insert_errors(self, rows):
        if rows:
            self.env.cr.execute_values(
                "INSERT INTO crab_import_error (import_id, row_number, header, value, reason) VALUES %s",
                rows,
                page_size=1000,
            )
            self.invalidate_recordset(["error_ids", "error_preview_ids"])

    def _make_template(self):
        columns = self._kind_model(self.kind)._columns()
        label = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        headers = [column.header + ("*" if column.required else "") for column in columns]
        choices = {
            place: column.parser.labels for place, column in enumerate(columns) if hasattr(column.parser, "labels")
        }
        yes, no = self.env._("yes"), self.env._("no")
        explanations = [
            [
                column.header,
                yes if column.required else no,
                "\n".join(filter(None, [column.help, "、".join(choices.get(place, ()))])),
                column.example,
            ]
            for place, column in enumerate(columns)
        ]
        explanations += [[], [self.env._("The first sheet is read. Replace its example row by your own rows.")]]
        explanations += [[self.env._("The columns may stand in any order; one bad row refuses the whole file.")]]
        return write_workbook(
            [
                (str(label), headers, [[str(column.example) for column in columns]], [18] * len(columns), choices),
                (
                    self.env._("How to fill in"),
                    [self.env._("Column"), self.env._("Required"), self.env._("Explanation"), self.env._("Example")],
                    explanations,
                    [18, 8, 60, 24],
                    {},
                ),
            ]
        )
