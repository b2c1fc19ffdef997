import base64

from odoo import models

from ..tools import cells
from ..tools.spreadsheet import display, write_workbook

INSERT_ROWS = 5_000


class CrabImport(models.Model):
    """What an import gives out: its bad rows, as a list and as an Excel file, and the template of its kind."""

    _inherit = "crab.import"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

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
        """A workbook with the columns of the kind and an example row, and a sheet that explains them; as bytes."""
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
