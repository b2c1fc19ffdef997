import io
from operator import itemgetter

from psycopg2 import errors as sql_errors

from odoo import api, models
from odoo.exceptions import ConcurrencyError

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column
from odoo.addons.queue_job.exception import RetryableJobError

from ..tools import normalise

ROWS_AT_ONCE = 20_000


class _BadRow(Exception):
    """Ends the loading of a file with bad rows."""


class CrabImportCard(models.AbstractModel):
    """Numbers of printed cards with passwords, streamed: file → check → hash → COPY into the register."""

    _name = "crab.import.card"
    _inherit = "crab.import.kind"
    _description = "Import of card numbers"
    _issuer = "group"

    @api.model
    def _groups(self):
        return ["crab_base.group_admin", "crab_base.group_card_keeper"]

    @api.model
    def _columns(self):
        return [
            Column("卡号", "number", cells.text(32), required=True, unique=True, example="YC26A0000001",
                   help=self.env._("6 to 32 capital letters and digits; unique for ever.")),
            Column("卡密", "password", cells.text(32), required=True, secret=True, example="28791535",
                   help=self.env._("4 to 32 letters and digits. Only a keyed hash of it is kept.")),
            Column("卡编码", "code", cells.text(64), required=True, example="CARD001",
                   help=self.env._("The code of an existing physical card.")),
        ]  # fmt: skip

    @api.model
    def _process_file(self, reader):
        """Load the file as if it were good; only where it is not, read it again to list what is wrong with it."""
        ring = self.env["crab.card.key"]._ring()
        products = self._product_ids()
        try:
            with self.env.cr.savepoint():
                return self._load_rows(reader, ring, products)
        except (_BadRow, sql_errors.UniqueViolation) as exc:
            self._list_errors(reader, products)
            if not reader.has_errors:  # another file brought its numbers meanwhile: judge again, with what is now
                raise self._once_more() from exc
        return 0

    @api.model
    def _load_rows(self, reader, ring, products):
        """Bring the numbers into the register, part by part, and the same quantities into stock.

        :raise _BadRow: at the first part with one
        :raise psycopg2.errors.UniqueViolation: when a number stands twice in the file or is in the register already
        """
        record, keys, digest = self._import(), self.env["crab.card.key"], ring.hasher()
        batch_sudo = self.env["crab.card.batch"]._open(
            {"name": record.file_name or record.display_name, "source": "import", "import_id": record.id}, self._issuer
        )
        values = {"kind": "physical", "company_id": batch_sudo.company_id.id, "batch_id": batch_sudo.id}
        values["key_id"] = keys._current(ring).id
        count, found = 0, set()
        for chunk in reader.chunks(ROWS_AT_ONCE):
            rows, errors = self._judge(chunk, products)
            if errors:
                raise _BadRow
            rows.sort(key=itemgetter(1))  # what comes in order is inserted faster
            hashed = (
                (number, product_id, digest(number + "\0" + password)) for _row, number, password, product_id in rows
            )
            self.env["crab.card"]._copy_numbers("import", len(rows), hashed, values, document=batch_sudo)
            count += len(rows)
            found.update(row[-1] for row in rows)
            reader.advance(count)
        self.env["crab.card"]._analyze(count)
        batch_sudo.write({"count": count, "product_ids": list(found)})
        batch_sudo._receive_stock()
        return count

    @api.model
    def _list_errors(self, reader, products):
        """Report every bad row of the file, with numbers that stand twice in it or are in the register already."""
        self.env.cr.execute(
            """
            DROP TABLE IF EXISTS crab_card_stage;
            CREATE TEMPORARY TABLE crab_card_stage (row_number integer, number varchar(32) COLLATE "C") ON COMMIT DROP
            """
        )
        for chunk in reader.chunks(ROWS_AT_ONCE):
            rows, errors = self._judge(chunk, products)
            reader.add_errors(errors)
            lines = "".join(f"{row_number}\t{number}\n" for row_number, number, *_others in rows)
            self.env.cr.copy_expert("COPY crab_card_stage FROM STDIN", io.StringIO(lines))
        self.env.cr.execute("ANALYZE crab_card_stage")
        reader.add_errors(self._duplicates())

    @api.model
    def _judge(self, chunk, products):
        """Check one part of the file.

        :return: the good rows as ``(row number, number, password, product's id)``, and the errors of the bad ones
        """
        is_number, is_password, as_text = normalise.NUMBER.fullmatch, normalise.PASSWORD.fullmatch, self._as_text

        def is_good(number, password):
            return type(number) is type(password) is str and is_number(number) and is_password(password)

        good, errors = [], []
        for row_number, raw in chunk:
            number, password, code = raw
            if not (is_good(number, password) and code in products):  # most cells need no second look
                try:
                    number, password, code = as_text(number).upper(), as_text(password), as_text(code)
                except cells.CellError:
                    number = ""
                if not (is_good(number, password) and code in products):
                    errors += self._errors(row_number, raw, products)
                    continue
            good.append((row_number, number, password, products[code]))
        return good, errors

    @api.model
    def _as_text(self, cell):
        """A cell in the spelling that redeeming and binding use; other imports forgive more (invisible marks)."""
        return normalise.text(cell) if isinstance(cell, str) else cells.as_text(cell)

    @api.model
    def _errors(self, row_number, raw, products):
        """Why this row is bad, cell by cell."""
        tests = (
            (
                "卡号",
                lambda text: normalise.NUMBER.fullmatch(text.upper()),
                self.env._("must be 6 to 32 letters and digits"),
            ),
            ("卡密", normalise.PASSWORD.fullmatch, self.env._("must be 4 to 32 letters and digits")),
            ("卡编码", products.__contains__, self.env._("is no physical card of the catalogue")),
        )
        errors = []
        for (header, is_good, reason), cell in zip(tests, raw, strict=True):
            try:
                text = self._as_text(cell)
            except cells.CellError as exc:
                errors.append((row_number, header, self.env._(exc.reason)))
                continue
            if not text:
                errors.append((row_number, header, self.env._("is missing")))
            elif not is_good(text):
                errors.append((row_number, header, reason))
        return errors

    @api.model
    def _product_ids(self):
        products_sudo = self.env["product.product"].sudo()  # their codes are no secret
        return {
            product.default_code: product.id for product in products_sudo.search([("crab_kind", "=", "physical_card")])
        }

    @api.model
    def _duplicates(self):
        self.env.cr.execute(
            """
            SELECT row_number, false FROM (
                SELECT row_number, number, min(row_number) OVER (PARTITION BY number) AS first_row FROM crab_card_stage
                 WHERE number IN (SELECT number FROM crab_card_stage GROUP BY number HAVING count(*) > 1)
            ) twice WHERE row_number > first_row
            UNION ALL
            SELECT s.row_number, true FROM crab_card_stage s JOIN crab_card c ON c.number = s.number
            """
        )
        in_file, in_register = (
            self.env._("stands in an earlier row of the file"),
            self.env._("is in the register already"),
        )
        return [(row, "卡号", in_register if is_known else in_file) for row, is_known in self.env.cr.fetchall()]

    @api.model
    def _once_more(self):
        message = self.env._("The register has changed meanwhile.")
        is_job = self.env.context.get("crab_import_job")
        return RetryableJobError(message, seconds=1, ignore_retry=True) if is_job else ConcurrencyError(message)

    @api.model
    def _action_loaded(self, record):
        batch = self.env["crab.card.batch"].search([("import_id", "=", record.id)], limit=1)
        return batch.action_open_cards()
