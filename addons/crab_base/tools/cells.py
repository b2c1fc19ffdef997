"""What a cell of an imported file means: small reusable parsers.

A parser is called with the raw cell as the reader gives it (text, int, float, bool, date or nothing) and returns
the value for the row (``None`` for an empty cell), or raises :class:`CellError` with a reason a user understands.
Parsers keep no state::

    cells.text(64)(" Ｙ1 ")     # "Y1"
    cells.amount()("12.50")    # Decimal("12.50")
    cells.selection({"一级": "1", "二级": "2"})("一级")    # "1"
"""

import re
import unicodedata
from datetime import date as Date
from datetime import datetime as DateTime
from decimal import Decimal, InvalidOperation

import phonenumbers

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# what copying from a phone or a web page leaves around a text; nobody sees it
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,20})?|\.\d{1,20})")
_CHINESE_MOBILE = re.compile(phonenumbers.PhoneMetadata.metadata_for_region("CN").mobile.national_number_pattern)
_PHONE = re.compile(r"\+?[0-9 ().-]{3,30}")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\s*00:00(?::00)?)?")


class _ExcelError:
    """What the reader gives for a cell that holds an error such as #N/A."""

    def __str__(self):
        return "#N/A"


ERROR = _ExcelError()


class CellError(ValueError):
    """The cell cannot be accepted; ``reason`` is a lazy translation (``env._(error.reason)``)."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def normalize(text):
    """NFKC (full-width letters and digits become plain ones), without invisible marks, trimmed."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()


def is_blank(value):
    """Whether a raw cell counts as empty."""
    return value is None or (isinstance(value, str) and not normalize(value))


def as_text(value):
    """The text of a raw cell: normalised; a numeric cell as its digits if it is an integer; ``""`` if empty.

    :raise CellError: for numbers with decimals, dates, truth values and unreadable characters
    """
    if isinstance(value, str):
        value = normalize(value)
        if _CONTROL.search(value):
            raise CellError(_lt("contains characters that cannot be read"))
        return value
    if value is None:
        return ""
    if value is ERROR:
        raise CellError(_lt("holds an Excel error such as #N/A"))
    if isinstance(value, bool):
        raise CellError(_lt("is a truth value; format the cell as text"))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        raise CellError(_lt("is a number with decimals; format the cell as text"))
    raise CellError(_lt("is a date or time; format the cell as text"))


def text(maximum=255):
    """Any text of at most ``maximum`` characters."""

    def parse(value):
        value = as_text(value)
        if len(value) > maximum:
            raise CellError(_lt("is longer than %(maximum)s characters", maximum=maximum))
        return value or None

    return parse


def code(maximum=32, upper=True):
    """An identifier: letters, digits and ``-_./#`` without blanks, upper-cased unless told not to, at most
    ``maximum`` characters.
    """

    def parse(value):
        value = as_text(value)
        if upper:
            value = value.upper()
        if len(value) > maximum:
            raise CellError(_lt("is longer than %(maximum)s characters", maximum=maximum))
        if value and not re.fullmatch(r"[\w./#-]+", value):
            raise CellError(_lt("may contain only letters, digits and - _ . / #"))
        return value or None

    return parse


def codes(maximum=32, upper=True):
    """A list of codes separated by commas, semicolons or ``、``, as a list without repetition; an empty cell is
    ``[]``.
    """
    one = code(maximum, upper)

    def parse(value):
        return list(dict.fromkeys(filter(None, (one(part) for part in re.split("[,;、]", as_text(value))))))

    return parse


def _decimal(value):
    if isinstance(value, bool) or isinstance(value, (Date, DateTime)):
        raise CellError(_lt("is not a number"))
    if isinstance(value, float):
        value = repr(value)  # the shortest text that gives this float: what the user typed
    elif not isinstance(value, int):
        value = as_text(value).replace(",", "").removeprefix("¥").strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise CellError(_lt("is not a number"))
    try:
        number = Decimal(value)
    except InvalidOperation as exc:
        raise CellError(_lt("is not a number")) from exc
    if not number.is_finite():
        raise CellError(_lt("is not a number"))
    return number


def decimal(digits=None, minimum=None, maximum=None):
    """A ``Decimal`` with at most ``digits`` decimals, in the given bounds (both included)."""

    def parse(value):
        number = _decimal(value)
        if number is None:
            return None
        if minimum is not None and number < minimum:
            raise CellError(_lt("is less than %(minimum)s", minimum=minimum))
        if maximum is not None and number > maximum:
            raise CellError(_lt("is more than %(maximum)s", maximum=maximum))
        if digits is not None:
            try:
                rounded = number.quantize(Decimal(1).scaleb(-digits))
            except InvalidOperation as exc:  # more digits than a decimal holds
                raise CellError(_lt("is not a number")) from exc
            if rounded != number:
                raise CellError(_lt("has more than %(digits)s decimals", digits=digits))
            number = rounded
        return number

    return parse


def amount(minimum=0, maximum=Decimal("9999999999.99")):
    """Money in yuan with at most two decimals, as ``Decimal`` with exactly two; not negative unless ``minimum``
    says so.
    """
    return decimal(2, minimum, maximum)


def ratio(maximum=1):
    """A price ratio above 0 and at most ``maximum``, up to four decimals, as ``Decimal`` (0.6 = 6 折)."""
    inner = decimal(4, None, maximum)

    def parse(value):
        number = inner(value)
        if number is not None and number <= 0:
            raise CellError(_lt("must be more than 0"))
        return number

    return parse


def integer(minimum=0, maximum=2**31 - 1):
    """A whole number in the given bounds (both included)."""
    inner = decimal(None, minimum, maximum)

    def parse(value):
        number = inner(value)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise CellError(_lt("is not a whole number"))
        return int(number)

    return parse


def date(minimum=Date(1900, 1, 1), maximum=Date(2999, 12, 31)):
    """A ``datetime.date``: a date cell, or text like 2026-09-12, 2026/9/12, 2026年9月12日."""

    def parse(value):
        if isinstance(value, DateTime):
            day = value.date()
        elif isinstance(value, Date):
            day = value
        elif isinstance(value, (int, float)):
            raise CellError(_lt("is not a date (year-month-day)"))
        else:
            value = as_text(value)
            if not value:
                return None
            match = _DATE.fullmatch(value)
            try:
                day = Date(*map(int, match.groups())) if match else None
            except ValueError:
                day = None
            if day is None:
                raise CellError(_lt("is not a date (year-month-day)"))
        if not minimum <= day <= maximum:
            raise CellError(_lt("must be between %(minimum)s and %(maximum)s", minimum=minimum, maximum=maximum))
        return day

    return parse


def selection(labels):
    """One of ``labels`` ``{label in the file: value}``, e.g. ``{"专卖店": "exclusive_store"}``; any case."""
    by_label = {normalize(label).upper(): value for label, value in labels.items()}

    def parse(value):
        value = as_text(value)
        if not value:
            return None
        if value.upper() not in by_label:
            raise CellError(_lt("must be one of: %(labels)s", labels="、".join(labels)))
        return by_label[value.upper()]

    parse.labels = list(labels)  # for the template
    return parse


def boolean():
    """是/否 (also 1/0, Y/N, true/false and truth cells); an empty cell is ``None``."""
    by_label = selection(
        {"是": True, "否": False, "1": True, "0": False, "Y": True, "N": False, "TRUE": True, "FALSE": False}
    )

    def parse(value):
        return value if isinstance(value, bool) else by_label(value)

    return parse


def phone():
    """A phone number in E.164, Chinese unless it begins with ``+`` and another country's code."""

    def parse(value):
        value = as_text(value)
        if not value:
            return None
        if not _PHONE.fullmatch(value):  # the library overlooks letters and what follows the number
            raise CellError(_lt("is not a phone number"))
        if _CHINESE_MOBILE.fullmatch(value.removeprefix("+86")):  # the library comes to the same, ten times as slow
            return "+86" + value.removeprefix("+86")
        try:
            number = phonenumbers.parse(value, "CN")
        except phonenumbers.NumberParseException as exc:
            raise CellError(_lt("is not a phone number")) from exc
        if not phonenumbers.is_valid_number(number):
            raise CellError(_lt("is not a phone number"))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return parse
