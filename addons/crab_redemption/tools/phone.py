"""Phone numbers of receivers: what a courier dials."""

import re

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

_SEPARATORS = re.compile(r"[\s().\-–—－]+")
_MOBILE = re.compile(r"(?:\+86|0086|86)?(1\d{10})")
_DIALLED = re.compile(r"\+?\d{5,20}(?:(?:转|,|#|x)\d{1,8})?")


class PhoneError(ValueError):
    """``reason`` is a lazy translation."""

    reason = _lt("is not a phone number")


def clean_phone(text):
    """A phone number without blanks and dashes; Chinese mobile numbers as their eleven digits.

    Landlines, foreign numbers and the extensions of privacy numbers (``18000000000转1234``) are kept.

    :raise PhoneError: for what nobody can dial
    """
    text = _SEPARATORS.sub("", text)
    mobile = _MOBILE.fullmatch(text)
    if mobile:
        return mobile[1]
    if not _DIALLED.fullmatch(text):
        raise PhoneError(text)
    return text
