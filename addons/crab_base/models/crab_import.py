import base64
import hashlib
from pathlib import PurePath

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

PREVIEW_ERRORS = 100


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
