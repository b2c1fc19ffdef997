"""What a file as a whole may be, and generated dirty files against a checker of their own."""

import csv
import io
import re
import struct
import unicodedata
import zipfile
from datetime import date, datetime, time, timedelta
from unittest.mock import patch

import phonenumbers
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ..tools import cells, spreadsheet
from ..tools.spreadsheet import Column, FileError, Reader
from .common import CrabCase
from .test_import import HEADERS, ImportCase, excel

COLUMNS = [
    Column("编码", "ref", cells.code(8), required=True, unique=True),
    Column("名称", "name", cells.text(40), required=True),
]


def rezip(content, change):
    """The archive with its parts changed by ``change(name, data)``, which gives the data, or name and data."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            new.writestr(*(changed if isinstance(changed, tuple) else (name, changed)))
    return output.getvalue()


def blown_up(content, megabytes):
    """The archive with a sheet that unpacks to so many megabytes of elements, for which any processor needs seconds."""
    name, end, block = "xl/worksheets/sheet1.xml", b"</sheetData>", b"<x/>" * 2**18
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
            for part in old.namelist():
                head, found, tail = old.read(part).partition(end if part == name else b"\0")
                with new.open(part, "w") as target:
                    target.write(head + found)
                    for _megabyte in range(megabytes if found else 0):
                        target.write(block)
                    target.write(tail)
    return output.getvalue()


def sheet_xml(replacements):
    def change(name, data):
        if name == "xl/worksheets/sheet1.xml":
            for old, new in replacements.items():
                assert old in data
                data = data.replace(old, new)
        return data

    return change


class TestReader(CrabCase):
    GOOD = excel(["编码", "名称"], ["A1", "x"], ["A2", "y"])

    def _refusal(self, content, filename="x.xlsx", **options):
        with self.assertRaises(FileError) as caught:
            Reader(COLUMNS, filename, content, **options)
        return self.env._(caught.exception.reason)

    def _read(self, content, filename="x.xlsx", columns=tuple(COLUMNS)):
        return [row for chunk in Reader(columns, filename, content).chunks(2) for row in chunk]

    def test_files_that_are_no_spreadsheet(self):
        self.assertIn("is empty", self._refusal(b""))
        self.assertIn("not an Excel", self._refusal(self.GOOD, "x.pdf"))
        self.assertIn("not an Excel", self._refusal(b"\x89PNG\r\n\x1a\n\x00\x00", "x.csv"))
        self.assertIn("damaged", self._refusal(self.GOOD[: len(self.GOOD) // 2]))
        self.assertIn("damaged", self._refusal(b"PK\x03\x04 not a zip"))
        self.assertIn("damaged", self._refusal(bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 3000, "x.xls"))
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr("letter.txt", "hello")
        self.assertIn("damaged", self._refusal(other.getvalue()))
        self.assertIn("damaged", self._refusal(rezip(self.GOOD, sheet_xml({b"</sheetData>": b"</sheet"}))))

    def test_protected_files(self):
        ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
        self.assertIn("password", self._refusal(ole))

    def test_columns_missing_or_twice(self):
        reason = self._refusal(excel([], ["名称", "备注"], ["x", "y"]))
        self.assertIn("missing in row 2: 编码", reason)
        self.assertIn("“名称” stands twice", self._refusal(excel(["名称", "编码", "名称 *"], ["x"])))
        self.assertIn("first sheet", self._refusal(excel()))
        self.assertIn("first sheet", self._refusal(excel([" "], [" "])))
        self.assertIn("first sheet", self._refusal(b"\n\n", "x.csv"))

    def test_only_headers(self):
        reason = self._refusal(excel([], ["编码", "名称"], [None, None], [" ", "\u3000"]))
        self.assertIn("below the headers in row 2", reason)
        self.assertIn("below the headers in row 1", self._refusal("编码,名称\n,\n".encode(), "x.csv"))
        self.assertEqual(self._read(excel(["编码", "名称"], *[[]] * 9, ["A1", "x"])), [(11, ["A1", "x"])])

    def test_huge_files(self):
        self.assertIn("more than 1 rows", self._refusal(self.GOOD, max_rows=1))
        self.assertIn(
            "more than 2 rows",
            self._refusal(b"\xef\xbb\xbf" + "编码,名称\na,b\na,b\na,b".encode(), "x.csv", max_rows=2),
        )
        bomb = blown_up(self.GOOD, 600)
        self.assertLess(len(bomb), 1_000_000)
        with patch.object(spreadsheet, "SECONDS", 1):
            self.assertIn("unpacks", self._refusal(bomb))
        strings = rezip(self.GOOD, lambda name, data: data + b" " * 3_000_000 if name == "xl/styles.xml" else data)
        with patch.object(spreadsheet, "SECONDS", 0):
            self.assertIn("unpacks", self._refusal(strings))

    def test_whatever_a_sheet_says_of_its_size_the_server_lives(self):
        sheet = "xl/worksheets/sheet1.xml"
        far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        end = b"</sheetData>"
        attacks = {
            "a cell far away": lambda name, data: (name, data.replace(end, far)),
            "with blanks": lambda name, data: (name, data.replace(b'r="B3"', b"r = 'XFD1048576'")),
            "under another case": lambda name, data: ("XL/worksheets/SHEET1.xml", data.replace(end, far)),
            "under another separator": lambda name, data: (name.replace("/", "\\"), data.replace(end, far)),
            "a row far away without cell names": lambda name, data: (
                name,
                data.replace(end, b'<row r="4294967290"><c><v>1</v></c></row>' + end),
            ),
        }
        for attack, change in attacks.items():
            content = rezip(self.GOOD, lambda name, data, change=change: change(name, data) if name == sheet else data)
            self.assertIn("unpacks", self._refusal(content), attack)
        near = excel(["编码", *[None] * 40, "名称"], ["A1", *[None] * 40, "x"])
        self.assertEqual(self._read(near), [(2, ["A1", "x"])])
        self.assertEqual(
            self._read(rezip(self.GOOD, sheet_xml({b'ref="A1:B3"': b'ref="A1:XFD1048576"'}))),
            [(2, ["A1", "x"]), (3, ["A2", "y"])],
        )

    def test_old_excel_with_a_cell_far_away(self):
        book = xlwt.Workbook()
        sheet = book.add_sheet("S")
        sheet.write(0, 0, "编码")
        sheet.write(65_000, 250, 7.25)
        output = io.BytesIO()
        book.save(output)
        record = struct.pack("<HH", 65_000, 250)
        self.assertEqual(output.getvalue().count(record), 1)
        far = output.getvalue().replace(record, struct.pack("<HH", 65_535, 65_535))
        self.assertTrue(self._refusal(far, "x.xls"))

    def test_archive_that_lies_about_its_size(self):
        large = rezip(
            self.GOOD, lambda name, data: data + b" " * 3_000_000 if name == "xl/worksheets/sheet1.xml" else data
        )
        with zipfile.ZipFile(io.BytesIO(large)) as archive:
            size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
        lying = large.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
        self.assertNotEqual(lying, large)
        self.assertIn("damaged", self._refusal(lying))

    def test_excel_errors_are_seen_wherever_they_stand(self):
        error = ("=NA()", "#N/A")
        content = excel([], [None, "编码", "名称"], [error, "A1", error], [], [None, error], [None, None, error])
        self.assertEqual(
            [(number, [str(cell or "") for cell in row]) for number, row in self._read(content)],
            [(3, ["A1", "#N/A"]), (5, ["#N/A", ""]), (6, ["", "#N/A"])],
        )

    def test_cells_of_every_type_come_as_they_are(self):
        output = io.BytesIO()
        workbook = xlsxwriter.Workbook(output)
        sheet, formats = workbook.add_worksheet(), {}
        values = [
            date(2026, 9, 12),
            datetime(2026, 9, 12, 8, 30),
            time(8, 30),
            timedelta(hours=30),
            1.5,
            True,
            "🦀",
        ]
        for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "[h]:mm"):
            formats[code] = workbook.add_format({"num_format": code})
        sheet.write_row(0, 0, ["编码", "名称"])
        for row, (value, code) in enumerate(zip(values, [*formats, None, None, None], strict=True), 1):
            sheet.write(row, 0, f"A{row}")
            sheet.write(row, 1, value, formats.get(code))
        workbook.close()
        read = [row[1] for _number, row in self._read(output.getvalue())]
        self.assertEqual(read[1:], values[1:])
        self.assertEqual(cells.date()(read[0]), values[0])

    def test_ods_with_repeated_cells(self):
        def ods(repeated):
            output = io.BytesIO()
            with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
                archive.writestr(
                    "META-INF/manifest.xml",
                    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
                )
                cell = '<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell>'
                row = "<table:table-row>%s</table:table-row>"
                archive.writestr(
                    "content.xml",
                    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
                    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
                    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
                    '<table:table table:name="S">'
                    + row % (cell % "编码" + cell % "名称")
                    + row % (cell % "A1" + cell % "x")
                    + repeated
                    + "</table:table></office:spreadsheet></office:body></office:document-content>",
                )
            return output.getvalue()

        empty = (
            '<table:table-row table:number-rows-repeated="1048570">'
            '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        )
        self.assertEqual(self._read(ods(empty), "x.ods"), [(2, ["A1", "x"])])
        full = empty.replace('repeated="16384"/>', 'repeated="16384" office:value-type="string"/>')
        self.assertTrue(self._refusal(ods(full), "x.ods"))

    def test_old_excel(self):
        book = xlwt.Workbook()
        sheet = book.add_sheet("S")
        for number, row in enumerate([["编码", "名称"], ["A1", 12.0]]):
            for column, value in enumerate(row):
                sheet.write(number, column, value)
        output = io.BytesIO()
        book.save(output)
        self.assertEqual(self._read(output.getvalue(), "x.xls"), [(2, ["A1", 12.0])])

    def test_row_numbers_are_those_of_excel(self):
        content = excel([], [], [None, "名称", "编码"], [], [None, "x", "A1"], [None, " ", "　"], [None, "y", "A2"])
        self.assertEqual(self._read(content), [(5, ["A1", "x"]), (7, ["A2", "y"])])
        self.assertEqual(
            self._read('编码,名称\n\nA1,"x\ny"\n , \nA2\n'.encode(), "x.csv"), [(3, ["A1", "x\ny"]), (5, ["A2", None])]
        )

    def test_csv_that_cannot_be_read(self):
        for bad in ("x" * 40_000 + ",y\n", "x," * 3_000_000, '"\n",' * 1_500_000, '"' + "x\n" * 100_000):
            with self.subTest(bad[:4]), self.assertRaises(FileError) as caught:
                self._read(f"编码,名称\n{bad}".encode(), "x.csv")
            self.assertIn("CSV", self.env._(caught.exception.reason))


class TestCells(CrabCase):
    def test_numbers_beyond_all_bounds_are_refused(self):
        for parse in (cells.amount(), cells.ratio(), cells.integer(), cells.decimal(2), cells.decimal(None, -90, 90)):
            for value in (1e300, -1e300, float("nan"), float("inf"), "NaN", "1e5", "9" * 40, "0x10"):
                with self.subTest(value), self.assertRaises(cells.CellError):
                    parse(value)

    def test_marks_that_nobody_sees_do_not_count(self):
        self.assertEqual(cells.phone()("\u202a136 2996 8745\u202c"), "+8613629968745")
        self.assertEqual(cells.code()("\ufeffA1\u200b"), "A1")
        self.assertTrue(cells.is_blank("\u200b "))
        self.assertIsNone(cells.text()("\u2060"))

    def test_chinese_mobiles_are_read_as_the_library_reads_them(self):
        parse = cells.phone()
        for start in range(100, 200):
            for rest in ("00000000", "12345678", "99999999"):
                text = f"{start}{rest}"
                number = phonenumbers.parse(text, "CN")
                if phonenumbers.is_valid_number(number):
                    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                    self.assertEqual((parse(text), parse("+86" + text)), (expected, expected))
                else:
                    with self.assertRaises(cells.CellError):
                        parse(text)

    def test_letters_are_no_digits_of_a_phone_number(self):
        for value in ("1362996VIP5", "13629968745x", "tel:13629968745", "13629968745;ext=5", "13629968745/110"):
            with self.subTest(value), self.assertRaises(cells.CellError):
                cells.phone()(value)


# What a person may have typed: dirt of every kind, biased to what is nearly right.
NAMES = st.sampled_from(
    [
        "",
        " ",
        "x",
        "阳澄湖",
        "=1+1",
        "@SUM(A1)",
        "-1",
        "<script>alert(1)</script>",
        "'; DROP TABLE x;--",
        "n" * 40,
        "n" * 41,
        "　x　",
    ]
)
CODES = st.sampled_from(
    [
        "",
        "A1",
        "a1",
        " Ａ1 ",
        "A2",
        "A-3",
        "A 3",
        "=1+1",
        "1.23457E+15",
        "123456789",
        "中文",
        "é1",
        1,
        1.0,
        1.5,
        10**9,
        True,
        date(2026, 1, 1),
    ]
)
AMOUNTS = st.sampled_from(
    [
        "",
        "0",
        "12.5",
        "12.50",
        "12.505",
        "-1",
        "-0",
        "1e5",
        "1,000",
        "１２",
        "abc",
        "9" * 40,
        "NaN",
        "inf",
        0,
        12.5,
        0.1,
        -3,
        1e300,
        9999999999.99,
        1e10,
        True,
    ]
)
DATES = st.sampled_from(
    [
        "",
        "2026-09-12",
        "2026/9/1",
        "2026年9月1日",
        "2026-02-29",
        "20260912",
        "09/12/2026",
        46000,
        date(2024, 2, 29),
        "1899-12-31",
    ]
)
QUANTITIES = st.sampled_from(["", "1", "1000", "1001", "0", "1.0", "1.5", "-1", "x", 1, 1000.0, 0.5, 10**12])
TYPES = st.sampled_from(["", "收货", "开票", " 收货 ", "收", "delivery", 1])
PHONES = st.sampled_from(
    [
        "",
        "13629968745",
        "+8613629968745",
        "136 2996 8745",
        "１３６２９９６８７４５",
        "123",
        "13629968745x",
        13629968745,
        13629968745.0,
        "+4915112345678",
        "110",
    ]
)
ROWS = st.lists(st.tuples(CODES, NAMES, PHONES, TYPES, AMOUNTS, DATES, QUANTITIES), max_size=12)


def judge(rows, is_csv):
    """Numbers of the bad rows of a file, after the rules as the specification words them; knows nothing of the
    product's code.
    """

    def text(value):
        if isinstance(value, (bool, date)) or (isinstance(value, float) and value != int(value)):
            return None
        return unicodedata.normalize("NFKC", str(int(value) if isinstance(value, (int, float)) else value)).strip()

    def number(value):
        if isinstance(value, (bool, date)):
            return None
        value = (
            value
            if isinstance(value, str)
            else format(value, "f" if isinstance(value, float) and value == int(value) else "")
        )
        value = unicodedata.normalize("NFKC", value).strip().replace(",", "")
        whole, _point, part = value.lstrip("+-").partition(".")
        if not re.fullmatch(r"[0-9]{1,320}", whole) or not re.fullmatch(r"[0-9]*", part) or len(whole) > 30:
            return None
        return (-1 if value.startswith("-") else 1) * int(whole + part.ljust(4, "0")[:4] or "0"), part.rstrip("0")

    def is_day(value):
        if isinstance(value, date):
            return True
        match = isinstance(value, str) and re.fullmatch(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?", value)
        try:
            return bool(match) and date(*map(int, match.groups())).year >= 1900
        except ValueError:
            return False

    bad, seen = [], set()
    for position, row in enumerate(rows):
        if is_csv:
            row = tuple(str(value) for value in row)
        if all(isinstance(value, str) and not unicodedata.normalize("NFKC", value).strip() for value in row):
            continue
        code, name, phone, kind, amount, day, quantity = row
        code, name, phone, kind = text(code), text(name), text(phone), text(kind)
        code = code and code.upper()
        good = bool(code and len(code) <= 8 and all(mark.isalnum() or mark in "-_./#" for mark in code))
        good &= bool(name and len(name) <= 40)
        good &= phone is not None and phone.replace(" ", "") in ("", "13629968745", "+8613629968745", "+4915112345678")
        good &= kind in ("", "收货", "开票")
        value = number(amount)
        good &= amount == "" or bool(value and 0 <= value[0] <= 99_999_999_999_900 and len(value[1]) <= 2)
        good &= day == "" or is_day(day)
        value = number(quantity)
        good &= quantity == "" or bool(value and not value[1] and 10_000 <= value[0] <= 10_000_000)
        good &= code not in seen
        if good:
            seen.add(code)
        else:
            bad.append(position + 2)
    return bad, "done" if seen and not bad else "refused"


class TestDirtyFiles(ImportCase):
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rows=ROWS, order=st.permutations(range(len(HEADERS))), is_csv=st.booleans())
    @example(
        rows=[("A1", "x", "", "", "", "", ""), (1, "n", 13629968745, "收货", 12.5, date(2024, 2, 29), 1)],
        order=list(range(7)),
        is_csv=False,
    )
    def test_generated_files_are_judged_as_an_independent_checker_does(self, rows, order, is_csv):
        ordered = [[row[place] for place in order] for row in [HEADERS, *rows]]
        if is_csv:
            output = io.StringIO()
            csv.writer(output).writerows(ordered)
            content = output.getvalue().encode("utf-8-sig")
        else:
            content = excel(*ordered)
        savepoint = self.env.cr.savepoint()
        try:
            record = self._run(content, filename="x.csv" if is_csv else "x.xlsx")
            self.assertEqual((record.error_rows, record.state), judge(rows, is_csv), record.error_ids.mapped("reason"))
        finally:
            savepoint.close(rollback=True)
