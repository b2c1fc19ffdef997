import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from ..tools import keyring
from .common import CardCase


class TestKeys(CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(5, password="Pass1234")
        cls.card = cls.cards[0]

    def _check(self, number="T00000001", password="Pass1234"):
        return self.env["crab.card"]._check_password(number, password)

    def _use_file(self, content):
        path = self.keys_file.with_name("other.json")
        path.write_text(content)
        return patch.dict(os.environ, {keyring.ENVIRONMENT: str(path)})

    def test_the_pair_is_normalised_like_the_import(self):
        self.assertEqual(self._check(), self.card)
        self.assertEqual(self._check(" ｔ０0000001", "Pass１234 "), self.card)
        for number, password in (
            ("T00000001", "pass1234"),
            ("T00000009", "Pass1234"),
            ("", ""),
            ("T00000001", ""),
            ("T0000000%", "Pass1234"),
            ("T00000001\0", "Pass1234"),
            ("T" * 5000, "P" * 5000),
            ("T00000001", "\ud800"),
            (None, None),
        ):
            with self.subTest(number=number, password=password):
                self.assertFalse(self._check(number, password))

    def test_nothing_of_the_orm_reads_hash_or_key(self):
        self.assertFalse({"password_hash", "key_id"} & set(self.env["crab.card"]._fields))
        with self.assertRaises(ValueError):
            self.card.read(["password_hash"])
        self.cr.execute("SELECT octet_length(password_hash), key_id FROM crab_card WHERE id = %s", [self.card.id])
        length, key_id = self.cr.fetchone()
        self.assertEqual((length, key_id), (32, self.env["crab.card.key"].search([("chain", "=", "k1")]).id))

    def test_missing_wrong_and_damaged_keys_refuse_card_entry(self):
        keys = self.env["crab.card.key"]
        self.assertFalse(keys._keyring_problem())
        good = self.keys_file.read_text()
        foreign = self.keys_file.with_name("foreign.json")
        keyring.create(foreign)
        renamed = json.loads(good)
        renamed = {"current": "k9", "keys": {"k9": renamed["keys"]["k1"]}}
        for name, content in {
            "not the same key": foreign.read_text(),
            "lacks the key": json.dumps(renamed),
            "damaged": "{",
            "damaged ": json.dumps({"current": "k1", "keys": {"k1": "c2hvcnQ="}}),
        }.items():
            reason = {"not the same key": "is not the one"}.get(name, name.strip())
            with self.subTest(name), self._use_file(content):
                self.assertIn(reason, keys._keyring_problem())
                with self.assertRaisesRegex(UserError, "inform the operator"):
                    self._check()
        with patch.dict(os.environ, {keyring.ENVIRONMENT: "/nonexistent/keys.json"}):
            self.assertIn("cannot be read", keys._keyring_problem())
        with patch.dict(os.environ):
            del os.environ[keyring.ENVIRONMENT]
            self.assertIn("is not set", keys._keyring_problem())

    def test_rotation_keeps_printed_cards_valid(self):
        content = self.keys_file.read_text()
        self.addCleanup(self.keys_file.write_text, content)
        keyring.add(self.keys_file, "k2")
        newer = self._new_cards(2, prefix="N", password="Neu12345")
        last_id = self.env["crab.card.key"]._rotate(limit=2)
        self.assertEqual(last_id, self.cards[1].id)
        self.assertEqual(self._check(), self.card)
        self.assertEqual(self._check("T00000005"), self.cards[4])
        self.assertEqual(self.env["crab.card.key"]._rotate(last_id), self.cards[4].id)
        self.assertIsNone(self.env["crab.card.key"]._rotate())
        self.assertEqual(self._check("T00000005"), self.cards[4])
        self.assertEqual(self._check("N00000002", "Neu12345"), newer[1])
        self.assertFalse(self._check("T00000005", "Neu12345"))
        self.cr.execute("SELECT DISTINCT k.chain FROM crab_card c JOIN crab_card_key k ON k.id = c.key_id ORDER BY 1")
        self.assertEqual([chain for (chain,) in self.cr.fetchall()], ["k1,k2", "k2"])
        self.assertFalse(self.env["crab.card.event"]._verify_chain(self.cards.ids))

    def test_loaders_hash_like_everybody(self):
        ring = keyring.load()
        digest = ring.hasher()
        for number, password in (("T00000001", "Pass1234"), ("A" * 32, "z" * 32), ("", "")):
            self.assertEqual(digest(f"{number}\0{password}"), ring.hash(ring.current, number, password).hex())

    def test_only_the_administrator_rotates(self):
        keeper = self._new_user("keys-keeper", "card_keeper")
        with self.assertRaises(AccessError):
            self.env["crab.card.key"].with_user(keeper).action_rotate()

    def test_the_key_file_is_private_and_never_replaced(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "keys.json"
            script = Path(keyring.__file__)
            subprocess.run([sys.executable, script, "create", path], check=True)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            before = path.read_text()
            with self.assertRaises(FileExistsError):
                keyring.create(path)
            subprocess.run([sys.executable, script, "add", path, "k2"], check=True)
            after = json.loads(path.read_text())
            self.assertEqual(after["current"], "k2")
            self.assertEqual(after["keys"]["k1"], json.loads(before)["keys"]["k1"])
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
