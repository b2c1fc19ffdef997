from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.crab_base.tests.common import covers

from .common import DealerCase

MODELS = (
    "crab.dealer",
    "crab.dealer.ratio",
    "crab.dealer.staff",
    "crab.dealer.staff.ratio",
    "crab.dealer.invitation",
    "crab.dealer.application",
)
READERS = ("finance", "card_keeper", "warehouse", "customer_service", "auditor")


class TestDealerRights(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for dealer in (cls.a, cls.z):
            cls._new_staff(dealer)
            cls.env["crab.dealer.invitation"].create({"dealer_id": dealer.id, "level": "3", "ratio": 0.9})
            cls.env["crab.dealer.application"].create(
                {
                    "name": "X",
                    "contact_name": "X",
                    "phone": cls._phone(),
                    "level": "3",
                    "parent_id": dealer.id,
                    "ratio": 0.9,
                }
            )
        cls.ours = {model: cls.env[model].search(cls._of(model, cls.dealers)) for model in MODELS}

    @classmethod
    def _of(cls, model, dealers):
        field = {"crab.dealer": "id", "crab.dealer.application": "parent_id"}.get(model, "dealer_id")
        return [(field, "in", dealers.ids)]

    def _seen(self, user, model):
        return self.env[model].with_user(user).search([("id", "in", self.ours[model].ids)])

    def test_head_office_reads_everything_and_only_the_administrator_changes(self):
        for role in READERS:
            user = self._new_user(f"rights-{role}", role)
            for model in MODELS:
                with self.subTest(role=role, model=model):
                    self.assertEqual(self._seen(user, model), self.ours[model])
                    for operation in ("create", "write", "unlink"):
                        self.assertFalse(self.ours[model].with_user(user).has_access(operation))
            with self.assertRaises(AccessError):
                self.b.with_user(user).write({"name": "Hijacked"})
            with self.assertRaises(AccessError):
                self.b.with_user(user).write({"phone": "13911112222"})
            with self.assertRaises(AccessError):
                self.b.with_user(user).write({"street": "Hijacked"})
            with self.assertRaises(AccessError):
                self.b.with_user(user).unlink()
        self.assertEqual(self.b.name, "Dealer TB")
        admin = self._new_user("rights-admin", "admin")
        for model in MODELS:
            self.assertEqual(self._seen(admin, model), self.ours[model])

    def test_a_user_without_a_role_sees_nothing(self):
        user = new_test_user(self.env, "rights-nobody", groups="base.group_user")
        for model in MODELS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(user).search([])

    @covers("HQ-07", "search by name", via="web")
    def test_a_sales_rep_sees_its_own_networks_only(self):
        rep, colleague = self._new_user("rights-rep", "sales_rep"), self._new_user("rights-colleague", "sales_rep")
        self.a.user_id, self.z.user_id = rep, colleague
        mine = self.a | self.b | self.c | self.d
        for model in MODELS:
            with self.subTest(model=model):
                expected = self.ours[model].filtered_domain(self._of(model, mine))
                self.assertTrue(expected)
                self.assertEqual(self._seen(rep, model), expected)
                for record in self.ours[model] - expected:
                    with self.assertRaises(AccessError):
                        record.with_user(rep).read(["id", "create_date"])
                self.assertFalse(expected.with_user(rep).has_access("write"))
        data = self.b.with_user(rep).web_read(
            {"display_name": {}, "level1_id": {"fields": {"display_name": {}}}, "network_count": {}}
        )
        self.assertEqual(data[0]["level1_id"]["display_name"], self.a.display_name)
        self.z.user_id = False
        self.assertFalse(self._seen(colleague, "crab.dealer"))
        self.a._relocate(self.a.browse(), dealer_type="city_partner", reason="type only")
        self.assertEqual(self._seen(rep, "crab.dealer"), mine)

    def test_a_moved_network_follows_the_new_rep(self):
        rep, colleague = self._new_user("rights-rep", "sales_rep"), self._new_user("rights-colleague", "sales_rep")
        self.a.user_id, self.z.user_id = rep, colleague
        self.b._relocate(self.z, reason="test")
        self.assertEqual(self._seen(rep, "crab.dealer"), self.a | self.d)
        self.assertEqual(self._seen(colleague, "crab.dealer"), self.b | self.c | self.z | self.y)

    def test_a_department_manager_sees_the_dealers_of_its_reps(self):
        manager, rep = self._new_user("rights-manager", "department_manager"), self._new_user("rights-rep", "sales_rep")
        other_manager = self._new_user("rights-manager2", "department_manager")
        rep.crab_manager_id = manager
        self.a.user_id, self.z.user_id = rep, manager
        self.assertEqual(self._seen(manager, "crab.dealer"), self.dealers)
        self.z.user_id = False
        self.assertEqual(self._seen(manager, "crab.dealer"), self.a | self.b | self.c | self.d)
        self.assertFalse(self._seen(other_manager, "crab.dealer"))
        self.assertFalse(self.dealers.with_user(manager).has_access("write"))

    def test_the_sales_team_finds_no_strangers_by_their_partners(self):
        """Each dealer and person is a partner, and every employee may read partners: that door is closed too."""
        rep, manager = self._new_user("rights-rep", "sales_rep"), self._new_user("rights-manager", "department_manager")
        rep.crab_manager_id = manager
        self.a.user_id = rep
        removed = self._new_staff(self.b)
        removed.active = False
        mine, strange = self.env["res.partner"], self.env["res.partner"]
        for dealer in self.dealers:
            staff = dealer.with_context(active_test=False).staff_ids
            partners = dealer.partner_id | dealer.account_id.partner_id | staff.account_id.partner_id
            if dealer.level1_id == self.a:
                mine |= partners
            else:
                strange |= partners
        other = self.env["res.partner"].create({"name": "A supplier"})
        for user in (rep, manager):
            partners = self.env["res.partner"].with_user(user)
            with self.subTest(user=user.login):
                found = partners.search([("id", "in", (mine | strange | other).ids)])
                self.assertEqual(found, mine | other)
                self.assertEqual(partners.browse(mine.ids).mapped("name"), mine.mapped("name"))
                for partner in strange.with_user(user):
                    for attempt in (
                        lambda partner=partner: partner.web_read({"name": {}, "phone": {}}),
                        lambda partner=partner: partner.read(["phone"]),
                    ):
                        with self.assertRaises(AccessError):
                            attempt()
                self.assertFalse(partners.name_search(self.z.name, operator="="))
                self.assertFalse(partners.search([("phone", "=", self.z.phone)]))
                self.assertFalse(partners.search([("crab_is_in_sight", "=", False)]))
                self.assertEqual(user.with_user(user).partner_id.name, user.name)
        for role in (*READERS, "admin"):
            user = self._new_user(f"partners-{role}", role, "sales_rep")
            with self.subTest(role=role):
                self.assertEqual(
                    self.env["res.partner"].with_user(user).search_count([("id", "in", (mine | strange).ids)]),
                    len(mine | strange),
                )

    def test_no_role_in_no_company_changes_what_is_not_its_own(self):
        """Dealers belong to no company: each role sees and may do the same in either, and changes nothing by RPC."""
        values = {
            "crab.dealer": {"name": "Hijacked"},
            "crab.dealer.staff": {"name": "Hijacked"},
            "crab.dealer.invitation": {"max_uses": 1000},
            "crab.dealer.application": {"name": "Hijacked"},
        }
        for companies in (self.group, self.sales):
            for role in (*READERS, "sales_rep", "department_manager"):
                user = self._new_user(f"c{companies.ids}-{role}", role, companies=companies)
                for model, change in values.items():
                    with self.subTest(role=role, companies=companies.mapped("name"), model=model):
                        records = self.ours[model].with_user(user)
                        if role in READERS:
                            self.assertEqual(len(records.web_read({"display_name": {}})), len(records))
                        else:
                            self.assertFalse(records.search([("id", "in", records.ids)]))
                        for attempt in (
                            lambda records=records, change=change: records[:1].web_save(change, {"display_name": {}}),
                            lambda records=records, change=change: records.browse().web_save(change, {}),
                            lambda records=records: records[:1].unlink(),
                        ):
                            with self.assertRaises(AccessError), self.env.cr.savepoint():
                                attempt()
            admin = self._new_user(f"c{companies.ids}-admin", "admin", companies=companies)
            self.b.with_user(admin).web_save({"note": admin.login}, {"note": {}})
            self.assertEqual(self.b.note, admin.login)

    def test_buttons_are_closed_for_who_may_not_change(self):
        application = self.ours["crab.dealer.application"][:1]
        invitation = self.ours["crab.dealer.invitation"][:1]
        for role in (*READERS, "sales_rep", "department_manager"):
            user = self._new_user(f"buttons-{role}", role)
            wizards = {
                "crab.dealer.ratio.change": {"dealer_id": self.a.id, "ratio": 0.5, "reason": "x"},
                "crab.dealer.move": {"dealer_id": self.b.id, "parent_id": self.z.id, "reason": "x"},
                "crab.dealer.close": {"dealer_id": self.a.id, "reason": "x"},
                "crab.dealer.application.reject": {"application_ids": application.ids, "reason": "x"},
            }
            for model, values in wizards.items():
                with self.subTest(role=role, wizard=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).create(values)
            for button in (application.with_user(user).action_approve, invitation.with_user(user).action_revoke):
                with self.subTest(role=role, button=button.__name__), self.assertRaises(AccessError):
                    button()

    def test_rep_has_no_wizard(self):
        rep = self._new_user("rights-rep", "sales_rep")
        self.a.user_id = rep
        for model in ("crab.dealer.ratio.change", "crab.dealer.move", "crab.dealer.close"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(rep).create({"dealer_id": self.a.id, "reason": "x"})

    def test_private_methods_are_not_callable_by_rpc(self):
        from odoo.service.model import get_public_method

        for name in (
            "_set_ratio",
            "_relocate",
            "_close",
            "_write_guarded",
            "_set_ratio_for_subject",
            "_for_subject",
            "_assign_partners",
        ):
            with self.subTest(name=name), self.assertRaises(AccessError):
                get_public_method(self.env["crab.dealer"], name)
