"""Spreadsheets that people upload: columns, rows, a safe and fast reader, and writing of Excel files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column of an imported file.

    ``header`` is part of the file format, in Chinese whatever the user's language; ``key`` the name in the row; ``parser`` one of
    ``tools/cells.py``. ``required``: no cell may be empty. ``unique``: no value may stand in an earlier good row of the same file.
    ``must_exist``: the file needs the column (default: if it is required). ``aliases``: other accepted headers. ``secret``: values are
    never stored or shown, and the uploaded file is deleted once it was processed. ``example`` and ``help`` (translated) are for the
    template.
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
