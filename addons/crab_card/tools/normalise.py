"""One spelling of numbers and passwords, for importing, redeeming, binding, scanning and searching."""

import re
import unicodedata

NUMBER = re.compile(r"[A-Z0-9]{6,32}")
PASSWORD = re.compile(r"[A-Za-z0-9]{4,32}")


def text(value):
    """Text as people mean it: full-width characters become plain ones, blanks around it go."""
    return unicodedata.normalize("NFKC", value or "").strip()


def number(value):
    """A card number in its one spelling; may still be no valid number (``NUMBER``)."""
    return text(value).upper()
