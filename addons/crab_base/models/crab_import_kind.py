from odoo import api, models
from odoo.exceptions import UserError

from ..tools.cells import CellError
from ..tools.spreadsheet import Row, Rows


class CrabImportKind(models.AbstractModel):
    """What an imported file contains and how it is checked and loaded.

    The framework (``crab.import``) reads the file, finds the columns in any order, skips blank rows, parses the
    cells, refuses duplicates of ``unique`` columns, stores every bad row with its Excel row number and reason, and
    loads all rows or none. A kind says the rest. It is an AbstractModel named ``crab.import.<kind>`` and adds
    itself to the selection of ``crab.import``.

    Example::

        from odoo.addons.crab_base.tools import cells
        from odoo.addons.crab_base.tools.spreadsheet import Column

        class CrabImport(models.Model):                         # models/crab_import.py
            _inherit = "crab.import"

            kind = fields.Selection(selection_add=[("brand", "Brands")], ondelete={"brand": "cascade"})

        class CrabImportBrand(models.AbstractModel):            # models/crab_import_brand.py
            _name = "crab.import.brand"
            _inherit = "crab.import.kind"
            _description = "Import of brands"

            @api.model
            def _groups(self):
                return ["crab_base.group_card_keeper"]

            @api.model
            def _columns(self):
                return [
                    Column("编码", "code", cells.code(), required=True, unique=True, example="B01"),
                    Column("名称", "name", cells.text(64), required=True, example="阳澄湖"),
                    Column("上级编码", "parent_code", cells.code(), help=self.env._("May stand in a later row.")),
                    Column("押金", "deposit", cells.amount(), example="100.00"),
                ]

            @api.model
            def _check(self, rows):
                known = set(self.env["brand"].search([("code", "in", [row["code"] for row in rows])]).mapped("code"))
                codes = known | {row["code"] for row in rows}
                errors = [(row.number, "编码", self.env._("is already in use")) for row in rows if row["code"] in known]
                return errors + [
                    (row.number, "上级编码", self.env._("does not exist"))
                    for row in rows if row["parent_code"] and row["parent_code"] not in codes
                ]

            @api.model
            def _load(self, rows):
                return self.env["brand"].create([{"code": row["code"], "name": row["name"]} for row in rows])

    ``row["key"]`` is the parsed value (``None`` for an empty cell or a column that the file does not have),
    ``row.number`` the Excel row. ``rows.bad`` are the rows that already have a bad cell (their bad values are
    ``None``): not loaded, not to be checked, but there for messages that would mislead without them. One bad row
    refuses the whole file, so ``_load`` sees only perfect files.

    Values come exact (``Decimal``, ``date``), texts NFKC-normalised and trimmed. Reasons are phrases that follow
    the header: "编码: is already in use". The environment is the user's: use ``sudo()`` only where the role must not
    have the right itself. The running record is ``self._import()``.
    """

    _name = "crab.import.kind"
    _description = "Kind of import"

    @api.model
    def _import(self):
        """The ``crab.import`` record that is being checked or loaded."""
        return self.env["crab.import"].browse(self.env.context.get("crab_import_id"))

    @api.model
    def _groups(self):
        """External ids of the groups that may import this kind, enforced by the server; others do not see it."""
        return ["crab_base.group_admin"]

    @api.model
    def _columns(self):
        """Columns of the file as a list of ``Column`` (``tools/spreadsheet.py``), in the order of the template."""
        raise NotImplementedError

    @api.model
    def _check(self, rows: Rows):
        """Judge rows whose cells are all readable, in sets.

        :return: ``[(row.number, header or None, reason)]``; a row may appear several times
        """
        return []

    @api.model
    def _load(self, rows: Rows):
        """Create or update records from rows that are all good, in sets; a ``UserError`` undoes everything.

        :return: the records loaded (shown by a button on the import), or their number
        """
        raise NotImplementedError

    @api.model
    def _process_file(self, reader):
        """Check and load a file. Overridden by bulk kinds that stream; everything else of the framework stays.

        A bulk kind reads ``for chunk in reader.chunks(10_000)``: lists of ``(row number, [raw cells in the order
        of _columns()])``, blank rows left out, cells as in the file (see ``cells.as_text``). It calls
        ``reader.add_errors([(row number, header or None, reason)])`` whenever it finds bad rows and
        ``reader.advance(done, total)`` now and then for the progress bar. It may load while it checks: all of it
        runs in one savepoint, which is rolled back if ``reader.has_errors`` at the end or if it raises.

        :return: as ``_load``
        """
        rows = self._parse(reader)
        reader.add_errors(self._check(rows))
        self._refuse_duplicates(reader, rows)
        if reader.has_errors:
            return 0
        return self._load(rows)

    @api.model
    def _action_loaded(self, record):
        """The action that shows what ``record`` (``crab.import``) has loaded: the records that ``_load`` returned."""
        if not record.loaded_ids:
            raise UserError(self.env._("The loaded records cannot be listed here. Look for them in their own menu."))
        return {
            "type": "ir.actions.act_window",
            "name": record.file_name,
            "res_model": record.loaded_model,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", record.loaded_ids)],
        }

    # -- the usual way of a file

    @api.model
    def _parse(self, reader):
        """Read all cells; report those that cannot be read, and empty ones of required columns."""
        columns = [(column.header, column.key, column.parser, column.required) for column in reader.columns]
        missing = self.env._("is missing")
        rows, bad, errors = [], [], []
        for chunk in reader.chunks():
            for number, raw in chunk:
                row, is_bad = Row(number), False
                for (header, key, parser, required), cell in zip(columns, raw, strict=True):
                    try:
                        value = parser(cell)
                    except CellError as error:
                        errors.append((number, header, self.env._(error.reason)))
                        value, is_bad = None, True
                    else:
                        if required and (value is None or value == []):
                            errors.append((number, header, missing))
                            is_bad = True
                    row[key] = value
                (bad if is_bad else rows).append(row)
            reader.advance(chunk[-1][0] // 2)
        reader.add_errors(errors)
        return Rows(rows, bad)

    @api.model
    def _refuse_duplicates(self, reader, rows):
        """Report values of unique columns that an earlier good row has; a bad row does not count as earlier."""
        unique = [column for column in reader.columns if column.unique]
        bad_numbers = {number for number, _header, _reason in reader.errors}
        seen = {column.key: {} for column in unique}
        for row in rows if unique else ():
            if row.number in bad_numbers:
                continue
            errors = [
                (
                    row.number,
                    column.header,
                    self.env._("stands already in row %(row)s", row=seen[column.key][row[column.key]]),
                )
                for column in unique
                if row[column.key] is not None and row[column.key] in seen[column.key]
            ]
            reader.add_errors(errors)
            if not errors:
                for column in unique:
                    seen[column.key][row[column.key]] = row.number
