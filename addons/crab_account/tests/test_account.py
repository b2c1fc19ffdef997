from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import CrabCase

from ..tools.phone import normalise


class TestAccount(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounts = cls.env["crab.account"]
        cls.account = cls.accounts.create({"name": "Person", "phone": "137 0000 9001"})

    def test_phone_is_stored_in_one_form(self):
        for text in ("13700009001", "+86 137-0000-9001", "0086 13700009001", " 137 0000 9001 "):
            self.assertEqual(normalise(text), "+8613700009001", text)
        self.assertEqual(normalise("+1 650 253 0000"), "+16502530000")
        for text in (
            "",
            None,
            "12345",
            "1370000900",
            "phone",
            "13700009001 ext 5",
            "１３７",
            "1370000VIP1",
            "tel:13700009001",
        ):
            self.assertIsNone(normalise(text), text)
        self.assertEqual(self.account.phone, "+8613700009001")
        self.assertEqual(self.account.partner_id.phone, "+8613700009001")

    def test_wrong_phone_is_refused(self):
        for phone in ("12345", "abc", "=1+1", "1" * 500):
            with self.assertRaises(ValidationError):
                self.accounts.create({"name": "X", "phone": phone})

    def test_phone_is_unique_among_live_accounts_only(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.accounts.create({"name": "Other", "phone": "13700009001"}).flush_recordset()
        self.account.action_close()
        other = self.accounts.create({"name": "Next owner of the number", "phone": "13700009001"})
        self.assertEqual(other.state, "live")
        with self.assertRaises(UserError):
            self.account.action_reopen()
        other.action_close()
        self.account.action_reopen()
        self.assertEqual(self.account.state, "live")

    def test_get_or_create_works_in_sets(self):
        numbers = [f"1370001{serial:04}" for serial in range(50)]
        vals = [{"name": f"P{number}", "phone": number} for number in numbers]
        asked = [{"name": "Twice", "phone": "+86" + numbers[3]}, {"name": "Known", "phone": "13700009001"}]
        accounts = self.accounts._get_or_create(vals + asked)
        self.assertEqual(len(accounts), 52)
        self.assertEqual(accounts[50], accounts[3])
        self.assertEqual(accounts[51], self.account)
        self.assertEqual(accounts[51].name, "Person", "who is known keeps the name")
        self.assertEqual(len({account.partner_id for account in accounts}), 51)
        self.assertFalse(accounts[0].partner_id.message_ids, "partners are made without tracking mail")
        self.assertEqual(self.accounts._get_or_create(vals), accounts[:50])

    def test_get_or_create_needs_constant_number_of_queries(self):
        def count(size, start):
            vals = [{"name": "P", "phone": f"137{start + serial:08}"} for serial in range(size)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.accounts._get_or_create(vals)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2, 10_000_000)  # fills the caches
        small, big = count(20, 20_000_000), count(200, 30_000_000)
        self.assertLess(big, small + 10, "no query per account")

    def test_get_or_create_restarts_when_another_transaction_was_first(self):
        with (
            patch.object(type(self.accounts), "_live_by_phone", lambda self, numbers: {}),
            mute_logger("odoo.sql_db"),
            self.assertRaises(ConcurrencyError),
        ):
            self.accounts._get_or_create([{"name": "X", "phone": "13700009001"}])

    def test_get_or_create_refuses_a_missing_phone(self):
        with self.assertRaises(ValidationError):
            self.accounts._get_or_create([{"name": "X", "phone": ""}])

    def test_password(self):
        for weak in ("", None, "short1", "onlyletters", "1234567890"):
            with self.assertRaises(UserError):
                self.account._set_password(weak)
        generation = self.account.token_generation
        self.account._set_password("correct horse 1")
        self.assertEqual(self.account.token_generation, generation + 1)
        self.assertNotIn("horse", self.account.password_hash)
        self.assertEqual(self.accounts._authenticate("13700009001", "correct horse 1"), self.account)
        self.assertFalse(self.accounts._authenticate("13700009001", "correct horse 2"))
        self.assertFalse(self.accounts._authenticate("13700009001", None))
        self.assertFalse(self.accounts._authenticate("13700009002", "correct horse 1"))
        self.account.action_close()
        self.assertFalse(self.accounts._authenticate("13700009001", "correct horse 1"))

    def test_changing_the_phone_ends_the_sessions_of_the_old_number(self):
        generation = self.account.token_generation
        self.account.write({"phone": "13700009001", "name": "Same number"})
        self.assertEqual(self.account.token_generation, generation)
        self.account.phone = "13700009009"
        self.assertEqual(self.account.token_generation, generation + 1)
        self.assertEqual(self.account.partner_id.phone, "+8613700009009")
        self.assertEqual(self.account.partner_id.name, "Same number")

    def test_accounts_are_not_deleted_nor_duplicated(self):
        with self.assertRaises(UserError):
            self.account.unlink()
        with self.assertRaises(UserError):
            self.account.copy()

    def test_found_by_any_writing_of_the_phone(self):
        for text in ("13700009001", "+86 13700009001", "9001", "Person"):
            found = self.accounts.search([("display_name", "ilike", text)])
            self.assertIn(self.account, found, text)
