from datetime import UTC, datetime
from itertools import islice

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import business_date

from .crab_card import NAMED_AT_MOST

# What a caller may expect of and set on numbers; everything else of a row never changes.
_EXPECTED = {
    "state", "kind", "holder_kind", "dealer_id", "member_id", "origin_dealer_id", "product_id", "company_id",
    "batch_id", "is_vip",
}  # fmt: skip
_CHANGED = {
    "state", "holder_kind", "dealer_id", "member_id", "origin_dealer_id", "valid_until", "charged_amount",
    "charge_model", "charge_id", "transit_model", "transit_id", "received_at", "is_vip",
}  # fmt: skip
ANALYZE_FROM = 1000  # numbers that come at once
FREE = None  # in ``transit``: held by no document
LINES_AT_ONCE = 100  # of a COPY, made while the server works on those before


def _copy_text(values):
    """Plain values as COPY reads them, without its end of line."""
    return "\t".join("\\N" if value is None else str(value) for value in values)


class _Stream:
    """What COPY reads, made line by line."""

    def __init__(self, lines):
        self.lines = lines

    def read(self, _size):  # of no model: pylint: disable=method-required-super
        return "".join(islice(self.lines, LINES_AT_ONCE))


class CrabCard(models.Model):
    """The door: the one way in which numbers change, always whole sets, all or nothing."""

    _inherit = "crab.card"

    def _change(self, event, document, values, expect, amounts=None, note=None):
        """Change all these numbers in the same way, write one history line for each, and no number otherwise.

        Rows are locked in id order first; the check sees what is true then. A constant number of statements.

        :param str event: kind of history line (``crab.card.event.event``)
        :param document: the record that causes it, or None
        :param dict values: column → new value, the same for all (``SQL`` over the alias ``parent`` is allowed)
        :param dict expect: column → collection of allowed values (None = empty); besides columns of the table:
            ``transit``: documents that may hold the numbers in transit, ``FREE`` among them if they may be free;
            ``used_by``: the document by which a used number was redeemed; ``not_expired``: the day that must be covered
        :param dict amounts: card id → Decimal that this number was charged
        :param str note: short text for the history, without personal data
        :return: self
        :raise UserError: names at most 20 numbers with their reasons; nothing is changed then
        :raise LockError: when another transaction holds a row for too long
        """
        if not self:
            return self
        unknown = set(values) - _CHANGED
        if unknown:
            raise ValueError(f"columns that the door never changes: {sorted(unknown)}")
        cards = self.browse(sorted(set(self.ids)))
        if len(lock_rows(cards)) != len(cards):
            raise UserError(self.env._("Some of these numbers do not exist."))
        cards._check_expected(expect)

        new = {name: value if isinstance(value, SQL) else SQL("%s", value or None) for name, value in values.items()}
        if "is_vip" in values:
            new["is_vip"] = SQL("%s", bool(values["is_vip"]))
        source = SQL("crab_card c WHERE c.id = ANY(%s)", cards.ids)
        amount = None
        if amounts is not None:
            source = SQL(
                "crab_card c JOIN unnest(%s::int[], %s::numeric[]) AS charge(card_id, amount) ON charge.card_id = c.id"
                " WHERE c.id = ANY(%s)",
                list(amounts),
                list(amounts.values()),
                cards.ids,
            )
            amount = SQL("charge.amount")
            new["charged_amount"] = SQL("line.amount")
            if not set(cards.ids) <= set(amounts):
                raise ValueError("an amount is needed for every number")
        if values.get("holder_kind"):  # with both ids of the holder, the same for all
            holder_id = values.get("dealer_id") or values.get("member_id")
        else:
            holder_id = SQL(
                "COALESCE(%s, %s)", new.get("dealer_id", SQL("c.dealer_id")), new.get("member_id", SQL("c.member_id"))
            )
        self.env["crab.card.event"]._append(
            {
                "card_id": SQL("c.id"),
                "event": event,
                "state_from": SQL("c.state"),
                "state_to": values.get("state") or SQL("c.state"),
                "holder_kind_from": SQL("c.holder_kind"),
                "holder_id_from": SQL("COALESCE(c.dealer_id, c.member_id)"),
                "holder_kind_to": values.get("holder_kind") or SQL("c.holder_kind"),
                "holder_id_to": holder_id,
                "amount": amount,
                "note": note,
            },
            source,
            document=document,
            parent_set=SQL(", ").join(SQL("%s = %s", SQL.identifier(name), value) for name, value in new.items())
            or None,
            locked=SQL("c"),
        )
        return self

    @api.model
    def _insert_numbers(self, event, source, columns, document=None):
        """Bring numbers into the register with the first line of their history, in one statement.

        :param str event: kind of the first history line
        :param SQL source: what stands after FROM, e.g. ``SQL("crab_card_stage s")``
        :param dict columns: column → value, or SQL over ``source``; without state and holder: inactive, at the platform
        :param document: the record that causes it
        :return: how many
        :raise psycopg2.errors.UniqueViolation: when a number is in the register already; callers check before
        """
        actor = Subject.of(self.env)
        moment = datetime.now(UTC).replace(tzinfo=None)
        columns = {"state": "inactive", "holder_kind": "platform", "is_vip": False, "received_at": moment, **columns}
        line = {
            "card_id": SQL("new.id"),
            "sequence": SQL("1"),
            "happened_at": SQL("%s", moment),
            "actor_kind": SQL("%s", actor.kind),
            "actor_id": SQL("%s", actor.id),
            "document_model": SQL("%s", document._name if document else None),
            "document_id": SQL("%s", document.id if document else None),
            "event": SQL("%s", event),
            **{
                name: (
                    SQL("new.%s", SQL.identifier(column))
                    if isinstance(columns[column], SQL)
                    else SQL("%s", columns[column])
                )
                for name, column in (
                    ("state_to", "state"),
                    ("holder_kind_to", "holder_kind"),
                    ("holder_id_to", "member_id"),
                    ("amount", "charged_amount"),
                )
                if column in columns
            },
        }
        types = {name: self._fields[name].column_type[0] for name in columns if name in self._fields}
        typed = [
            SQL(
                "(%s)%s AS %s",
                value if isinstance(value, SQL) else SQL("%s", value),
                SQL(f"::{types[name]}") if name in types else SQL(),  # pylint: disable=sql-injection
                SQL.identifier(name),
            )
            for name, value in columns.items()
        ]
        names = SQL(", ").join(SQL.identifier(name) for name in columns)
        returned = [
            name
            for name in ("state", "holder_kind", "member_id", "charged_amount")
            if isinstance(columns.get(name), SQL)
        ]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH new AS (
                    INSERT INTO crab_card (id, event_count, head_hash, %(names)s)
                    SELECT new.id, 1, %(hash)s, %(new_names)s
                      FROM (SELECT nextval('crab_card_id_seq')::int AS id, ordered.*
                              FROM (SELECT %(typed)s FROM %(source)s ORDER BY number) ordered) new
                    RETURNING %(returned)s
                )
                INSERT INTO crab_card_event (hash, %(line_names)s) SELECT new.head_hash, %(line_values)s FROM new
                """,
                typed=SQL(", ").join(typed),
                source=source,
                names=names,
                returned=SQL(", ").join(SQL.identifier(name) for name in ("id", "head_hash", *returned)),
                new_names=SQL(", ").join(SQL.identifier("new", name) for name in columns),
                hash=self.env["crab.card.event"]._hash_sql(line),
                line_names=SQL(", ").join(SQL.identifier(name) for name in line),
                line_values=SQL(", ").join(line.values()),
            )
        )
        count = self.env.cr.rowcount
        self._analyze(count)
        return count

    @api.model
    def _copy_numbers(self, event, count, rows, values, document=None):
        """``_insert_numbers`` for files of a million numbers: rows are made while the server inserts those before.

        :param str event: as for ``_insert_numbers``
        :param int count: how many rows there are
        :param rows: iterable of ``(number, product's id, hexadecimal hash of the password)``; must not use the cursor
        :param dict values: column → value, the same for all numbers
        :param document: the record that causes it
        :raise psycopg2.errors.UniqueViolation: when a number is in the register already
        """
        actor = Subject.of(self.env)
        moment = datetime.now(UTC).replace(tzinfo=None)
        values = {
            "event_count": 1, "state": "inactive", "holder_kind": "platform", "is_vip": False, "received_at": moment,
            **values,
        }  # fmt: skip
        line = {
            "sequence": 1,
            "happened_at": moment,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "document_model": document._name if document else None,
            "document_id": document.id if document else None,
            "event": event,
            "state_to": values["state"],
            "holder_kind_to": values["holder_kind"],
        }
        cr, line_hash, events = self.env.cr, self.env["crab.card.event"]._first_hasher(line), []
        self.env.flush_all()
        cr.execute(
            "SELECT nextval('crab_card_id_seq'), nextval('crab_card_event_id_seq') FROM generate_series(1, %s)", [count]
        )
        ids = cr.fetchall()
        tail, event_tail = _copy_text(values.values()), _copy_text(line.values())

        def cards():
            for (card_id, event_id), (number, product_id, password_hash) in zip(ids, rows, strict=True):
                head = line_hash(card_id)
                events.append(f"{event_id}\t{card_id}\t{head}\t{event_tail}\n")
                yield f"{card_id}\t{number}\t{product_id}\t\\\\x{password_hash}\t{head}\t{tail}\n"

        columns = ", ".join(("id", "number", "product_id", "password_hash", "head_hash", *values))
        cr.copy_expert(f"COPY crab_card ({columns}) FROM STDIN", _Stream(cards()))
        columns = ", ".join(("id", "card_id", "hash", *line))
        cr.copy_expert(f"COPY crab_card_event ({columns}) FROM STDIN", _Stream(iter(events)))

    @api.model
    def _analyze(self, count):
        """After ``count`` numbers came: the planner knows nothing of them, and would join them as if they were one."""
        if count >= ANALYZE_FROM:
            self.env.cr.execute("ANALYZE crab_card")

    # === What is expected === #

    def _expected_sql(self, name, allowed):
        if name == "not_expired":
            return SQL("(valid_until IS NULL OR valid_until >= %s)", allowed)
        if name == "used_by":
            return SQL(
                "EXISTS (SELECT FROM crab_card_event e WHERE e.card_id = crab_card.id AND e.event = 'use'"
                " AND e.document_model = %s AND e.document_id = %s AND NOT EXISTS (SELECT FROM crab_card_event later"
                " WHERE later.card_id = crab_card.id AND later.sequence > e.sequence"
                " AND later.event IN ('use', 'unuse')))",
                allowed._name,
                allowed.id,
            )
        if name == "transit":
            return SQL("(%s)", SQL(" OR ").join(
                SQL("transit_id IS NULL") if not document
                else SQL("(transit_model = %s AND transit_id = %s)", document._name, document.id)
                for document in allowed
            ))  # fmt: skip
        if name not in _EXPECTED:
            raise ValueError(f"nothing can be expected of {name}")
        allowed = allowed.ids if isinstance(allowed, models.BaseModel) else list(allowed)
        column = SQL.identifier(name)
        given = [value for value in allowed if value or value is False and name == "is_vip"]
        parts = [SQL("%s = ANY(%s)", column, given)] if given else []
        if len(given) < len(allowed):
            parts.append(SQL("%s IS NULL", column))
        return SQL("(%s)", SQL(" OR ").join(parts)) if parts else SQL("false")

    def _check_expected(self, expect):
        conditions = {name: self._expected_sql(name, allowed) for name, allowed in expect.items()}
        if not conditions:
            return
        self.env.cr.execute(
            SQL(
                "SELECT id, count(*) OVER (), %s FROM crab_card WHERE id = ANY(%s) AND (%s) IS NOT TRUE"
                " ORDER BY number LIMIT %s",
                SQL(", ").join(SQL("(%s) IS TRUE", condition) for condition in conditions.values()),
                self.ids,
                SQL(" AND ").join(conditions.values()),
                NAMED_AT_MOST,
            )
        )
        rows = self.env.cr.fetchall()
        if not rows:
            return
        lines = []
        for card_id, _count, *holds in rows:
            card = self.sudo().browse(card_id)  # the reason is told whatever the caller may read
            first = next(name for name, good in zip(conditions, holds, strict=True) if not good)
            lines.append(f"{card.number}: {card._refusal(first)}")
        if rows[0][1] > len(lines):
            lines.append(self.env._("… and %(count)s more", count=rows[0][1] - len(lines)))
        raise UserError(
            self.env._(
                "%(count)s of %(total)s numbers cannot be taken, so nothing was changed:\n%(lines)s",
                count=rows[0][1],
                total=len(self),
                lines="\n".join(lines),
            )
        )

    def _refusal(self, name):
        """Why this number does not fit, in words, by what was expected of it."""
        if name == "state":
            return self.env._(
                "its state is “%(state)s”",
                state=dict(self._fields["state"]._description_selection(self.env))[self.state],
            )
        if name in ("holder_kind", "dealer_id", "member_id"):
            return self.env._("it is held by %(holder)s", holder=self.holder_name)
        if name == "transit":
            return (
                self.env._("it is in transit with another document")
                if self.transit_id
                else self.env._("it is not in transit with this document")
            )
        if name == "not_expired":
            return self.env._("it was valid until %(date)s", date=self.valid_until)
        if name == "used_by":
            return self.env._("it was not redeemed by this document")
        if name == "origin_dealer_id":
            return self.env._(
                "it was issued to %(dealer)s", dealer=self.origin_dealer_id.display_name or self.env._("nobody")
            )
        if name == "is_vip":
            return self.env._("it is a VIP card already") if self.is_vip else self.env._("it is no VIP card")
        label = self._fields[name]._description_string(self.env)
        return self.env._("%(field)s does not fit", field=label)

    # === Named setters, the only callers of the door === #
    # ``expect`` narrows what the setter itself expects, e.g. {"holder_kind": ("dealer",), "dealer_id": sender}.

    def _reserve(self, document, expect=None):
        """Put free inactive or active numbers into transit with ``document``; holder and state stay."""
        return self._change(
            "reserve",
            document,
            {"transit_model": document._name, "transit_id": document.id},
            {"state": ("inactive", "active"), "transit": (FREE,), **(expect or {})},
        )

    def _release(self, document, expect=None):
        """Take numbers out of transit with ``document``: rejected, or not received."""
        return self._change(
            "release", document, {"transit_model": None, "transit_id": None}, {"transit": (document,), **(expect or {})}
        )

    def _hand_over(self, document, holder, origin=None, expect=None):
        """Give numbers, free or in transit with ``document``, to a new holder; they are no longer in transit.

        :param holder: a dealer, a member, or an empty value for the platform
        :param origin: the level-1 dealer they are issued to; an empty recordset or False: the platform; None: unchanged
        """
        self._claim_member(holder)
        values = {
            **self._holder_values(holder),
            "transit_model": None,
            "transit_id": None,
            "received_at": SQL("line.happened_at"),
        }
        if origin is not None:
            values["origin_dealer_id"] = origin.id if origin else None
        expected = {"state": ("inactive", "active"), "transit": (FREE, document), **(expect or {})}
        return self._change("hand_over", document, values, expected)

    def _activate(self, document, amounts, expect=None):
        """Make inactive numbers active.

        :param amounts: card id → Decimal that the number was charged (0 where nobody pays)
        """
        values = {
            "state": "active",
            "charge_model": document._name,
            "charge_id": document.id,
            "transit_model": None,
            "transit_id": None,
        }
        expected = {"state": ("inactive",), "transit": (FREE, document), **(expect or {})}
        return self._change("activate", document, values, expected, amounts=amounts)

    def _deactivate(self, document, expect=None):
        """Make active numbers of a dealer or the platform inactive, by a completed return; the charge is forgotten."""
        values = {"state": "inactive", "charged_amount": None, "charge_model": None, "charge_id": None}
        expected = {
            "state": ("active",),
            "holder_kind": ("dealer", "platform"),
            "transit": (FREE, document),
            **(expect or {}),
        }
        return self._change("deactivate", document, values, expected)

    def _use(self, document, expect=None):
        """Redeem free active numbers that are still valid."""
        return self._change("use", document, {"state": "used"}, {**self._usable(), **(expect or {})})

    def _ensure_usable(self):
        """Lock the numbers and refuse those that ``_use`` would refuse, before a document for them is made."""
        lock_rows(self)
        self._check_expected(self._usable())

    @api.model
    def _usable(self):
        return {"state": ("active",), "transit": (FREE,), "not_expired": business_date()}

    def _unuse(self, document, expect=None):
        """Make numbers active again that ``document`` redeemed; the caller knows that nothing was shipped.

        Whose holder was merged meanwhile goes on with whom it became, as those do that were not used.
        """
        for member in self.member_id:
            self._claim_member(member._now())
        self._change(
            "unuse", document, {"state": "active"}, {"state": ("used",), "used_by": document, **(expect or {})}
        )
        for member, cards in self.grouped("member_id").items():
            if member.merged_into_id:
                cards._move_to_member(member._now())
        return self

    def _cancel(self, document, expect=None):
        """Cancel inactive or active numbers for ever; the holder stays."""
        expected = {"state": ("inactive", "active"), "transit": (FREE, document), **(expect or {})}
        return self._change(
            "cancel", document, {"state": "cancelled", "transit_model": None, "transit_id": None}, expected
        )

    def _bind(self, document, member, expect=None):
        """Bind free active numbers that no member holds yet to ``member``; state and origin stay."""
        self._claim_member(member)
        values = {**self._holder_values(member), "received_at": SQL("line.happened_at")}
        expected = {"state": ("active",), "holder_kind": ("platform", "dealer"), "transit": (FREE,), **(expect or {})}
        return self._change("bind", document, values, expected)

    def _set_vip(self, is_vip, document=None, expect=None):
        """Mark unused numbers as VIP cards, or take the mark away; the caller leaves out those that are so already."""
        return self._change(
            "vip" if is_vip else "unvip",
            document,
            {"is_vip": is_vip},
            {"state": ("inactive", "active"), "is_vip": (not is_vip,), **(expect or {})},
        )

    def _move_to_member(self, member):
        """Give unused numbers of a merged member to the one it became, in transit or not."""
        expected = {"state": ("inactive", "active"), "holder_kind": ("member",)}
        return self._change("merge", None, {"member_id": member.id}, expected)

    def _renew_passwords(self, batch, hashes, key):
        """Replace the passwords of numbers that never left the platform (``crab.card.batch.action_renew_list``).

        :param dict hashes: card id → hash of its new password
        :param key: the row of the key they were hashed with
        """
        expected = {"state": ("inactive",), "holder_kind": ("platform",), "transit": (FREE,)}
        self._change("renew", batch, {}, expected)
        self.env.cr.execute(
            SQL(
                "UPDATE crab_card c SET password_hash = new.hash, key_id = %s"
                " FROM unnest(%s::int[], %s::bytea[]) AS new(id, hash) WHERE c.id = new.id",
                key.id,
                list(hashes),
                list(hashes.values()),
            )
        )
        return self

    def _set_valid_until(self, day, document=None, expect=None):
        """Change the last day of redemption of unused numbers; None for no end."""
        note = day.isoformat() if day else "-"
        return self._change(
            "extend", document, {"valid_until": day}, {"state": ("inactive", "active"), **(expect or {})}, note=note
        )

    @api.model
    def _claim_member(self, holder):
        """Make sure that a member who gets numbers in this transaction is not merged into another one meanwhile.

        Whoever merges it finds its row changed and is restarted, and then moves these numbers too; whoever comes after
        the merger is restarted and refused here. Before the numbers are locked: the merger locks in that order. Who was
        closed by head office still gets what was under way.

        :raise UserError: for a member who was merged
        """
        if not holder or holder._name != "crab.member":
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE crab_member SET write_date = write_date WHERE id = %s AND merged_into_id IS NULL", holder.id)
        )
        if not self.env.cr.rowcount:
            raise UserError(self.env._("This member is closed and cannot get cards."))

    @api.model
    def _holder_values(self, holder):
        if not holder:
            return {"holder_kind": "platform", "dealer_id": None, "member_id": None}
        kind = {"crab.dealer": "dealer", "crab.member": "member"}[holder._name]
        return {
            "holder_kind": kind,
            "dealer_id": holder.id if kind == "dealer" else None,
            "member_id": holder.id if kind == "member" else None,
        }
