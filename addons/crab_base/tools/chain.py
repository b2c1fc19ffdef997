"""Canonical bytes of a history line and its hash, the same in SQL and in Python.

A line is written as ``name=value,`` for each canonical column that is not NULL, in the declared order; ``hash`` is the
hexadecimal SHA-256 of ``<hash of the line before> | <canonical text>`` in UTF-8. Texts carry their length, so that no
content can imitate another column; numbers have no trailing zeros; times are microseconds since 1970 in UTC. A column
that is added in a later version changes nothing for lines written before it, where it is NULL.
"""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache

from odoo.tools import SQL

from .money import dec

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


def _text(value):
    return f"{len(value)}:{value}"


def _numeric(value):
    text = format(dec(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# column type: (Python, SQL of a typed expression)
_FORMATS = {
    "int4": (lambda value: str(int(value)), "%s::text"),
    "int8": (lambda value: str(int(value)), "%s::text"),
    "bool": (lambda value: "true" if value else "false", "%s::text"),
    "varchar": (_text, "length(%s)::text || ':' || %s"),
    "text": (_text, "length(%s)::text || ':' || %s"),
    "numeric": (_numeric, "trim_scale(%s)::text"),
    "timestamp": (
        lambda value: str((value - _EPOCH) // _MICROSECOND),
        "(extract(epoch FROM %s) * 1000000)::bigint::text",
    ),
    "date": (lambda value: value.isoformat(), "to_char(%s, 'YYYY-MM-DD')"),
}


def check_type(column_type):
    """Refuse a type whose text is not the same everywhere (binary floating point, JSON)."""
    if column_type not in _FORMATS:
        raise TypeError(f"a column of type {column_type} cannot be part of a history's canonical bytes")


def _texter(columns):
    """A function ``{column: value} -> canonical text``."""
    formats = [(name, kind == "bool", _FORMATS[kind][0]) for name, kind in columns.items()]

    def text(values):
        parts = []
        for name, is_bool, to_text in formats:
            value = values.get(name)
            if value is None or (value is False and not is_bool):
                continue
            parts.append(f"{name}={to_text(value)},")
        return "".join(parts)

    return text


def hasher(columns):
    """A fast Python function ``(previous_hash, values) -> hash``.

    :param columns: ``{name: column type}`` in canonical order
    """
    text = _texter(columns)

    def line_hash(previous, values):
        return hashlib.sha256(f"{previous or ''}|{text(values)}".encode()).hexdigest()

    return line_hash


def first_hasher(columns, values):
    """A function ``parent's id -> hash`` for first lines that differ in nothing else, for loaders by the million.

    :param columns: ``{name: column type}`` in canonical order, the parent first
    """
    parent, *_others = columns
    rest = _texter(columns)({**values, parent: None})

    def line_hash(parent_id):
        return hashlib.sha256(f"|{parent}={parent_id},{rest}".encode()).hexdigest()

    return line_hash


@lru_cache
def _text_code(columns, names):
    """The canonical text as code with a ``%s`` for each use of a typed expression, and their columns in that order."""
    parts, uses = [], []
    for name, kind in columns:
        if name in names:
            code = _FORMATS[kind][1]
            uses += [name] * code.count("%s")
            parts.append(f"coalesce('{name}=' || {code.replace('%s', f'(%s)::{kind}')} || ',', '')")
    return " || ".join(parts), uses


def text_sql(columns, expressions):
    """The canonical text of a line as an SQL expression.

    :param columns: ``{name: column type}`` in canonical order
    :param expressions: ``{name: SQL}``; columns that are left out are NULL
    """
    code, uses = _text_code(tuple(columns.items()), frozenset(expressions))
    return SQL(code, *(expressions[name] for name in uses))


def hash_sql(columns, expressions, previous):
    """``hasher`` as an SQL expression.

    :param columns: ``{name: column type}`` in canonical order
    :param expressions: ``{name: SQL}``; columns that are left out are NULL
    :param previous: SQL of the hash of the line before, ``''`` for the first
    """
    text = text_sql(columns, expressions)
    return SQL("encode(sha256(convert_to(%s || '|' || %s, 'UTF8')), 'hex')", previous, text)


# ``crab_chain_hash(head, text) OVER (PARTITION BY parent ORDER BY line)``: the hashes of lines that follow each other,
# from the hash ``head`` of the line before the first one on.
AGGREGATE_SQL = """
CREATE OR REPLACE FUNCTION crab_chain_next(previous text, head text, line text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN encode(sha256(convert_to(coalesce(previous, head) || '|' || line, 'UTF8')), 'hex');
END $$;
CREATE OR REPLACE AGGREGATE crab_chain_hash(text, text) (SFUNC = crab_chain_next, STYPE = text);
"""
