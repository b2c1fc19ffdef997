"""Secrets never reach the log: whatever is logged, values that follow the name of a secret are masked.

Odoo logs queries that fail with all their values, and libraries log what they send. The text is masked after
formatting, tracebacks included, on every handler of the process.
"""

import logging
import re

MASK = "•••"
_NAMES = r"(?:password|passwd|secret|token|authorization|api_?key|cookie|卡密|密码)[\w.-]{0,40}"
# name="value", "name": "value", name=value&…, name: value
_NAMED = re.compile(
    rf"""(?i)(?P<name>{_NAMES}["']?\s{{0,3}}[=:]\s{{0,3}})(?P<value>"[^"]*"|'[^']*'|[^\s,;&)}}\]"']+)"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
# a failed query names its columns far from their values: no value of such a query is shown
_QUERY = re.compile(rf"(?is)bad query:.*?{_NAMES}")
_LITERAL = re.compile(r"'(?:[^'\\]|''|\\.)*'|(?<=Failing row contains )\(.*\)|(?<=\)=)\([^)]*\)")


def mask(text):
    """``text`` without the values of secrets."""
    if _QUERY.search(text):
        text = _LITERAL.sub(MASK, text)
    return _NAMED.sub(rf"\g<name>{MASK}", _BEARER.sub(rf"\1 {MASK}", text))


class MaskingFormatter(logging.Formatter):
    """Masks what another formatter made."""

    def __init__(self, formatter):
        super().__init__()
        self._formatter = formatter

    def format(self, record):
        return mask(self._formatter.format(record))


def install():
    """Mask the log of this process; safe to call again."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, MaskingFormatter):
            handler.setFormatter(MaskingFormatter(handler.formatter or logging.Formatter()))
