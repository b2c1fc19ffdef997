import base64
import csv
import io
import os
import re
import unicodedata
from pathlib import Path
from unittest.mock import patch

import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from ..tools import keyring
from .common import CardCase

SEASON = Path(__file__).parents[3] / "tests" / "data" / "season"
HEADERS = ("卡号", "卡密", "卡编码")


def workbook(rows, headers=HEADERS):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row_number, row in enumerate([headers, *rows]):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(row_number, column, cell)
                elif cell is not None:
                    sheet.write_number(row_number, column, cell)
    return content.getvalue()


def csv_file(rows, headers=HEADERS):
    text = io.StringIO()
    csv.writer(text).writerows([headers, *([("" if cell is None else cell) for cell in row] for row in rows)])
    return text.getvalue().encode("utf-8-sig")


def judge(rows, codes, register):
    """What an independent reader of the rules finds: good ``{number: password}`` and the Excel rows that are bad."""

    def text(cell):
        if isinstance(cell, float):
            cell = int(cell) if cell == int(cell) else "no integer!"
        return unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip()

    good, bad = {}, []
    for row_number, row in enumerate(rows, start=2):
        number, password, code = (text(cell) for cell in row)
        number = number.upper()
        if not (number or password or code):
            continue
        if (
            re.fullmatch("[A-Z0-9]{6,32}", number)
            and re.fullmatch("[A-Za-z0-9]{4,32}", password)
            and code in codes
            and number not in good
            and number not in register
        ):
            good[number] = password
        else:
            bad.append(row_number)
    return good, bad


class TestImportCards(CardCase):
    def _import(self, content, name="numbers.xlsx", user=None, kind="card"):
        imports = self.env["crab.import"].with_user(user) if user else self.env["crab.import"]
        return imports._run_file(kind, name, content)

    @covers("HQ-28", "import of numbers", via="import")
    def test_the_files_of_the_season(self):
        for code in ("CARD001", "CARD003", "CARD004", "CARD008"):
            if not self.env["product.product"].search_count([("default_code", "=", code)]):
                self._new_card_product(code, 298)
        keeper = self._new_user("import-keeper", "card_keeper")
        for name, count in (("card-numbers-01.xlsx", 20_000), ("card-numbers-02.xlsx", 15_000)):
            record = self._import((SEASON / name).read_bytes(), name, keeper)
            self.assertEqual((record.state, record.count_loaded, record.error_rows), ("done", count, []))
        record = self._import((SEASON / "card-numbers-bad.xlsx").read_bytes(), "bad.xlsx", keeper)
        self.assertEqual((record.state, record.error_rows), ("refused", [7, 11, 14, 23, 32, 35, 38, 42]))
        self.assertFalse(self.env["crab.card"].search_count([("number", "=like", "YC26D%")]))
        Card = self.env["crab.card"]
        self.assertEqual(Card._check_password("YC26A0000001", "28791535").number, "YC26A0000001")
        self.assertFalse(Card._check_password("YC26A0000002", "28791535"))
        card = Card.search([("number", "=", "YC26B0000001")])
        self.assertEqual((card.state, card.holder_kind, card.company_id), ("inactive", "platform", self.group))
        self.assertEqual(card.event_ids.mapped("event"), ["import"])
        self.assertEqual((card.event_ids.actor_kind, card.event_ids.actor_id), ("user", keeper.id))
        self.assertFalse(self.env["crab.card.event"]._verify_chain())
        self.assertFalse(self.env["crab.card"]._compare_with_stock())
        self.assertEqual(card.product_id.qty_available, 10_000)

    @covers("HQ-28", "import of numbers", via="import")
    def test_a_role_without_the_right_imports_nothing(self):
        for role in ("finance", "warehouse", "customer_service", "sales_rep", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._import(workbook([["AB000001", "1234", "TESTCARD"]]), user=self._new_user(f"import-{role}", role))

    def test_csv_and_excel_are_read_alike_in_any_column_order(self):
        rows = [["TESTCARD", "ab000001", "Ｐass１234", ""], ["", " ", "", ""], ["TESTCARD", 12345678, 87654321, "note"]]
        for file, name in (
            (workbook(rows, ["卡编码", "卡号", "卡密", "备注"]), "a.xlsx"),
            (csv_file(rows, ["卡编码", "卡号", "卡密", "备注"]), "a.csv"),
        ):
            with self.subTest(name), self.cr.savepoint() as savepoint:
                self.assertEqual(self._import(file, name).state, "done")
                check = self.env["crab.card"]._check_password
                self.assertEqual(check("AB000001", "Pass1234").number, "AB000001")
                self.assertEqual(check("12345678", "87654321").number, "12345678")
                savepoint.rollback()

    def test_reasons_name_row_and_column(self):
        self._new_cards(1)
        record = self._import(
            workbook(
                [
                    ["AB000001", "1234", "TESTCARD"],
                    ["ab000001", "1234", "TESTCARD"],
                    ["T00000001", "1234", "TESTCARD"],
                    ["AB1", "1", "NOCARD"],
                    ["AB000003", "1234", "PKG-TESTCARD"],
                    [12345678.5, "1234", "TESTCARD"],
                    ["AB000004", "", "TESTCARD"],
                ]
            )
        )
        found = {(error.row_number, error.header): error.reason for error in record.error_ids}
        self.assertEqual(
            found,
            {
                (3, "卡号"): "stands in an earlier row of the file",
                (4, "卡号"): "is in the register already",
                (5, "卡号"): "must be 6 to 32 letters and digits",
                (5, "卡密"): "must be 4 to 32 letters and digits",
                (5, "卡编码"): "is no physical card of the catalogue",
                (6, "卡编码"): "is no physical card of the catalogue",
                (7, "卡号"): "is a number with decimals; format the cell as text",
                (8, "卡密"): "is missing",
            },
        )

    def test_no_password_stays_in_the_database(self):
        record = self._import(workbook([["AB000001", "SecretPw1", "TESTCARD"], ["AB000001", "SecretPw2", "TESTCARD"]]))
        self.assertEqual(record.state, "refused")
        self.assertFalse(record.file)
        self.assertFalse(record.error_ids.filtered(lambda error: "Secret" in (error.value or "")))
        self.assertNotIn(b"SecretPw", record.with_context(bin_size=False).error_file)

    def test_without_keys_nothing_is_imported(self):
        with patch.dict(os.environ, {keyring.ENVIRONMENT: "/nonexistent"}):
            record = self._import(workbook([["AB000001", "1234", "TESTCARD"]]))
        self.assertEqual(record.state, "failed")
        self.assertIn("inform the operator", record.message)
        self.assertFalse(self.env["crab.card"].search_count([("number", "=", "AB000001")]))

    def test_stock_of_each_card_product_grows_by_its_numbers(self):
        other = self._new_card_product("OTHERCARD", 500)
        rows = [[f"AB{serial:06}", "1234", "TESTCARD" if serial % 3 else "OTHERCARD"] for serial in range(30)]
        self.assertEqual(self._import(workbook(rows)).state, "done")
        self.assertEqual((self.card_product.qty_available, other.qty_available), (20, 10))
        batch = self.env["crab.card"].search([("number", "=", "AB000001")]).batch_id
        self.assertEqual(batch.product_ids, self.card_product | other)
        self.assertFalse(self.env["crab.card"]._compare_with_stock())
        self.env["product.product"]._crab_adjust_stock({other: 9})
        self.assertEqual(
            self.env["crab.card"]._compare_with_stock(),
            [{"product_id": other.id, "numbers": 10, "stock": 9.0, "difference": -1.0}],
        )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def test_dirty_files_are_judged_like_an_independent_reader_does(self, data):
        spoiled = [
            "",
            " ",
            "AB1",
            "AB00000１",
            " ab000002 ",
            "ＡＢ000003",
            "AB000004'; --",
            "=1+1",
            "1E+15",
            "AB 00005",
            "ß" * 6,
            "卡号卡号卡号",
            "A" * 33,
            "A" * 32,
            123456,
            1234.5,
            1e15,
            "T00000001",
            "t00000002\u3000",
            "\u200bAB000006",
        ]
        number = st.one_of(st.sampled_from([f"AB{serial:06}" for serial in range(8)]), st.sampled_from(spoiled))
        password = st.one_of(
            st.just("12345678"),
            st.sampled_from(
                ["", "123", "1234", "a" * 32, "a" * 33, "密码密码", 12345678, 0.5, "１２３４", "=1+1", "12 34"]
            ),
        )
        code = st.one_of(
            st.just("TESTCARD"),
            st.sampled_from(["", "TESTCARD ", "ＴＥＳＴＣＡＲＤ", "testcard", "NOCARD", "PKG-TESTCARD", 7]),
        )
        rows = data.draw(st.lists(st.tuples(number, password, code), min_size=1, max_size=12))
        if not any(str(cell).strip() for row in rows for cell in row):
            return
        order = data.draw(st.permutations(range(3)))
        is_csv = data.draw(st.booleans())
        if is_csv:  # there a number is its text
            rows = [[str(cell) for cell in row] for row in rows]
        good, bad = judge(rows, {"TESTCARD"}, {"T00000001", "T00000002"})
        file = (csv_file if is_csv else workbook)(
            [[row[place] for place in order] for row in rows], [HEADERS[place] for place in order]
        )
        with self.cr.savepoint() as savepoint:
            self._new_cards(2)
            record = self._import(file, "dirty.csv" if is_csv else "dirty.xlsx")
            self.assertEqual(record.error_rows, bad, record.message)
            if not bad:
                self.assertEqual(record.count_loaded, len(good))
                for number, password in good.items():
                    self.assertEqual(self.env["crab.card"]._check_password(number, password).number, number)
            savepoint.rollback()
        self.env.invalidate_all()


class TestImportVip(CardCase):
    def test_finished_numbers_are_not_marked(self):
        cards = self._new_cards(3)
        cards[1]._cancel(cards.batch_id)
        record = self.env["crab.import"]._run_file(
            "card_vip", "vip.xlsx", workbook([["T00000001"], ["T00000002"]], ["卡号"])
        )
        self.assertEqual((record.state, record.error_rows), ("refused", [3]))
        self.assertFalse(any(cards.mapped("is_vip")))

    @covers("HQ-32", "mark from Excel", via="web")
    def test_marks_from_excel(self):
        self._new_cards(5)
        keeper = self._new_user("vip-keeper", "card_keeper")
        imports = self.env["crab.import"].with_user(keeper)
        with Form(imports.with_context(default_kind="card_vip", default_file_name="vip.xlsx")) as form:
            form.file = base64.b64encode(workbook([["t00000001"], ["T00000003"]], ["卡号"]))
        record = form.record
        record.action_import()
        self.assertEqual(record.state, "done", record.message)
        vip = self.env["crab.card"].search([("is_vip", "=", True)])
        self.assertEqual(vip.mapped("number"), ["T00000001", "T00000003"])
        self.assertEqual(vip[0].event_ids.mapped("event"), ["import", "vip"])
        record = imports._run_file(
            "card_vip", "vip2.xlsx", workbook([["T00000001", "否"], ["T00000002", "是"]], ["卡号", "贵宾卡"])
        )
        self.assertEqual(record.state, "done", record.message)
        vip = self.env["crab.card"].search([("is_vip", "=", True)])
        self.assertEqual(vip.mapped("number"), ["T00000002", "T00000003"])
        record = imports._run_file("card_vip", "vip3.xlsx", workbook([["T00000004"], ["T00000099"]], ["卡号"]))
        self.assertEqual(record.error_rows, [3])
        self.assertEqual(len(self.env["crab.card"].search([("is_vip", "=", True)])), 2)
