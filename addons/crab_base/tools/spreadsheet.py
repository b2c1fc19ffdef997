"""Spreadsheets that people upload: columns, rows, a safe and fast reader, and writing of Excel files."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from xml.parsers import expat

import python_calamine
import xlsxwriter
from lxml import etree

from odoo.tools.translate import LazyTranslate

from . import cells

_lt = LazyTranslate(__name__)

EXTENSIONS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".txt")
MAX_CELLS = 20_000_000  # the reader holds the smallest rectangle around all cells in memory, 32 bytes each
MAX_UNPACKED = 768 * 2**20
_BLOCK = 2**20
_DENSE = 24 * 2**20
_EXCEL_ROWS = 1_048_000
_CSV_FIELD = 32_767  # as much as an Excel cell holds

_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A cell beyond column Z or row 1,099,999: rare, so that what lies behind is computed only then.
_FAR_CELL = re.compile(rb"""r(?:=(?<!:r=)["'](?:[A-Za-z]{2}|[A-Za-z](?:1[1-9]\d{5}|[2-9]\d{6}|\d{8}))|\s+=|=\s)""")
_CELL = re.compile(rb"""r=["'](?:[A-Za-z]{2}|[A-Za-z](?:1[1-9]\d{5}|[2-9]\d{6}|\d{8}))|\sr\s+=|\sr=\s""")
_CELL = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,6})(\d{1,12})""")
_ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\s([^>]*\bt=["']e["'][^>]*)>""")
_FORMULA = tuple("=+-@\t\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class FileError(ValueError):
    """The file as a whole cannot be accepted; ``reason`` is a lazy translation (``env._(error.reason)``)."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


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
    :raise FileError: when the file cannot be read or lacks a column
    """

    def __init__(self, columns, filename, content, max_rows=2_000_000, on_advance=None):
        self.columns = columns
        self.errors = []
        self.count = 0  # rows that are not blank, known once the file was read to its end
        self._on_advance = on_advance
        self._faults = {}  # Excel row -> columns (from 0) that hold an Excel error such as #N/A
        self.total, self._rows = self._open(filename or "", content)
        if self.total > max_rows:
            raise FileError(_lt("The file has more than %(rows)s rows. Split it into several files.", rows=max_rows))
        self._header_row, self.ignored, self._positions = self._find_columns()

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
        positions, faults, is_blank = self._positions, self._faults, cells.is_blank
        needed = max((place for place in positions if place is not None), default=-1) + 1
        is_plain = positions == list(range(needed)) and not faults
        rows = self._rows()
        for number, _raw in rows:
            if number == self._header_row:
                break
        count = 0
        while block := list(islice(rows, size)):
            chunk = []
            for number, raw in block:
                if all(map(is_blank, raw)) and number not in faults:
                    continue
                if not is_plain or len(raw) != needed:
                    width, wrong = len(raw), faults.get(number, ())
                    raw = [
                        None
                        if place is None
                        else cells.ERROR
                        if place + self._first_column in wrong
                        else raw[place]
                        if place < width
                        else None
                        for place in positions
                    ]
                chunk.append((number, raw))
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
        if content.startswith(_OLE) and _ENCRYPTED in content:
            raise FileError(_lt("The file is protected by a password. Save it without one."))
        if content.startswith(_ZIP):
            self._inspect_zip(content)
        try:
            workbook = python_calamine.load_workbook(io.BytesIO(content))
            names = [
                sheet.name for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            ]
            if not names:
                raise FileError(_lt("The file has no sheet."))
            sheet = workbook.get_sheet_by_name(names[0])
        except python_calamine.PasswordError as exc:
            raise FileError(_lt("The file is protected by a password. Save it without one.")) from exc
        except FileError:
            raise
        except BaseException as exc:  # the reader's own panic is no Exception
            if not isinstance(exc, Exception) and type(exc).__name__ != "PanicException":
                raise
            raise FileError(
                _lt("The file is damaged or not an Excel file. Open it in Excel, save it again as .xlsx.")
            ) from exc
        start = sheet.start
        if start is None:
            raise FileError(_lt("The first sheet of the file is empty."))
        self._first_column = start[1]

        def rows():
            return enumerate(sheet.iter_rows(), 1)

        return sheet.total_height, rows

    def _inspect_zip(self, content):
        """Refuse what would exhaust memory before the reader allocates it; note cells that hold Excel errors."""
        broken = _lt("The file is damaged or not an Excel file. Open it in Excel, save it again as .xlsx.")
        large = _lt("The file unpacks to far more than an import may hold. Save only the needed cells in a new file.")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if any(info.flag_bits & 1 for info in archive.infolist()):
                    raise FileError(_lt("The file is protected by a password. Save it without one."))
                if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
                    raise FileError(large)
                sheet = _first_sheet(archive)
                for info in archive.infolist():
                    if info.filename == sheet:
                        size, cell_count = _measure_sheet(archive, info, self._faults)
                    elif info.filename == "content.xml" and sheet is None:
                        with archive.open(info) as part:
                            size, cell_count = info.file_size, _measure_ods(part)
                    else:  # sizes in the directory may lie; what could unpack to much more is unpacked and counted
                        size, cell_count = info.file_size, 0
                        if info.compress_size * 1032 > MAX_UNPACKED // 8:
                            with archive.open(info) as part:
                                size = sum(length for _block, length in _blocks(part))
                    if size != info.file_size:
                        raise FileError(broken)
                    if cell_count > MAX_CELLS:
                        raise FileError(large)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            OSError,
            etree.XMLSyntaxError,
            expat.ExpatError,
        ) as exc:
            raise FileError(broken) from exc

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
        self._first_column = 0

        def text():
            return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")

        def records(delimiter):
            csv.field_size_limit(_CSV_FIELD)
            try:
                yield from enumerate(csv.reader(text(), delimiter=delimiter), 1)
            except csv.Error as exc:
                raise FileError(
                    _lt("The CSV file cannot be read: a cell is too long or a quotation mark is not closed.")
                ) from exc

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


def _first_sheet(archive):
    """Path of the part of an .xlsx archive that holds the first sheet; ``None`` for other archives."""
    if "xl/workbook.xml" not in archive.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if name not in archive.namelist() or archive.getinfo(name).file_size > 8 * _BLOCK:
            raise zipfile.BadZipFile(name)
    workbook = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    targets = {relation.get("Id"): relation for relation in relations}
    for sheet in workbook.iterfind(".//{*}sheet"):
        ids = [value for name, value in sheet.attrib.items() if name.endswith("}id")]
        relation = targets.get(ids[0]) if ids else None
        if relation is not None and relation.get("Type", "").endswith("/worksheet"):
            target = relation.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else "xl/" + target
    return None


def _blocks(part):
    """The content of a part of an archive in blocks that overlap, so that no tag is cut in all of them, with their
    own sizes.
    """
    tail = b""
    while block := part.read(_BLOCK):
        yield tail + block, len(block)
        tail = block[-512:]


def _measure_sheet(archive, info, faults):
    """Unpacked size of a sheet and the number of cells of the rectangle around all its cells, 0 if surely small enough.

    Cells that hold an Excel error, which the reader gives as empty, are added to ``faults``.
    """
    size, is_far = 0, False
    with archive.open(info) as part:
        for block, length in _blocks(part):
            size += length
            is_far = is_far or bool(_FAR_CELL.search(block))
            if b't="e"' in block or b"t='e'" in block:
                for attributes in _ERROR_CELL.findall(block):
                    if match := _CELL.search(b" " + attributes):
                        faults.setdefault(int(match[2]), set()).add(_column_index(match[1]))
    if not is_far and size > _DENSE:
        return size, 0  # at most 26 columns, and that large a sheet is not sparse
    columns = rows = 0
    with archive.open(info) as part:
        for block, _length in _blocks(part):
            found = _CELL.findall(block)
            if found:
                columns = max(columns, max(map(_column_index, {letters for letters, _row in found})) + 1)
                rows = max(rows, max(int(row) for _letters, row in found))
    return size, columns * rows


def _column_index(letters):
    """0 for ``A``, 26 for ``AA``."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + letter - 64
    return index - 1


def _measure_ods(part):
    """The number of cells of the largest rectangle around the filled cells of a sheet of an .ods file, from its
    ``content.xml``.
    """
    largest = columns = row = column = 0
    repeat_row, is_filled = 1, False

    def start(name, attributes):
        nonlocal columns, row, column, repeat_row, is_filled
        if name == "table:table":
            columns = row = 0
        elif name == "table:table-row":
            column, is_filled = 0, False
            repeat_row = int(attributes.get("table:number-rows-repeated", 1))
        elif name in ("table:table-cell", "table:covered-table-cell"):
            column += int(attributes.get("table:number-columns-repeated", 1))
            if "office:value-type" in attributes:
                is_filled, columns = True, max(columns, column)

    def end(name):
        nonlocal largest, row
        if name == "table:table-row":
            row += repeat_row
            if is_filled:
                largest = max(largest, row * columns)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    while block := part.read(_BLOCK):
        parser.Parse(block)
    parser.Parse(b"", True)
    return largest


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
    return _UNPRINTABLE.sub("\ufffd", str(value if value is not None else ""))[:_CSV_FIELD]
