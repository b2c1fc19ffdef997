"""Rows written, and caches filled, by statements of our own where the ORM would read and compute a hundred fields.

Whoever writes a row says every column that the ORM would have filled; ``tests/test_same_rows.py`` compares the two.
"""

from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import SHANGHAI


def next_ids(cr, *wanted):
    """New ids of tables: ``wanted`` are pairs ``(table, count)``; a list of ids for each."""
    cr.execute(
        SQL(
            "SELECT given.at, nextval(given.name) FROM (VALUES %s) AS given(at, name, count),"
            " generate_series(1, given.count) ORDER BY 1, 2",
            SQL(", ").join(
                SQL("(%s, %s, %s)", at, f"{table}_id_seq", count) for at, (table, count) in enumerate(wanted)
            ),
        )
    )
    ids = [[] for _pair in wanted]
    for at, new_id in cr.fetchall():
        ids[at].append(new_id)
    return ids


def insert(target, rows):
    """The statement that writes ``rows``, dicts with the same keys; values are those of ``create``, or SQL.

    :param target: the model, or the name of a table of links
    """
    is_model = not isinstance(target, str)
    fields = target._fields if is_model else {}
    columns = [(name, fields.get(name)) for name in rows[0]]
    row_of = "(" + ", ".join(["%s"] * len(columns)) + ")"
    return SQL(  # one object for all values: a thousand small ones cost more than the statement
        "INSERT INTO %s (%s) VALUES " + ", ".join([row_of] * len(rows)),
        SQL.identifier(target._table if is_model else target),
        SQL(", ").join(SQL.identifier(name) for name, _field in columns),
        *(_value(row[name], field, target) for row in rows for name, field in columns),
    )


def _value(value, field=None, model=None):
    kind = field and field.type
    if kind == "boolean" and not isinstance(value, SQL):
        return bool(value)
    if kind == "html" and value and not isinstance(value, SQL):
        return field.convert_to_column_insert(value, model)  # made harmless
    return None if value is False else value


def assign(values):
    """The ``SET`` list of an update; values as for ``insert``."""
    return SQL(", ").join(SQL("%s = %s", SQL.identifier(name), _value(value)) for name, value in values.items())


NOW = SQL("now() AT TIME ZONE 'UTC'")


def editor(env):
    """The columns that say who changed a row and when, as the ORM fills them."""
    return {"write_uid": env.uid, "write_date": NOW}


def author(env):
    """The same of a new row."""
    return {"create_uid": env.uid, "create_date": NOW, **editor(env)}


def next_names(env, xmlid, count):
    """The next numbers of a sequence, by the calendar of Shanghai."""
    sequence_id = env["ir.model.data"]._xmlid_to_res_id(xmlid)
    sequence = env["ir.sequence"].sudo().with_context(tz=SHANGHAI.key).browse(sequence_id)  # whoever orders takes one
    sequence.fetch(["implementation", "number_increment", "padding", "prefix", "suffix", "use_date_range"])
    return [sequence.next_by_id() for _number in range(count)]


def fill(model, names, rows):
    """Put what was read into the cache; what is there already stays.

    :param rows: ``(id, value of each name…)``, as the cache keeps them: ids of many2one, tuples of ids of x2many
    """
    caches = [model._fields[name]._get_cache(model.env) for name in names]
    for record_id, *values in rows:
        for cache, value in zip(caches, values, strict=True):
            cache.setdefault(record_id, value)


def forget(records, keep):
    """Drop what is cached of ``records``, which a statement changed, but for the fields ``keep``, which it did not."""
    kept = {name: dict(records._fields[name]._get_cache(records.env)) for name in keep}
    records.invalidate_recordset(flush=False)
    for name, cache in kept.items():
        fill(records, (name,), ((record_id, cache[record_id]) for record_id in records.ids if record_id in cache))


def forget_inverses(model):
    """Drop the cached lists of records that point to rows of ``model``, after new ones were written."""
    registry = model.pool
    for field in model._fields.values():
        for inverse in registry.field_inverses[field]:
            inverse._invalidate_cache(model.env)
