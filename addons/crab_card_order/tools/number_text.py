"""Numbers as people type them: pasted lists, scanned lines, ranges; and ranges as people read them."""

import re

from odoo.addons.crab_card.tools.normalise import number, text

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

    Successive: the same prefix and the same count of digits at the end, the next serial. Numbers that do not end in
    digits (a check character) stand alone.
    """
    runs = []
    before = None
    for value in numbers:
        match = _SERIAL.fullmatch(value)
        key = match and (match[1], len(match[2]), int(match[2]))
        if key and before and key == (before[0], before[1], before[2] + 1):
            runs[-1][1] = value
            runs[-1][2] += 1
        else:
            runs.append([value, value, 1])
        before = key
    return [tuple(run) for run in runs]
