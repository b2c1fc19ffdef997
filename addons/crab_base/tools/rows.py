"""Rows of a table in one statement, where the ORM would take minutes for hundreds of thousands."""

from odoo.tools import SQL, split_every
from odoo.tools import sql as sqltools

ROWS = 20_000  # in one statement


def insert_like(record, columns):
    """Insert rows that equal the row of ``record`` except in ``columns``; what points to itself does so in each.

    ``record`` was made by the ORM in this transaction, so its row has the defaults and stored fields of whatever is
    installed. Those that follow from the given columns must be given too. The database's own constraints hold; checks
    in Python, followers, messages and other rows that the ORM would make beside are the caller's.

    :param columns: ``{column: its values, as create takes them, in the order of the new rows}``
    :return: the new records in that order, with the environment of ``record``
    """
    record.ensure_one()
    env, name = record.env, record._table
    env.flush_all()
    cr = env.cr
    count = len(next(iter(columns.values())))
    cr.execute(SQL("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", name, count))
    ids = [new_id for (new_id,) in cr.fetchall()]
    columns = {
        "id": ids,
        **{
            column: [record._fields[column].convert_to_column_insert(value, record) for value in values]
            for column, values in columns.items()
        },
    }
    types = sqltools.table_columns(cr, name)
    own = [
        field.name
        for field in record._fields.values()
        if field.name in types and field.comodel_name == record._name and record[field.name] == record
    ]
    kept = [column for column in types if column not in columns and column not in own]
    for part in split_every(ROWS, range(count)):
        arrays = SQL(", ").join(
            SQL("%s::%s[]", [values[at] for at in part], SQL.identifier(types[column]["udt_name"]))
            for column, values in columns.items()
        )
        cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s AS model, unnest(%s) AS made(%s) WHERE model.id = %s",
                SQL.identifier(name),
                _listed([*columns, *own, *kept]),
                SQL(", ").join(
                    [_listed(columns, "made"), *[SQL.identifier("made", "id")] * len(own), _listed(kept, "model")]
                ),
                SQL.identifier(name),
                arrays,
                _listed(columns),
                record.id,
            )
        )
    env.invalidate_all()
    return record.browse(ids)


def _listed(columns, table=None):
    return SQL(", ").join(SQL.identifier(*filter(None, (table, column))) for column in columns)
