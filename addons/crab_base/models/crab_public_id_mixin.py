import os
import time
import uuid

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools import sql as sqltools

COLUMN = "public_id"
MAX_PAGE = 100


def uuid7():
    """A uuid of version 7: milliseconds since 1970, then 74 random bits."""
    bits = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(0b11 << 62) | 0b10 << 62
    return str(uuid.UUID(int=bits))


class CrabPublicIdMixin(models.AbstractModel):
    """``public_id``: the identity of a record outside the server; integer ids never leave it.

    Set by the ORM and, for rows written by SQL, by the column's own default. Unique, sorted by time of making.
    """

    _name = "crab.public.id.mixin"
    _description = "Record known outside by a uuid"

    public_id = fields.Char(
        "Public ID", size=36, default=lambda self: uuid7(), required=True, readonly=True, copy=False
    )

    def init(self):
        super().init()
        if self._abstract or not self._auto:
            return
        sqltools.create_index(self.env.cr, f"{self._table}_{COLUMN}_uniq", self._table, [f'"{COLUMN}"'], unique=True)
        self._set_public_id_default()

    def _init_column(self, column_name):
        """Rows that were there before the column each get an id of their own."""
        if column_name != COLUMN:
            return super()._init_column(column_name)
        self._set_public_id_default()
        self.env.cr.execute(
            SQL("UPDATE %s SET public_id = crab_uuid7()::text WHERE public_id IS NULL", SQL.identifier(self._table))
        )
        return None

    @api.model
    def _set_public_id_default(self, native=True):
        if native and self.env.cr._cnx.server_version >= 180000:
            body = "SELECT uuidv7()"
        else:
            body = """
                SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
                    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
                    52, 1), 53, 1), 'hex')::uuid
            """
        self.env.cr.execute(
            SQL("CREATE OR REPLACE FUNCTION crab_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS %s", body)
        )
        self.env.cr.execute(
            SQL("ALTER TABLE %s ALTER COLUMN public_id SET DEFAULT crab_uuid7()::text", SQL.identifier(self._table))
        )

    def write(self, vals):
        if COLUMN in vals:
            raise UserError(self.env._("The public ID of a record is for ever."))
        return super().write(vals)

    @api.model
    def _from_public_ids(self, public_ids):
        """The records with these public ids, in their order; unknown ones are left out."""
        found = {record.public_id: record for record in self.search([(COLUMN, "in", list(public_ids))])}
        return self.browse(found[public_id].id for public_id in public_ids if public_id in found)

    @api.model
    def _page(self, domain, cursor=None, limit=20):
        """One page of the records of ``domain``, the newest first; each page takes as long as the first one.

        :param cursor: what the page before gave, None for the first page
        :param limit: records of a page, at most 100
        :return: ``(records, cursor of the next page or None)``
        :raise MissingError: (404) for a cursor that is none
        """
        limit = min(max(int(limit), 1), MAX_PAGE)
        domain = Domain(domain)
        if cursor:
            last = self.search([(COLUMN, "=", cursor)])
            if not last:
                raise MissingError(self.env._("This record does not exist."))
            domain &= Domain("id", "<", last.id)
        found = self.search_fetch(domain, [COLUMN], order="id desc", limit=limit + 1)
        page = found[:limit]
        return page, page[-1:].public_id if len(found) > limit else None
