"""Phone numbers in one form only: E.164."""

from odoo.addons.crab_base.tools import cells

_parse = cells.phone()


def normalise(text):
    """``text`` as E.164, read as a Chinese number unless it carries its country; None if it is no phone number."""
    try:
        return _parse(str(text or ""))
    except cells.CellError:
        return None


def national(e164):
    """How people of the country write it: ``13800000000``; other countries' numbers keep their prefix."""
    return e164[3:] if e164 and e164.startswith("+86") else e164


def masked(text):
    """A phone number without its middle, for who may not see it whole: ``138****0000``."""
    digits = (national(normalise(text)) or text or "").replace(" ", "")
    return f"{digits[:3]}****{digits[-4:]}"
