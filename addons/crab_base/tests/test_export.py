"""What somebody wrote never runs in the spreadsheet of who exports it."""

import io
import json
import zipfile

from odoo import http
from odoo.tests import HttpCase

from .common import CrabCase

EVIL = ("=HYPERLINK(A1)", "+1+1", "-1+1", "@SUM(1+1)*9", "\t=1+1", "http://example.com")


class TestExport(HttpCase, CrabCase):
    def setUp(self):
        super().setUp()
        self.partners = self.env["res.partner"].create([{"name": "x", "comment": text, "ref": text} for text in EVIL])
        self._new_user("exporter", "admin")
        self.authenticate("exporter", "exporter-Password1")

    def _export(self, kind):
        data = {
            "model": "res.partner",
            "fields": [{"name": "ref", "label": "Reference", "type": "char"}],
            "ids": self.partners.ids,
            "domain": [],
            "groupby": [],
            "import_compat": False,
            "context": {},
        }
        response = self.url_open(
            f"/web/export/{kind}", data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
        )
        response.raise_for_status()
        return response.content

    def test_excel_holds_no_formula_and_no_link(self):
        with zipfile.ZipFile(io.BytesIO(self._export("xlsx"))) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml")
            self.assertIn(EVIL[0].encode(), archive.read("xl/sharedStrings.xml"))
        self.assertNotIn(b"<f>", sheet)
        self.assertNotIn(b"hyperlink", sheet)

    def test_csv_holds_no_formula(self):
        cells = self._export("csv").decode().splitlines()[1:]
        self.assertEqual(len(cells), len(EVIL))
        for cell in cells[:-1]:
            self.assertTrue(cell.startswith("\"'"), cell)
