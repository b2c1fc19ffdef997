from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import CrabCase

SECRETS = ("password_hash", "union_id", "openid_ids", "token_generation")


class TestAccountRights(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["crab.account"].create({"name": "Person", "phone": "13700009001", "union_id": "u-1"})
        cls.account._set_password("password1")

    def test_roles(self):
        rights = {
            "customer_service": (True, True),
            "admin": (True, True),
            "auditor": (True, False),
            "finance": (False, False),
            "card_keeper": (False, False),
            "warehouse": (False, False),
            "sales_rep": (False, False),
            "department_manager": (False, False),
        }
        for role, (may_read, may_write) in rights.items():
            account = self.account.with_user(self._new_user(f"account-{role}", role))
            with self.subTest(role=role):
                self.assertEqual(account.has_access("read"), may_read)
                self.assertEqual(account.has_access("write"), may_write)
                self.assertEqual(account.has_access("create"), may_write)
                self.assertFalse(account.has_access("unlink"))
                for action in ("action_close", "action_reopen", "action_end_sessions"):
                    if not may_write:
                        with self.assertRaises(AccessError):
                            getattr(account, action)()

    def test_secrets_leave_by_no_way(self):
        system = self._new_user("account-system", "admin")
        system.group_ids += self.env.ref("base.group_system") | self.env.ref("base.group_allow_export")
        account = self.account.with_user(system)
        for field in SECRETS:
            with self.subTest(field=field):
                self.assertNotIn(field, account.fields_get())
                with self.assertRaises(AccessError):
                    account.read([field])
                with self.assertRaises(AccessError):
                    account.export_data([field])
                with self.assertRaises(AccessError):
                    account.search([(field, "!=", False)])
                with self.assertRaises(AccessError):
                    account.write({field: "x"})
                with self.assertRaises(AccessError):
                    account.formatted_read_group([], [field], ["__count"])
        self.assertFalse(set(SECRETS) & account.read()[0].keys())
        with self.assertRaises(AccessError):
            account.env["crab.account.openid"].search([])

    def test_customer_service_edits_in_the_form(self):
        user = self._new_user("account-form", "customer_service")
        with Form(self.account.with_user(user)) as form:
            form.name = "New name"
            form.phone = "13700009005"
        self.assertEqual(self.account.phone, "+8613700009005")
        with Form(self.env["crab.account"].with_user(user)) as form:
            form.name = "Second"
            form.phone = "13700009006"
        second = form.record
        merge = Form(self.env["crab.account.merge"].with_user(user).with_context(default_source_id=second.id))
        merge.target_id = self.account.with_user(user)
        merge.save().action_merge()
        self.assertEqual(second.merged_into_id, self.account)

    def test_what_only_the_buttons_write(self):
        service = self._new_user("account-guard", "customer_service")
        account, accounts = self.account.with_user(service), self.env["crab.account"].with_user(service)
        other = self.env["crab.account"].create({"name": "Other", "phone": "13700009007"})
        for vals in (
            {"state": "closed"},
            {"partner_id": self.group.partner_id.id},
            {"merged_into_id": other.id},
            {"public_id": "x"},
        ):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "buttons"):
                account.write(vals)
            with self.subTest(vals), self.assertRaisesRegex(UserError, "buttons"):
                accounts.create({"name": "Third", "phone": "13700009008", **vals})
        generation = self.account.sudo().token_generation
        account.action_close()
        self.assertEqual(self.account.state, "closed")
        self.assertGreater(self.account.sudo().token_generation, generation)
        account.action_reopen()
        self.assertEqual(self.account.state, "live")

    def test_auditor_cannot_merge(self):
        auditor = self._new_user("account-auditor", "auditor")
        with self.assertRaises(AccessError):
            self.env["crab.account.merge"].with_user(auditor).create(
                {"source_id": self.account.id, "target_id": self.account.id}
            )
