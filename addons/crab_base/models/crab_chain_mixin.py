from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, make_identifier
from odoo.tools import sql as sqltools

from ..tools import chain
from ..tools.subject import Subject


class CrabChainMixin(models.AbstractModel):
    """Append-only history whose lines are linked by hash, per record of a parent model.

    The lines of one parent are numbered 1…n; the hash of each covers its canonical columns and the hash of the line
    before. The parent (``crab.chain.parent.mixin``) keeps the number of lines and the hash of the last one. Triggers
    refuse to change or delete lines; ``_verify_chain`` finds what was changed in spite of them, and seals kept outside
    the database (``crab.chain.seal``) show even a history that was written anew from end to end.

    Example::

        class CrabCard(models.Model):
            _name = "crab.card"
            _inherit = ["crab.chain.parent.mixin"]

        class CrabCardEvent(models.Model):
            _name = "crab.card.event"
            _inherit = ["crab.chain.mixin"]
            _log_access = False  # actor and time are facts of the line itself
            _chain_parent = "card_id"
            _chain_columns = ("kind", "state_from", "state_to", "amount")

            card_id = fields.Many2one("crab.card", required=True, ondelete="restrict")
            kind = fields.Selection(...)

        # one line for each of 10,000 locked cards and their new state, in one statement
        events._append(
            {"card_id": SQL("c.id"), "kind": "activate", "state_from": SQL("c.state"), "state_to": "active"},
            SQL("crab_card c WHERE c.id = ANY(%s)", cards.ids),
            document=order,
            parent_set=SQL("state = line.state_to, transit_id = NULL"),
        )

        # a few lines from Python, several per parent allowed (wallet entries)
        entries._append_values([{"wallet_id": 1, "kind": "topup", "amount": Decimal("5.00")}], document=topup)

        # a bulk loader writes cards and first lines itself: sequence 1, no line before
        columns = {"card_id": SQL("s.id"), "sequence": SQL("1"), "happened_at": SQL("%s", moment), …}
        SQL("INSERT INTO crab_card_event (card_id, …, hash) SELECT s.id, …, %s FROM stage s", events._hash_sql(columns))
        # and crab_card.event_count = 1, crab_card.head_hash = the same expression; or in Python: events._hasher()

    Personal data (names, phones) never belongs into a canonical column: erasing a person must leave histories whole.
    """

    _name = "crab.chain.mixin"
    _description = "Append-only, hash-linked history"
    _order = "id desc"

    _chain_parent = None  # name of the Many2one to the model with crab.chain.parent.mixin
    _chain_columns = ()  # canonical columns besides the common ones; new ones only at the end, NULL in old lines

    sequence = fields.Integer("Line", required=True, readonly=True)
    happened_at = fields.Datetime("When", required=True, readonly=True)
    actor_kind = fields.Char("Kind of Actor", readonly=True)
    actor_id = fields.Integer("Actor", readonly=True)
    document_model = fields.Char("Kind of Document", readonly=True)
    document_id = fields.Many2oneReference("Document", model_field="document_model", readonly=True)
    hash = fields.Char("Hash", required=True, readonly=True, size=64)

    def init(self):
        super().init()
        if self._abstract or not self._auto:
            return
        parent = self._fields[self._chain_parent]
        for kind in self._chain_types().values():
            chain.check_type(kind)
        sqltools.create_index(
            self.env.cr,
            make_identifier(f"{self._table}_{parent.name}_sequence_uniq"),
            self._table,
            [f'"{parent.name}"', "sequence"],
            unique=True,
        )
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_chain_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION
                    'The history % is append-only: its lines are never changed or deleted; correct them by a new line.',
                    TG_TABLE_NAME USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
            END $$
            """
        )
        self.env.cr.execute(chain.AGGREGATE_SQL)
        for name, timing in (
            ("crab_append_only", "UPDATE OR DELETE"),
            ("crab_append_only_truncate", "TRUNCATE"),
        ):
            self.env.cr.execute(
                SQL(
                    "CREATE OR REPLACE TRIGGER %s BEFORE %s ON %s FOR EACH %s EXECUTE FUNCTION crab_chain_refuse()",
                    SQL.identifier(name),
                    SQL(timing),  # pylint: disable=sql-injection
                    SQL.identifier(self._table),
                    SQL("STATEMENT" if timing == "TRUNCATE" else "ROW"),
                )
            )

    # ------------------------------------------------------------------------------------------
    # Lines are made by the owning door only
    # ------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("History lines are written by the documents themselves, never by hand."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("History lines are never changed; correct them by a new document."))

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self.env._("History lines are never deleted."))

    # ------------------------------------------------------------------------------------------
    # Canonical bytes
    # ------------------------------------------------------------------------------------------

    @api.model
    def _chain_parent_model(self):
        return self.env[self._fields[self._chain_parent].comodel_name]

    @api.model
    def _chain_types(self):
        """``{column: PostgreSQL type}`` of the canonical columns, in their order."""
        common = (
            self._chain_parent,
            "sequence",
            "happened_at",
            "actor_kind",
            "actor_id",
            "document_model",
            "document_id",
        )
        return {name: self._fields[name].column_type[0] for name in (*common, *self._chain_columns)}

    @api.model
    def _hasher(self):
        """Python twin of ``_hash_sql``: a function ``(previous_hash or None, {column: value}) -> hash``."""
        return chain.hasher(self._chain_types())

    @api.model
    def _first_hasher(self, values):
        """A function ``parent's id -> hash`` of first lines with these ``values``, for loaders by the million."""
        return chain.first_hasher(self._chain_types(), {"sequence": 1, **values})

    @api.model
    def _hash_sql(self, expressions, previous=None):
        """SQL expression of a line's hash, for loaders that write first lines within their own statements.

        :param expressions: ``{column: SQL}``; canonical columns that are left out are NULL
        :param previous: SQL of the hash of the line before; none for the first line
        """
        return chain.hash_sql(self._chain_types(), expressions, previous or SQL("''"))

    @api.model
    def _plain(self, name, value):
        """``value`` as a parameter for column ``name``: Odoo's False means NULL everywhere but in a boolean."""
        return None if value is False and self._fields[name].type != "boolean" else value

    # ------------------------------------------------------------------------------------------
    # Appending
    # ------------------------------------------------------------------------------------------

    @api.model
    def _append(self, values, source, document=None, parent_set=None, locked=None):
        """Write one line for each row of ``source`` and move the parents' heads, in one statement.

        Parents that the caller has not locked yet (``lock_rows``) are locked here, in id order; one that was changed
        since this transaction began restarts the transaction.

        :param values: ``{column: SQL expression over source, or a plain value}``, the parent's field among them;
            ``happened_at`` and the actor are set unless given
        :param source: SQL after FROM, e.g. ``SQL("crab_card c WHERE c.id = ANY(%s)", ids)``; one row per parent at most
        :param document: the record that caused it
        :param parent_set: SQL assignments for the parents' own columns, over ``line`` (the new line) and ``parent``
        :param locked: SQL of the alias by which the parents themselves, locked by the caller, stand in ``source``
        :return: the new lines, by parent's id
        :raise ValueError: two rows name the same parent, or one that does not exist
        """
        values = {**self._common_values(document), **values}
        parents = self._chain_parent_model()
        types = {name: self._fields[name].column_type[0] for name in values}
        typed = {
            name: SQL("(%s)::%s", self._plain(name, value), SQL(types[name]))  # pylint: disable=sql-injection
            for name, value in values.items()
        }
        columns = [SQL.identifier(name) for name in values]
        given = {name: expression for name, expression in typed.items() if isinstance(values[name], SQL)}
        # what all lines have in common stands in the statement itself: the planner works it out once, also for the hash
        of_new = {name: SQL.identifier("new", name) if name in given else typed[name] for name in values}
        of_new["sequence"] = SQL.identifier("new", "sequence")
        head = SQL(
            "%s.event_count + 1 AS sequence, coalesce(%s.head_hash, '') AS previous", *[locked or SQL("parent")] * 2
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH given AS MATERIALIZED (SELECT %(typed)s FROM %(source)s),
                new AS (%(new)s),
                line AS (
                    INSERT INTO %(table)s (%(columns)s, sequence, hash)
                    SELECT %(new_columns)s, new.sequence, %(hash)s FROM new
                    RETURNING *
                )
                UPDATE %(parents)s parent SET event_count = line.sequence, head_hash = line.hash%(parent_set)s
                  FROM line WHERE line.%(parent)s = parent.id
                RETURNING parent.id, line.id, (SELECT count(*) FROM given)
                """,
                typed=SQL(", ").join(
                    [
                        *(SQL("%s AS %s", expression, SQL.identifier(name)) for name, expression in given.items()),
                        *([head] if locked else []),
                    ]
                ),
                source=source,
                new=SQL("SELECT * FROM given ORDER BY %s", SQL.identifier(self._chain_parent))
                if locked
                else SQL(
                    "SELECT given.*, %(head)s FROM given JOIN %(parents)s parent ON parent.id = given.%(parent)s"
                    " ORDER BY given.%(parent)s FOR NO KEY UPDATE OF parent",
                    head=head,
                    parents=SQL.identifier(parents._table),
                    parent=SQL.identifier(self._chain_parent),
                ),
                parents=SQL.identifier(parents._table),
                parent=SQL.identifier(self._chain_parent),
                table=SQL.identifier(self._table),
                columns=SQL(", ").join(columns),
                new_columns=SQL(", ").join(of_new[name] for name in values),
                hash=self._hash_sql(
                    {name: of_new[name] for name in self._chain_types() if name in of_new}, SQL("new.previous")
                ),
                parent_set=SQL(", %s", parent_set) if parent_set else SQL(),
            )
        )
        lines = sorted(self.env.cr.fetchall())
        if lines and len(lines) != lines[0][2]:
            raise ValueError(f"{self._name}: each row must name another parent that exists")
        parents.browse(line[0] for line in lines).invalidate_recordset(flush=False)
        self.invalidate_model(flush=False)
        return self.browse(line[1] for line in lines)

    @api.model
    def _common_values(self, document):
        """When, who and by which document, where the lines do not say so themselves."""
        actor = Subject.of(self.env)
        return {
            "happened_at": SQL("statement_timestamp() AT TIME ZONE 'UTC'"),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            **({"document_model": document._name, "document_id": document.id} if document else {}),
        }

    @api.model
    def _append_values(self, vals_list, document=None):
        """Write lines given as dicts of plain values, in one statement; several per parent keep their order.

        Parents are locked as by ``_append``.

        :return: the new lines, in the order of ``vals_list``
        :raise ValueError: a line names a parent that does not exist
        """
        if not vals_list:
            return self.browse()
        names = list(dict.fromkeys(name for vals in vals_list for name in vals))
        values = {**self._common_values(document), **{name: SQL.identifier("v", name) for name in names}}
        types = {name: self._fields[name].column_type[0] for name in values}
        columns = self._chain_types()
        parents = self._chain_parent_model()
        parent_ids = list({vals[self._chain_parent] for vals in vals_list})
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH given AS MATERIALIZED (
                    SELECT %(typed)s, v."#" FROM unnest(%(arrays)s) WITH ORDINALITY AS v(%(names)s, "#")
                ),
                head AS MATERIALIZED (
                    SELECT id, event_count, coalesce(head_hash, '') AS hash FROM %(parents)s
                     WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE
                ),
                numbered AS (
                    SELECT given.*, head.hash AS previous,
                           (head.event_count + row_number() OVER (PARTITION BY head.id ORDER BY "#"))::int AS sequence
                      FROM given JOIN head ON head.id = given.%(parent)s
                ),
                new AS (
                    SELECT *, crab_chain_hash(previous, %(text)s)
                              OVER (PARTITION BY %(parent)s ORDER BY sequence) AS hash
                      FROM numbered
                ),
                line AS (
                    INSERT INTO %(table)s (%(columns)s, sequence, hash)
                    SELECT %(columns)s, sequence, hash FROM new ORDER BY "#"
                    RETURNING id, %(parent)s, sequence, hash
                ),
                last AS (
                    UPDATE %(parents)s parent SET event_count = line.sequence, head_hash = line.hash
                      FROM (SELECT DISTINCT ON (%(parent)s) * FROM line ORDER BY %(parent)s, sequence DESC) line
                     WHERE line.%(parent)s = parent.id
                )
                SELECT line.id FROM new JOIN line USING (%(parent)s, sequence) ORDER BY "#"
                """,
                typed=SQL(", ").join(
                    SQL("(%s)::%s AS %s", value, SQL(types[name]), SQL.identifier(name))  # pylint: disable=sql-injection
                    for name, value in values.items()
                ),
                arrays=SQL(", ").join(
                    SQL("%s::%s[]", [self._plain(name, vals.get(name)) for vals in vals_list], SQL(types[name]))  # pylint: disable=sql-injection
                    for name in names
                ),
                names=SQL(", ").join(map(SQL.identifier, names)),
                parents=SQL.identifier(parents._table),
                parent=SQL.identifier(self._chain_parent),
                ids=parent_ids,
                table=SQL.identifier(self._table),
                columns=SQL(", ").join(map(SQL.identifier, values)),
                text=chain.text_sql(
                    columns, {name: SQL.identifier(name) for name in columns if name in values or name == "sequence"}
                ),
            )
        )
        lines = self.browse(line_id for (line_id,) in self.env.cr.fetchall())
        if len(lines) != len(vals_list):
            raise ValueError(f"{self._name}: each line must name a parent that exists")
        parents.browse(parent_ids).invalidate_recordset(flush=False)
        self.invalidate_model(flush=False)
        return lines

    # ------------------------------------------------------------------------------------------
    # Verifying
    # ------------------------------------------------------------------------------------------

    @api.model
    def _verify_chain(self, parent_ids=None, batch=100_000, limit=1000):
        """Recompute every hash in the database and compare counts and heads.

        :param parent_ids: ids of parents to look at; all if not given
        :param batch: parents per statement
        :param limit: stop after that many findings
        :return: list of dicts ``parent_id``, ``sequence`` (of the line, or of the last one that is left) and
            ``problem``: ``missing`` (a line before or after this one is gone), ``changed``, ``reordered`` (older than
            the line before), ``head`` (the parent names another count or head), ``orphan`` (the parent is gone)
        """
        self.env.flush_all()
        parents = self._chain_parent_model()
        if parent_ids is not None:
            ids = sorted(parent_ids)
            ranges = [SQL("= ANY(%s)", ids[start : start + batch]) for start in range(0, len(ids), batch)]
        else:
            self.env.cr.execute(SQL("SELECT min(id), max(id) FROM %s", SQL.identifier(parents._table)))
            first, last = self.env.cr.fetchone()
            ranges = [
                SQL("BETWEEN %s AND %s", start, start + batch - 1)
                for start in (range(first, last + 1, batch) if first else ())
            ]
        problems = []
        for ids_sql in ranges:
            self.env.cr.execute(self._verify_sql(parents, ids_sql, limit - len(problems)))
            problems += self.env.cr.dictfetchall()
            if len(problems) >= limit:
                return problems
        if parent_ids is None:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT %(parent)s AS parent_id, max(sequence) AS sequence, 'orphan' AS problem FROM %(table)s line
                     WHERE NOT EXISTS (SELECT FROM %(parents)s parent WHERE parent.id = line.%(parent)s)
                     GROUP BY %(parent)s ORDER BY %(parent)s LIMIT %(limit)s
                    """,
                    parent=SQL.identifier(self._chain_parent),
                    table=SQL.identifier(self._table),
                    parents=SQL.identifier(parents._table),
                    limit=limit - len(problems),
                )
            )
            problems += self.env.cr.dictfetchall()
        return problems

    @api.model
    def _verify_sql(self, parents, ids_sql, limit):
        columns = self._chain_types()
        return SQL(
            """
            WITH line AS (
                SELECT *, lag(hash) OVER chain AS previous, lag(sequence) OVER chain AS previous_sequence,
                       lag(happened_at) OVER chain AS previous_at, lead(id) OVER chain IS NULL AS is_last
                  FROM %(table)s WHERE %(parent)s %(ids)s
                WINDOW chain AS (PARTITION BY %(parent)s ORDER BY sequence)
            ),
            judged AS (
                SELECT parent.id AS parent_id, line.sequence,
                       CASE
                           WHEN line.id IS NULL THEN CASE WHEN parent.event_count <> 0 THEN 'missing' END
                           WHEN line.sequence <> coalesce(line.previous_sequence, 0) + 1 THEN 'missing'
                           WHEN line.hash <> %(hash)s
                           THEN CASE WHEN line.happened_at < line.previous_at THEN 'reordered' ELSE 'changed' END
                           WHEN line.is_last AND parent.event_count > line.sequence THEN 'missing'
                           WHEN line.is_last AND (parent.event_count IS DISTINCT FROM line.sequence
                                                  OR parent.head_hash IS DISTINCT FROM line.hash) THEN 'head'
                       END AS problem
                  FROM %(parents)s parent LEFT JOIN line ON line.%(parent)s = parent.id
                 WHERE parent.id %(ids)s
            )
            SELECT * FROM judged WHERE problem IS NOT NULL ORDER BY parent_id, sequence LIMIT %(limit)s
            """,
            table=SQL.identifier(self._table),
            parent=SQL.identifier(self._chain_parent),
            parents=SQL.identifier(parents._table),
            ids=ids_sql,
            limit=limit,
            hash=self._hash_sql(
                {name: SQL.identifier("line", name) for name in columns}, SQL("coalesce(line.previous, '')")
            ),
        )
