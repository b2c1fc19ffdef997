"""Spreadsheets that people upload: columns, rows, a safe and fast reader, and writing of Excel files."""

import base64
import csv
import io
import json
import mmap
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter

from odoo.tools.translate import LazyTranslate

from . import cells, read_sheet

_lt = LazyTranslate(__name__)

EXTENSIONS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".txt")
SECONDS, SECONDS_PER_MB = 20, 3  # processor time to read a workbook
_EXCEL_ROWS = 1_048_000
_CELL_TEXT = 32_767  # as much as an Excel cell holds
_CSV_RECORD = 4 * 2**20  # characters of one row, all its lines together
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FORMULA = tuple("=+-@\t\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1")
_DECODED = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda seconds: timedelta(seconds=seconds),
    "error": lambda _value: cells.ERROR,
}


class FileError(ValueError):
    """The file as a whole cannot be accepted; ``reason`` is a lazy translation (``env._(error.reason)``)."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def decode_upload(value):
    """The bytes of a file as a form or an RPC call sends it.

    :raise FileError: when it is no base64
    """
    try:
        content = value.encode() if isinstance(value, str) else value
        return base64.b64decode(b"".join(content.split()), validate=True)
    except (ValueError, AttributeError) as exc:
        raise FileError(_lt("The file did not arrive undamaged. Choose it again.")) from exc


@dataclass(frozen=True)
class Column:
    """A column of an imported file.

    ``header`` is part of the file format, in Chinese whatever the user's language; ``key`` the name in the row;
    ``parser`` one of ``tools/cells.py``. ``required``: no cell may be empty. ``unique``: no value may stand in an
    earlier good row of the same file. ``must_exist``: the file needs the column (default: if it is required).
    ``aliases``: other accepted headers. ``secret``: values are never stored or shown, and the uploaded file is
    deleted once it was processed. ``example`` and ``help`` (translated) are for the template.
    """

    header: str
    key: str
    parser: Callable[[Any], Any]
    required: bool = False
    unique: bool = False
    example: Any = ""
    help: str = ""
    must_exist: bool | None = None
    aliases: tuple[str, ...] = ()
    secret: bool = False

    @property
    def is_needed(self):
        """Whether a file without this column is refused."""
        return self.required if self.must_exist is None else self.must_exist


class Row(dict):
    """Parsed cells by column key; ``number`` is the row's number in Excel."""

    __slots__ = ("number",)

    def __init__(self, number, values=()):
        super().__init__(values)
        self.number = number


class Rows(list):
    """Rows whose cells could all be read; ``bad`` lists the others, with ``None`` for what could not."""

    def __init__(self, rows=(), bad=()):
        super().__init__(rows)
        self.bad = list(bad)


class Reader:
    """The rows of the first sheet of an uploaded file, with what is found wrong with them.

    :param columns: what the file should have, in any order
    :param max_rows: more rows than this are refused
    :param on_advance: called as ``on_advance(done, total)``
    :raise FileError: when the file cannot be read, lacks a column or has no row below the header
    """

    def __init__(self, columns, filename, content, max_rows=2_000_000, on_advance=None):
        self.columns = columns
        self.errors = []
        self.count = 0  # rows that are not blank, known once the file was read to its end
        self._on_advance = on_advance
        self.total, self._rows = self._open(filename or "", content)
        if self.total > max_rows:
            raise FileError(_lt("The file has more than %(rows)s rows. Split it into several files.", rows=max_rows))
        self._header_row, self.ignored, self._positions = self._find_columns()
        if next(self.chunks(), None) is None:
            raise FileError(
                _lt("Nothing stands below the headers in row %(row)s. Fill in at least one row.", row=self._header_row)
            )

    # -- what kinds use

    @property
    def has_errors(self):
        return bool(self.errors)

    def chunks(self, size=5000):
        """Rows below the header as lists of ``(row number, [raw cells in the order of the columns])``, without
        blank rows.

        Raw cells are text (as in the file), int, float, bool, date, datetime, ``None`` or an Excel error;
        ``cells.as_text`` reads them. May be read several times.
        """
        positions, is_blank = self._positions, cells.is_blank
        needed = max((place for place in positions if place is not None), default=-1) + 1
        is_plain = positions == list(range(needed))
        rows = self._rows()
        for number, _raw in rows:
            if number == self._header_row:
                break

        def is_empty(raw):
            first = raw[0] if raw else None
            if type(first) is str and first.strip():  # nearly all rows end here
                return False
            return all(map(is_blank, raw))

        def placed(raw):
            width = len(raw)
            return [None if place is None or place >= width else raw[place] for place in positions]

        count = 0
        while block := list(islice(rows, size)):
            chunk = [line for line in block if not is_empty(line[1])]
            if not is_plain or any(len(raw) != needed for _number, raw in chunk):
                chunk = [(number, placed(raw)) for number, raw in chunk]
            count += len(chunk)
            if chunk:
                yield chunk
        self.count = count

    def add_errors(self, errors):
        """Report bad rows: ``(row number, header or None, reason)`` each."""
        self.errors.extend(errors)

    def advance(self, done, total=None):
        """Say how many rows are done, for the progress bar."""
        if self._on_advance:
            self._on_advance(done, total or self.total)

    # -- reading

    def _open(self, filename, content):
        """About how many rows stand below the header, and a function that gives all rows: ``(number, raw cells)``."""
        if not content:
            raise FileError(_lt("The file is empty."))
        if filename and not filename.lower().endswith(EXTENSIONS):
            raise FileError(
                _lt("This is not an Excel or CSV file. Upload a file that ends in .xlsx, .xls, .ods or .csv.")
            )
        if content.startswith((_ZIP, _OLE)):
            return self._open_workbook(content)
        return self._open_csv(content)

    def _open_workbook(self, content):
        """Rows by ``read_sheet.py``, in memory that has no name on any disk."""
        large = _lt("The file unpacks to far more than an import may hold. Save only the needed cells in a new file.")
        reasons = {
            "password": _lt("The file is protected by a password. Save it without one."),
            "no sheet": _lt("The file has no sheet."),
            "empty": _lt("The first sheet of the file is empty."),
            "damaged": _lt("The file is damaged or not an Excel file. Open it in Excel, save it again as .xlsx."),
        }
        if content.startswith(_OLE) and _ENCRYPTED in content:
            raise FileError(reasons["password"])
        seconds = SECONDS + len(content) * SECONDS_PER_MB // 10**6
        libraries = str(Path(python_calamine.__file__).parent.parent)
        with open(os.memfd_create("sheet"), "w+b") as output:
            try:
                status = subprocess.run(
                    [sys.executable, "-I", "-S", read_sheet.__file__, libraries, str(seconds)],
                    input=content,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                    timeout=10 * seconds,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired as exc:
                raise FileError(large) from exc
            if status:
                reason = next((reason for reason, end in read_sheet.STATUS.items() if end == status), None)
                raise FileError(reasons.get(reason, large))
            self._lines = mmap.mmap(output.fileno(), 0, access=mmap.ACCESS_READ)
        return int(next(self._sheet_lines())), self._sheet_rows

    def _sheet_lines(self):
        start = 0
        while (end := self._lines.find(b"\n", start)) >= 0:
            yield self._lines[start:end]
            start = end + 1

    def _sheet_rows(self):
        decode = json.JSONDecoder(object_hook=_decoded).decode
        blocks = islice(self._sheet_lines(), 1, None)
        return enumerate((row for block in blocks for row in decode(block.decode())), 1)

    def _open_csv(self, content):
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            encodings = ("utf-16",)
        else:
            encodings = ("utf-8-sig", "gb18030")
            if b"\x00" in content:
                encodings = ()
        for encoding in encodings:
            try:
                content.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
        else:
            raise FileError(
                _lt("This is not an Excel or CSV file. Upload a file that ends in .xlsx, .xls, .ods or .csv.")
            )
        unreadable = _lt("The CSV file cannot be read: a cell is too long or a quotation mark is not closed.")
        taken = 0

        def lines():
            nonlocal taken
            for line in io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline=""):
                taken += len(line)
                if taken > _CSV_RECORD:
                    raise FileError(unreadable)
                yield line

        def records(delimiter):
            nonlocal taken
            taken = 0
            try:
                for number, row in enumerate(csv.reader(lines(), delimiter=delimiter), 1):
                    if taken > _CELL_TEXT and any(len(cell) > _CELL_TEXT for cell in row):
                        raise FileError(unreadable)
                    taken = 0
                    yield number, row
            except csv.Error as exc:
                raise FileError(unreadable) from exc

        delimiter = max(
            ",;\t", key=lambda mark: self._count_known(next((row for _n, row in records(mark) if any(row)), []))
        )
        return content.count(b"\n"), lambda: records(delimiter)

    # -- header

    def _headers(self):
        return {_header(name): i for i, column in enumerate(self.columns) for name in (column.header, *column.aliases)}

    def _count_known(self, raw):
        known = self._headers()
        return sum(_header(cell) in known for cell in raw)

    def _find_columns(self):
        """Number of the header row, headers that are not used, and for each column its place in the raw rows or
        ``None``.
        """
        number, raw = next(((n, raw) for n, raw in self._rows() if not all(map(cells.is_blank, raw))), (0, []))
        if not number:
            raise FileError(_lt("The first sheet of the file is empty."))
        known, ignored, positions = self._headers(), [], [None] * len(self.columns)
        for place, cell in enumerate(raw):
            name = _header(cell)
            if name not in known:
                if name:
                    ignored.append(str(cell).strip()[:64])
                continue
            column = known[name]
            if positions[column] is not None:
                raise FileError(
                    _lt("The column “%(column)s” stands twice in the file.", column=self.columns[column].header)
                )
            positions[column] = place
        missing = [
            column.header
            for column, place in zip(self.columns, positions, strict=True)
            if place is None and column.is_needed
        ]
        if missing:
            raise FileError(
                _lt(
                    "These columns are missing in row %(row)s: %(columns)s. Download the template to see all columns.",
                    row=number,
                    columns="、".join(missing),
                )
            )
        return number, ignored, positions


def _header(cell):
    return cells.normalize(str(cell if cell is not None else "")).strip("* ").casefold()


def _decoded(value):
    ((kind, content),) = value.items()
    return _DECODED[kind](content)


def write_workbook(sheets):
    """An .xlsx file whose texts stay texts: nothing in it is ever taken for a formula, a number or a link.

    :param sheets: ``[(name, headers, rows, widths, choices)]``; rows may be a generator, ``choices`` is ``{column:
        [allowed texts]}``
    :return: bytes
    """
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"in_memory": True, "constant_memory": True})
    head = workbook.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1, "num_format": "@"})
    plain = workbook.add_format({"num_format": "@"})
    quoted = workbook.add_format({"num_format": "@", "quote_prefix": True})
    for name, headers, rows, widths, choices in sheets:
        sheet = workbook.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", name)[:31])
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width, plain)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, head)
        for column, texts in choices.items():
            if len(",".join(texts)) <= 255:  # Excel's limit
                sheet.data_validation(
                    1, column, 9_999, column, {"validate": "list", "source": list(texts), "error_type": "warning"}
                )
        for number, row in enumerate(islice(rows, _EXCEL_ROWS), 1):
            for column, value in enumerate(row):
                if isinstance(value, int) and not isinstance(value, bool):
                    sheet.write_number(number, column, value)
                elif value not in ("", None):
                    text = display(value)
                    sheet.write_string(number, column, text, quoted if text[:1] in _FORMULA else plain)
    workbook.close()
    return output.getvalue()


def display(value):
    """A raw cell as text for people."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return _UNPRINTABLE.sub("\ufffd", str(value if value is not None else ""))[:_CELL_TEXT]
