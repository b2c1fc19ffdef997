import gzip
import json
import os
import shutil
import tempfile
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.queue_job.tests.common import trap_jobs

from ..tools import merkle
from .common import CrabCase
from .models_chain import set_up_models

LOGGER = "odoo.addons.crab_base.models.crab_chain_seal"


@tagged("post_install", "-at_install")
class TestMerkle(BaseCase):
    @given(st.dictionaries(st.integers(0, merkle.GROUP - 1), st.integers(1, 4)))
    def test_counts_survive_packing(self, counts):
        offsets = sorted(counts)
        ids, unpacked = merkle.unpack(3, merkle.pack(offsets, [counts[offset] for offset in offsets]))
        self.assertEqual(ids, [3 * merkle.GROUP + offset for offset in offsets])
        self.assertEqual(unpacked, [counts[offset] for offset in offsets])

    def test_the_root_depends_on_every_node_and_their_order(self):
        nodes = [f"{number:064x}" for number in range(3000)]
        root = merkle.root_of(nodes)
        self.assertNotEqual(root, merkle.root_of(nodes[::-1]))
        self.assertNotEqual(root, merkle.root_of([*nodes[:-1], "f" * 64]))
        self.assertEqual(merkle.root_of(nodes[:1]), nodes[0])


class TestSeal(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        set_up_models(cls)
        cls.seals = cls.env["crab.chain.seal"]
        cls.events = cls.env["crab.test.pot.event"]
        cls.pots = cls.env["crab.test.pot"].create([{"name": str(number)} for number in range(2100)])
        cls.env["crab.test.pot"].create({"name": "without history"})
        cls._append(cls.pots)

    def setUp(self):
        super().setUp()  # a directory per test: seals of one second over the same heads have the same name
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.startPatcher(patch.dict(os.environ, {"CRAB_MERKLE_DIR": directory}))

    @classmethod
    def _append(cls, pots):
        cls.events._append(
            {"pot_id": SQL("p.id"), "kind": "in", "amount": 5}, SQL("crab_test_pot p WHERE p.id = ANY(%s)", pots.ids)
        )

    def _forge(self, pot):
        """Write a chain anew from end to end, head included."""
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE crab_test_pot_event DISABLE TRIGGER USER")
        self.env.cr.execute("SELECT * FROM crab_test_pot_event WHERE pot_id = %s ORDER BY sequence", [pot.id])
        previous = None
        for line in self.env.cr.dictfetchall():
            line["amount"] = 7
            previous = self.events._hasher()(previous, line)
            self.env.cr.execute(
                "UPDATE crab_test_pot_event SET amount = 7, hash = %s WHERE id = %s", [previous, line["id"]]
            )
        self.env.cr.execute("UPDATE crab_test_pot SET head_hash = %s WHERE id = %s", [previous, pot.id])
        self.env.cr.execute("ALTER TABLE crab_test_pot_event ENABLE TRIGGER USER")
        self.env.invalidate_all(flush=False)

    def test_a_seal_counts_and_stays_good_while_histories_grow(self):
        seal = self.seals._seal("crab.test.pot.event")
        self.assertEqual((seal.parent_count, seal.line_count), (2100, 2100))
        self.assertFalse(seal._check())
        self._append(self.pots[:50])
        self.env["crab.test.pot"].create({})
        self.assertFalse(seal._check())
        self.assertEqual(seal.state, "good")
        grown = self.seals._seal("crab.test.pot.event")
        self.assertEqual(grown.line_count, 2150)
        self.assertNotEqual(grown.root, seal.root)

    def test_the_root_comes_from_the_heads_by_the_written_rule(self):
        seal = self.seals._seal("crab.test.pot.event")
        nodes = []
        for _number, pots in self.pots.grouped(lambda pot: pot.id // merkle.GROUP).items():
            text = "\n".join(f"{pot.id}:{pot.event_count}:{pot.head_hash}" for pot in pots)
            nodes.append(merkle.hashlib.sha256(text.encode()).hexdigest())
        self.assertEqual(seal.root, merkle.root_of(nodes))

    def test_a_history_written_anew_is_found_by_the_seal_only(self):
        seal = self.seals._seal("crab.test.pot.event")
        self._forge(self.pots[1500])
        self._append(self.pots[1500])
        self.assertFalse(self.events._verify_chain())
        with mute_logger(LOGGER):
            findings = seal._check()
        self.assertEqual(len(findings), 1)
        self.assertIn(str(self.pots[1500].id // merkle.GROUP * merkle.GROUP), findings[0])
        self.assertEqual((seal.state, seal.problem_count), ("bad", 1))
        self.assertIn(self.env.ref("base.user_admin"), seal.activity_ids.user_id)

    def test_a_history_that_vanished_with_its_record_is_found(self):
        seal = self.seals._seal("crab.test.pot.event")
        self.env.cr.execute("ALTER TABLE crab_test_pot_event DISABLE TRIGGER USER")
        self.env.cr.execute("ALTER TABLE crab_test_pot DISABLE TRIGGER USER")
        self.env.cr.execute("DELETE FROM crab_test_pot_event WHERE pot_id = %s", [self.pots[3].id])
        self.env.cr.execute("DELETE FROM crab_test_pot WHERE id = %s", [self.pots[3].id])
        self.env.invalidate_all(flush=False)
        self.assertFalse(self.events._verify_chain())
        with mute_logger(LOGGER):
            self.assertTrue(seal._check())

    def test_a_changed_or_missing_file_is_no_proof(self):
        seal = self.seals._seal("crab.test.pot.event")
        path = self.seals._directory() / seal.file_name
        header, groups = merkle.read(path)
        groups[0][1] = "0" * 64
        path.unlink()
        with gzip.open(path, "wt") as handle:
            handle.write("\n".join(map(json.dumps, [header, *groups])))
        with mute_logger(LOGGER):
            self.assertEqual(len(seal._check()), 1)
            path.unlink()
            self.assertEqual(len(seal._check()), 1)
            merkle.write(path, {**header, "root": merkle.root_of([])}, [])
            self.assertEqual(len(seal._check()), 1, "another seal under this name")
        with self.assertRaises(ValueError):
            path.chmod(0o600)
            path.write_bytes(b"x")
            merkle.read(path)

    def test_the_nightly_run_checks_the_seal_before_and_writes_the_next(self):
        first = self.seals._seal_and_check("crab.test.pot.event")
        self._forge(self.pots[7])
        with mute_logger(LOGGER):
            second = self.seals._seal_and_check("crab.test.pot.event")
        self.assertEqual((first.state, second.state), ("bad", "good"))
        self.assertIn("crab.test.pot.event", self.seals._histories())

    def test_a_directory_that_cannot_be_written_is_said_clearly(self):
        with patch.object(merkle, "write", side_effect=PermissionError(13, "Permission denied")):
            with self.assertRaisesRegex(UserError, "CRAB_MERKLE_DIR"):
                self.seals._seal("crab.test.pot.event")

    def test_files_of_seals_are_not_overwritten(self):
        seal = self.seals._seal("crab.test.pot.event")
        path = self.seals._directory() / seal.file_name
        with self.assertRaises(FileExistsError):
            merkle.write(path, {}, [])
        self.assertEqual(path.stat().st_mode & 0o777, 0o440)
        self.assertEqual([entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")], [])

    def test_administrators_and_auditors_ask_for_a_check(self):
        seal = self.seals._seal("crab.test.pot.event")
        for role in ("admin", "auditor"):
            user = self._new_user(f"seal-{role}", role)
            with trap_jobs() as trap:
                seal.with_user(user).action_check()
                trap.assert_enqueued_job(seal._check)
                trap.perform_enqueued_jobs()
            self.assertEqual(seal.state, "good")
            seal.state = "open"
            with self.assertRaises(AccessError):
                seal.with_user(user).write({"state": "good"})
        with self.assertRaises(AccessError):
            seal.with_user(self._new_user("seal-finance", "finance")).action_check()
