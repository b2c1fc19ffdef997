from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import CrabCase


class TestAccountErase(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["crab.account"].create(
            {"name": "Zhang San", "phone": "13700009101", "union_id": "u-erase"}
        )
        cls.env["crab.account.openid"].create({"account_id": cls.account.id, "app": "wx1", "openid": "o-erase"})
        cls.account._set_password("password1")
        cls.account.partner_id.write({"email": "zhang@example.com", "street": "Road 1", "comment": "likes crabs"})
        cls.account.message_post(body="Zhang San called")
        cls.admin = cls._new_user("erase-admin", "admin")

    def _wizard(self, confirmation="13700009101", user=None):
        context = self.account.with_user(user or self.admin).action_erase()["context"]
        wizard = Form(self.env["crab.account.erase"].with_user(user or self.admin).with_context(**context))
        wizard.reason, wizard.confirmation = "Asked by letter", confirmation
        return wizard.save()

    def test_nothing_tells_who_it_was(self):
        partner, generation = self.account.partner_id, self.account.token_generation
        self._wizard().with_context(tracking_disable=False).action_erase()
        self.env.flush_all()
        self.env.cr.precommit.run()  # where tracking would write
        self.assertEqual((self.account.state, self.account.phone), ("closed", False))
        self.assertEqual(self.account.name, f"Erased person {self.account.id}")
        self.assertEqual((partner.name, partner.phone, partner.email), (self.account.name, False, False))
        self.assertFalse(partner.street or partner.comment)
        self.assertFalse(self.account.union_id or self.account.password_hash or self.account.openid_ids)
        self.assertGreater(self.account.token_generation, generation)
        messages = (self.account.message_ids | partner.message_ids).mapped("body")
        self.assertEqual(len(messages), 1)
        self.assertIn("Asked by letter", messages[0])
        for table in ("crab_account", "res_partner", "mail_message", "mail_tracking_value", "crab_account_openid"):
            self.env.cr.execute(
                f"SELECT COUNT(*) FROM {table} row WHERE row::text LIKE ANY"
                " (ARRAY['%Zhang San%', '%13700009101%', '%zhang@example%', '%o-erase%'])"
            )
            self.assertEqual(self.env.cr.fetchone()[0], 0, table)
        self.assertTrue(self.env["crab.account"].create({"name": "New owner", "phone": "13700009101"}))

    def test_it_is_for_ever(self):
        self._wizard("Zhang San").action_erase()
        with self.assertRaisesRegex(UserError, "stays closed"):
            self.account.action_reopen()
        with self.assertRaisesRegex(UserError, "erased already"):
            self.account.with_user(self.admin)._erase_person("again")

    def test_a_second_confirmation_names_the_person(self):
        for confirmation in ("13700009102", "zhang san", "+8613700009101x", " "):
            with self.assertRaisesRegex(UserError, "not the phone number or name"):
                self._wizard(confirmation).action_erase()
        self.assertEqual((self.account.name, self.account.state), ("Zhang San", "live"))

    def test_only_administrators_and_only_for_a_reason(self):
        for role in ("customer_service", "auditor", "finance"):
            user = self._new_user(f"erase-{role}", role)
            with self.assertRaises(AccessError):
                self.account.with_user(user)._erase_person("x")
            with self.assertRaises(AccessError):
                self.env["crab.account.erase"].with_user(user).create({"account_id": self.account.id})
        with self.assertRaisesRegex(UserError, "Enter a reason"):
            self.account.with_user(self.admin)._erase_person(" ")
        with self.assertRaisesRegex(UserError, "use the buttons"):
            self.account.with_user(self.admin).write({"erased_at": "2026-01-01 00:00:00"})

    def test_merged_accounts_go_with_whom_they_became(self):
        other = self.env["crab.account"].create({"name": "Zhang S.", "phone": "13700009103"})
        other._merge_into(self.account)
        with self.assertRaisesRegex(UserError, "erase Zhang San"):
            other.with_user(self.admin)._erase_person("x")
        self.account.with_user(self.admin)._erase_person("x")
        self.assertEqual((other.name, other.phone), (f"Erased person {other.id}", False))
