"""Numbers as people type them: pasted lists, scanned lines, ranges; and ranges as people read them."""

import re

from odoo.addons.crab_card.tools.normalise import number, text
from odoo.addons.crab_card.tools.numbers import is_checked

_SEPARATORS = re.compile(r"[\s,;、]+")
_RANGE = re.compile(r"\s*[-–—~〜至到]\s*")
_SERIAL = re.compile(r"(.*?)(\d+)")


def parse(value):
    """The numbers and ranges of a text: separated by blanks, commas, semicolons or lines; a range is ``first-last``.

    :return: ``(list of numbers, list of (first, last))``, normalised, each once, in the order given
    """
    numbers, ranges = {}, {}
    for word in _SEPARATORS.split(_RANGE.sub("-", text(value))):
        first, dash, last = number(word).partition("-")
        if dash:
            ranges[first, last] = True
        elif first:
            numbers[first] = True
    return list(numbers), list(ranges)


def condense(numbers):
    """Runs of successive numbers: ``[(first, last, count)]``, in the order given, which should be sorted.

    Successive: the same prefix and the same count of digits at the end, the next serial; a check character that fits
    does not count.
    """
    runs = []
    before = set()
    for value in numbers:
        readings = [(value, False)] + ([(value[:-1], True)] if is_checked(value) else [])
        if before.intersection(readings):
            runs[-1][1] = value
            runs[-1][2] += 1
        else:
            runs.append([value, value, 1])
        before = {_next(*reading) for reading in readings} - {None}
    return [tuple(run) for run in runs]


def _next(text, checked):
    """What stands one higher than ``text``, which ends in digits; none after the last serial of its width."""
    match = _SERIAL.fullmatch(text)
    if not match:
        return None
    serial = str(int(match[2]) + 1).zfill(len(match[2]))
    return (match[1] + serial, checked) if len(serial) == len(match[2]) else None
