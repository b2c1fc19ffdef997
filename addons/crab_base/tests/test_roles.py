from odoo.exceptions import AccessError
from odoo.tests import Form

from .common import CrabCase, covers

ROLES = (
    "finance",
    "card_keeper",
    "warehouse",
    "customer_service",
    "sales_rep",
    "department_manager",
    "auditor",
    "admin",
)


class TestRoles(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls._new_user(f"role-{role}", role) for role in ROLES}

    def test_each_role_is_an_employee_of_the_suite_and_has_just_its_groups(self):
        implied = {
            "department_manager": {"sales_rep"},
            "admin": {"finance", "card_keeper", "warehouse", "customer_service", "sales_rep", "department_manager"},
        }
        for role, user in self.users.items():
            self.assertTrue(user.has_group("crab_base.group_user") and user._is_internal(), role)
            has = {other for other in ROLES if user.has_group(f"crab_base.group_{other}")}
            self.assertEqual(has, {role} | implied.get(role, set()))

    def test_bookkeeping_is_for_finance_and_read_only_for_auditors(self):
        finance, auditor = self.users["finance"], self.users["auditor"]
        self.assertTrue(finance.has_group("account.group_account_invoice"))
        self.assertTrue(self.env["account.move"].with_user(auditor).has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(self.env["account.move"].with_user(auditor).has_access(operation))
        for role in ("card_keeper", "warehouse", "customer_service", "sales_rep", "department_manager"):
            self.assertFalse(self.env["account.move"].with_user(self.users[role]).has_access("read"), role)

    def test_only_the_administrator_manages_users_and_settings(self):
        for role, user in self.users.items():
            may = role == "admin"
            self.assertEqual(self.env["res.users"].with_user(user).has_access("create"), may, role)
            self.assertEqual(self.env["res.config.settings"].with_user(user).has_access("create"), may, role)
            self.assertFalse(user.has_group("base.group_system"), role)

    def test_every_role_sees_the_suite_s_menu_and_others_do_not(self):
        outsider = self.env["res.users"].create(
            {"name": "o", "login": "outsider", "group_ids": [(6, 0, self.env.ref("base.group_user").ids)]}
        )
        menu = self.env.ref("crab_base.menu_crab")
        for user in self.users.values():
            self.assertIn(menu.id, self.env["ir.ui.menu"].with_user(user)._visible_menu_ids())
        self.assertNotIn(menu.id, self.env["ir.ui.menu"].with_user(outsider)._visible_menu_ids())

    @covers("HQ-63", "administrators", "roles", via="web")
    def test_an_administrator_adds_a_user_with_several_roles_and_takes_one_away(self):
        users = self.env["res.users"].with_user(self.users["admin"])
        with Form(users, view="base.view_users_form") as form:
            form.name = "王芳"
            form.login = "wangfang"
        user = users.search([("login", "=", "wangfang")])
        roles = [self.env.ref(f"crab_base.group_{role}").id for role in ("finance", "card_keeper")]
        user.write({"group_ids": [(4, role) for role in roles]})
        self.assertTrue(user.has_groups("crab_base.group_finance") and user.has_groups("crab_base.group_card_keeper"))
        user.write({"group_ids": [(3, roles[0])]})
        self.assertFalse(user.has_group("crab_base.group_finance"))
        self.assertTrue(user.has_group("crab_base.group_card_keeper"))

    def test_a_role_cannot_give_itself_another(self):
        for role in set(ROLES) - {"admin"}:
            user = self.users[role].with_user(self.users[role])
            with self.assertRaises(AccessError):
                user.write({"group_ids": [(4, self.env.ref("crab_base.group_admin").id)]})

    def test_roles_are_offered_one_by_one(self):
        privileges = [self.env.ref(f"crab_base.group_{role}").privilege_id for role in ROLES]
        self.assertEqual(len(set(privileges)), len(ROLES) - 1, "rep and manager are two steps of one choice")

    def test_the_administrator_opens_and_saves_the_settings(self):
        settings = self.env["res.config.settings"].with_user(self.users["admin"])
        form = Form(settings)
        self.assertTrue(form.crab_seal_directory)
        saved = form.save()
        self.assertTrue(saved.web_read({"display_name": {}, "crab_seal_directory": {}})[0]["display_name"])
        saved.execute()
        saved.cancel()
