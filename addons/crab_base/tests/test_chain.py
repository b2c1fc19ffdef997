from datetime import date, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import RestrictViolation

from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from .common import CrabCase
from .models_chain import set_up_models

TEXTS = st.none() | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30)
LINES = st.fixed_dictionaries(
    {
        "kind": TEXTS,
        "amount": st.none() | st.decimals(-(10**11), 10**11, places=4),
        "is_undo": st.booleans() | st.none(),
        "day": st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
        "note": TEXTS,
        "happened_at": st.datetimes(datetime(1960, 1, 1), datetime(2200, 1, 1)),
        "document_model": TEXTS,
        "document_id": st.none() | st.integers(-(2**31), 2**31 - 1),
    }
)


class TestChain(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        set_up_models(cls)
        cls.events = cls.env["crab.test.pot.event"]
        cls.pots = cls.env["crab.test.pot"].create([{"name": str(number)} for number in range(5)])

    def _fill(self, lines=3):
        for number in range(lines):
            self.events._append(
                {"pot_id": SQL("p.id"), "kind": "in", "amount": number, "note": SQL("p.name")},
                SQL("crab_test_pot p WHERE p.id = ANY(%s)", self.pots.ids),
                document=self.group,
            )

    def _triggers(self, what):
        for table in ("crab_test_pot", "crab_test_pot_event"):
            self.env.cr.execute(f"ALTER TABLE {table} {what} TRIGGER USER")

    def _tamper(self, query, *params):
        self._triggers("DISABLE")
        self.env.cr.execute(query, params)
        self._triggers("ENABLE")
        return [(found["parent_id"], found["sequence"], found["problem"]) for found in self.events._verify_chain()]

    # ---------------------------------------------------------------------------------- writing

    def test_a_set_of_parents_gets_one_line_each_in_one_statement(self):
        self.env.flush_all()
        with self.assertQueryCount(1):
            lines = self.events._append(
                {"pot_id": SQL("p.id"), "kind": "in", "comment": "x"},
                SQL("crab_test_pot p WHERE p.id = ANY(%s)", self.pots.ids),
                document=self.group,
                parent_set=SQL("name = 'moved ' || line.sequence || parent.name"),
            )
        self.assertEqual(lines.pot_id, self.pots)
        self.assertEqual(self.pots.mapped("event_count"), [1] * 5)
        self.assertEqual(self.pots.mapped("head_hash"), lines.mapped("hash"))
        self.assertEqual(self.pots.mapped("name"), [f"moved 1{number}" for number in range(5)])
        self.assertEqual(lines[0].document_id, self.group.id)
        self.assertEqual((lines[0].actor_kind, lines[0].actor_id), ("system", self.env.uid))

    def test_values_keep_their_order_within_a_parent(self):
        first, second = self.pots[:2]
        self._fill(1)
        self.env.flush_all()
        with self.assertQueryCount(1):
            lines = self.events._append_values(
                [
                    {"pot_id": second.id, "amount": 1},
                    {"pot_id": first.id, "note": "二", "document_id": 7, "amount": 2},
                    {"pot_id": second.id, "amount": 3},
                ],
                document=self.group,
            )
        self.assertEqual(lines.mapped("amount"), [1, 2, 3])
        self.assertEqual(lines.mapped("sequence"), [2, 2, 3])
        self.assertEqual(self.pots.mapped("event_count"), [2, 3, 1, 1, 1])
        self.assertEqual(second.head_hash, lines[2].hash)
        self.assertFalse(self.events._verify_chain())
        self.assertFalse(self.events._append_values([]))

    def test_thousands_of_lines_of_few_parents_are_one_chain_each(self):
        lines = self.events._append_values(
            [{"pot_id": self.pots[number % 2].id, "amount": number} for number in range(3000)]
        )
        self.assertEqual(lines.mapped("sequence"), [1 + number // 2 for number in range(3000)])
        self.assertFalse(self.events._verify_chain())

    def test_values_for_an_unknown_parent_are_refused(self):
        with self.assertRaises(ValueError), self.env.cr.savepoint():
            self.events._append_values([{"pot_id": self.pots[0].id}, {"pot_id": 0}])
        self.assertEqual(self.pots[0].event_count, 0)

    def test_two_lines_of_one_parent_in_one_statement_or_an_unknown_parent_are_refused(self):
        for ids in ([self.pots[0].id] * 2, [self.pots[0].id, 0]):
            with self.assertRaises(ValueError), self.env.cr.savepoint():
                self.events._append({"pot_id": SQL("given_id"), "kind": "in"}, SQL("unnest(%s) AS given_id", ids))
        self.assertEqual(self.pots[0].event_count, 0)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(LINES, min_size=1, max_size=3))
    def test_sql_and_python_hash_alike(self, lines):
        pot = self.env["crab.test.pot"].create({})
        written = self.events._append_values([{"pot_id": pot.id, **line} for line in lines])
        previous = None
        for number, (line, record) in enumerate(zip(lines, written, strict=True), 1):
            values = {"pot_id": pot.id, "sequence": number, "actor_kind": "system", "actor_id": self.env.uid, **line}
            previous = self.events._hasher()(previous, values)
            self.assertEqual(record.hash, previous)
        self.assertFalse(self.events._verify_chain(pot.ids))

    def test_a_bulk_loader_hashes_first_lines_in_its_own_statement(self):
        moment = datetime(2026, 11, 23, 1, 2, 3, 456789)
        columns = {
            "pot_id": SQL("p.id"),
            "sequence": SQL("1"),
            "happened_at": SQL("%s", moment),
            "amount": SQL("2.50"),
            "note": SQL("p.name"),
        }
        self.env.flush_all()
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.env.cr.execute(
            SQL(
                """
                WITH line AS (
                    INSERT INTO crab_test_pot_event (%s, hash) SELECT %s, %s FROM crab_test_pot p RETURNING pot_id, hash
                )
                UPDATE crab_test_pot p SET event_count = 1, head_hash = line.hash FROM line WHERE line.pot_id = p.id
                """,
                names,
                SQL(", ").join(columns.values()),
                self.events._hash_sql(columns),
            )
        )
        self.env.invalidate_all(flush=False)
        self.assertFalse(self.events._verify_chain())
        values = {
            "pot_id": self.pots[0].id,
            "sequence": 1,
            "happened_at": moment,
            "amount": Decimal("2.5"),
            "note": "0",
        }
        self.assertEqual(self.pots[0].head_hash, self.events._hasher()(None, values))
        others = {name: value for name, value in values.items() if name != "pot_id"}
        self.assertEqual(self.pots[0].head_hash, self.events._first_hasher({**others, "note": "0"})(self.pots[0].id))

    def test_a_line_says_the_same_only_if_every_column_does(self):
        line_hash = self.events._hasher()
        values = {"pot_id": 1, "sequence": 1, "kind": "a", "note": "b"}
        self.assertNotEqual(line_hash(None, values), line_hash(None, {**values, "kind": "a,note=1:b", "note": None}))
        self.assertNotEqual(line_hash(None, values), line_hash("x", values))

    # ------------------------------------------------------------------------------- append-only

    def test_lines_cannot_be_written_by_hand(self):
        self._fill(1)
        line = self.events.search([], limit=1)
        for act in (
            lambda: self.events.create({"pot_id": self.pots[0].id}),
            lambda: line.write({"note": "x"}),
            lambda: line.unlink(),
        ):
            with self.assertRaises(UserError):
                act()

    def test_the_database_refuses_update_delete_and_truncate(self):
        self._fill(1)
        for query in (
            "UPDATE crab_test_pot_event SET note = 'x'",
            "DELETE FROM crab_test_pot_event",
            "TRUNCATE crab_test_pot_event",
        ):
            with self.assertRaisesRegex(RestrictViolation, "append-only"), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(query)
        self.assertFalse(self.events._verify_chain())

    def test_a_record_with_a_history_cannot_be_deleted_without_one_it_can(self):
        self._fill(1)
        fresh = self.env["crab.test.pot"].create({})
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE crab_test_pot_event DROP CONSTRAINT crab_test_pot_event_pot_id_fkey")
        with self.assertRaisesRegex(RestrictViolation, "has a history"), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute("DELETE FROM crab_test_pot WHERE id = %s", [self.pots[0].id])
        fresh.unlink()
        self.assertFalse(fresh.exists())

    # ------------------------------------------------------------------------------- attacks

    def test_a_changed_column_is_found(self):
        self._fill()
        pot = self.pots[1].id
        found = self._tamper(
            "UPDATE crab_test_pot_event SET amount = amount + 0.0001 WHERE pot_id = %s AND sequence = 2", pot
        )
        self.assertEqual(found, [(pot, 2, "changed")])
        self.assertFalse(self.events._verify_chain((self.pots - self.pots[1]).ids))
        self.assertTrue(self.events._verify_chain([pot]))

    def test_a_column_outside_the_canonical_ones_may_differ(self):
        self._fill()
        self.assertEqual(self._tamper("UPDATE crab_test_pot_event SET comment = 'x'"), [])

    def test_a_changed_line_with_a_fitting_hash_is_found_at_the_next_one(self):
        self._fill()
        pot = self.pots[1]
        self.env.cr.execute("SELECT * FROM crab_test_pot_event WHERE pot_id = %s ORDER BY sequence", [pot.id])
        first, second, _third = self.env.cr.dictfetchall()
        forged = self.events._hasher()(first["hash"], {**second, "note": "y"})
        found = self._tamper("UPDATE crab_test_pot_event SET note = 'y', hash = %s WHERE id = %s", forged, second["id"])
        self.assertEqual(found, [(pot.id, 3, "changed")])

    def test_a_missing_line_is_found_wherever_it_was(self):
        for sequence, at in ((1, 2), (2, 3), (3, 2)):
            with self.subTest(sequence=sequence), self.env.cr.savepoint() as savepoint:
                self._fill()
                pot = self.pots[2].id
                found = self._tamper(
                    "DELETE FROM crab_test_pot_event WHERE pot_id = %s AND sequence = %s", pot, sequence
                )
                self.assertEqual(found, [(pot, at, "missing")])
                savepoint.rollback()

    def test_a_history_that_is_gone_altogether_is_found(self):
        self._fill()
        pot = self.pots[2].id
        self.assertEqual(
            self._tamper("DELETE FROM crab_test_pot_event WHERE pot_id = %s", pot), [(pot, None, "missing")]
        )

    def test_lines_in_another_order_are_found(self):
        self.events._append_values(
            [{"pot_id": self.pots[0].id, "happened_at": datetime(2026, 1, day), "amount": day} for day in (1, 2, 3)]
        )
        pot = self.pots[0].id
        found = self._tamper(
            "UPDATE crab_test_pot_event SET sequence = -sequence WHERE pot_id = %s AND sequence IN (1, 2);"
            "UPDATE crab_test_pot_event SET sequence = 3 + sequence WHERE pot_id = %s AND sequence < 0",
            pot,
            pot,
        )
        self.assertEqual(found, [(pot, 1, "changed"), (pot, 2, "reordered"), (pot, 3, "changed")])

    def test_a_line_moved_to_another_parent_is_found(self):
        self._fill(2)
        one, other = self.pots[0].id, self.pots[1].id
        found = self._tamper(
            "UPDATE crab_test_pot_event SET pot_id = %s, sequence = 3 WHERE pot_id = %s AND sequence = 2", other, one
        )
        self.assertEqual(found, [(one, 1, "missing"), (other, 3, "changed")])

    def test_a_wrong_count_or_head_is_found(self):
        self._fill()
        one, other, third = self.pots[:3].ids
        found = self._tamper(
            "UPDATE crab_test_pot SET event_count = 2 WHERE id = %s;"
            "UPDATE crab_test_pot SET head_hash = 'x' WHERE id = %s;"
            "UPDATE crab_test_pot SET event_count = 4 WHERE id = %s",
            one,
            other,
            third,
        )
        self.assertEqual(found, [(one, 3, "head"), (other, 3, "head"), (third, 3, "missing")])

    def test_lines_whose_parent_is_gone_are_found(self):
        self._fill(1)
        pot = self.pots[4].id
        self.env.cr.execute("ALTER TABLE crab_test_pot_event DROP CONSTRAINT crab_test_pot_event_pot_id_fkey")
        self.assertEqual(self._tamper("DELETE FROM crab_test_pot WHERE id = %s", pot), [(pot, 1, "orphan")])

    def test_findings_stop_at_the_limit(self):
        self._fill(1)
        self._tamper("UPDATE crab_test_pot_event SET note = 'x'")
        self.assertEqual(len(self.events._verify_chain(limit=2)), 2)
        self.assertEqual(len(self.events._verify_chain(limit=2, batch=1)), 2)
