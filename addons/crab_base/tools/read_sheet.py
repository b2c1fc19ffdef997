"""Read the first sheet of a workbook in a process of its own; run by ``spreadsheet``, never imported.

A file of a few kilobytes can ask for more memory than any machine has: cells far apart, cells that repeat, parts that
unpack to a thousand times their size. The library that reads it cannot refuse, it ends the process. Here that is a
process with limits of memory and time that has nothing else to do, and the server only sees how it ended.

usage: read_sheet.py DIRECTORY-OF-LIBRARIES SECONDS <workbook >rows

Rows are written as JSON, a list of rows per line after a line with their number; cells that JSON does not know are
``{"date": …}``, ``{"error": …}`` and the like. The exit status says what is wrong with the file, see ``STATUS``; any
other end means that the limits were reached.
"""

import datetime
import io
import json
import re
import resource
import sys
import zipfile
from itertools import islice
from pathlib import PurePosixPath
from xml.etree import ElementTree

MEMORY = 2 * 2**30
OUTPUT = 2**29
EXCEL_ROWS = 1_048_576
STATUS = {"password": 10, "no sheet": 11, "empty": 12, "damaged": 13}

_ZIP = b"PK\x03\x04"
_BLOCK = 2**20
_ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\s([^>]*\bt=["']e["'][^>]*)>""")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,3})(\d{1,7})""")


def limit(seconds):
    """Bound what this process may take, whatever it was started with."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def fail(reason):
    sys.exit(STATUS[reason])


def open_sheet(content):
    """The first sheet that holds cells, as the library opens it."""
    import python_calamine as calamine

    try:
        workbook = calamine.load_workbook(io.BytesIO(content))
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
        if not names:
            fail("no sheet")
        sheet = workbook.get_sheet_by_name(names[0])
    except calamine.PasswordError:
        fail("password")
    except BaseException as exc:  # a panic of the library is no Exception
        if isinstance(exc, (MemoryError, SystemExit)):
            raise
        fail("damaged")
    if sheet.start is None:
        fail("empty")
    return sheet


def error_cells(content):
    """``{Excel row: {columns from 0}}`` of cells with an Excel error (#N/A), which the library gives as empty."""
    found = {}
    if not content.startswith(_ZIP):
        return found
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(info.flag_bits & 1 for info in archive.infolist()):
            fail("password")
        parts = {info.filename.replace("\\", "/").lower(): info for info in archive.infolist()}
        if "xl/workbook.xml" not in parts:
            return found
        with archive.open(parts[_first_sheet(archive, parts)]) as part:
            tail = b""
            while block := part.read(_BLOCK):
                if b't="e"' in block or b"t='e'" in block:
                    for attributes in _ERROR_CELL.findall(tail + block):
                        match = _REFERENCE.search(b" " + attributes)
                        if match and int(match[2]) <= EXCEL_ROWS:
                            found.setdefault(int(match[2]), set()).add(_column_index(match[1]))
                tail = block[-512:]
    return found


def _first_sheet(archive, parts):
    """Name in ``parts`` of the sheet that ``open_sheet`` takes: the first whose path says that it is one of cells."""
    relations = ElementTree.fromstring(archive.read(parts["xl/_rels/workbook.xml.rels"]))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for sheet in ElementTree.fromstring(archive.read(parts["xl/workbook.xml"])).iterfind(".//{*}sheet"):
        target = next((targets.get(value, "") for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        path = (
            PurePosixPath("xl", target.replace("\\", "/")) if not target.startswith("/") else PurePosixPath(target[1:])
        )
        if "worksheets" in path.parts:
            return str(path).lower()
    raise KeyError("no sheet")


def _column_index(letters):
    """0 for ``A``, 26 for ``AA``."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + letter - 64
    return index - 1


def rows_of(sheet, errors):
    """The rows from the first row of the sheet on, with the cells that hold an error marked."""
    first = sheet.start[1]
    last = 0
    for last, row in enumerate(sheet.iter_rows(), 1):
        for column in errors.pop(last, ()):
            _mark_error(row, column - first)
        yield row
    for number in range(last + 1, max(errors, default=0) + 1):
        row = []
        for column in errors.get(number, ()):
            _mark_error(row, column - first)
        yield row


def _mark_error(row, place):
    if place >= 0:
        row.extend([None] * (place + 1 - len(row)))
        row[place] = {"error": 1}


def encode(value):
    """JSON for a cell of a type that JSON does not know."""
    if isinstance(value, datetime.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"time": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"duration": value.total_seconds()}
    raise TypeError(type(value).__name__)


def main():
    sys.path.append(sys.argv[1])
    limit(int(sys.argv[2]))
    content = sys.stdin.buffer.read()
    try:
        errors = error_cells(content)
    except (MemoryError, SystemExit):
        raise
    except Exception:
        fail("damaged")
    sheet = open_sheet(content)
    del content
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=False)
    output.write(f"{sheet.total_height}\n")
    rows = rows_of(sheet, errors)
    to_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=encode).encode
    while block := list(islice(rows, 1000)):
        output.write(to_text(block) + "\n")
    output.flush()


if __name__ == "__main__":
    main()
