"""Pages of a list in any order that each take as long as the first one."""

from odoo.tools import SQL


def page(records, domain, rank, after=None, limit=20, ascending=False):
    """One page of the records of ``domain``, ordered by ``rank`` and, among equals, by id.

    :param records: empty recordset of the model, in the environment that may search it
    :param rank: SQL expression over the table's alias ``item``, never NULL
    :param after: the last record of the page before
    :return: ``(records, whether more follow)``
    """
    env, table = records.env, SQL.identifier(records._table)
    direction = SQL("ASC") if ascending else SQL("DESC")
    where = SQL("item.id IN %s", records._search(domain).subselect())
    if after:
        where = SQL(
            "%s AND (%s, item.id) %s (SELECT %s, item.id FROM %s item WHERE item.id = %s)",
            where,
            rank,
            SQL(">") if ascending else SQL("<"),
            rank,
            table,
            after.id,
        )
    env.flush_all()
    env.cr.execute(
        SQL(
            "SELECT item.id FROM %s item WHERE %s ORDER BY %s %s, item.id %s LIMIT %s",
            table,
            where,
            rank,
            direction,
            direction,
            limit + 1,
        )
    )
    ids = [row[0] for row in env.cr.fetchall()]
    return records.browse(ids[:limit]), len(ids) > limit
