from odoo.exceptions import AccessError, MissingError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tools.subject import Subject

from .common import MemberCase

HEAD_OFFICE = ("admin", "finance", "card_keeper", "warehouse", "customer_service", "auditor")
READERS = ("finance", "card_keeper", "warehouse", "auditor", "sales_rep", "department_manager")
MODELS = ("crab.member", "crab.member.level", "crab.member.tag", "crab.member.ownership", "crab.member.level.history")


class TestRights(MemberCase):
    """Who tries to see or change what is not his."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = {*HEAD_OFFICE, *READERS}
        cls.users = {role: cls._new_user(f"member-{role}", role) for role in roles}
        cls.nobody = cls.env["res.users"].create(
            {"name": "nobody", "login": "member-nobody", "group_ids": [(6, 0, [cls.env.ref("base.group_user").id])]}
        )
        cls.users["sales_rep"].crab_manager_id = cls.users["department_manager"]
        cls.dealer1.user_id = cls.users["sales_rep"]
        cls.other_dealer = cls._new_dealer("T-A9", "1", 0.5)
        cls.mine = cls._new_member("Mine", dealer_id=cls.dealer3.id)
        cls.other = cls._new_member("Other", dealer_id=cls.other_dealer.id)
        cls.orphan = cls._new_member("Orphan")
        cls.members = cls.mine | cls.other | cls.orphan

    def _rpc(self, user, model, method, *args, **kwargs):
        return call_kw(self.env[model].with_user(user), method, args, kwargs)

    def test_head_office_reads_all_the_sales_team_its_own(self):
        domain = [("id", "in", self.members.ids)]
        for role, user in self.users.items():
            with self.subTest(role=role):
                seen = {
                    row["id"]
                    for row in self._rpc(
                        user, "crab.member", "search_read", domain, ["number", "name", "phone", "level_ratio"]
                    )
                }
                self.assertEqual(seen, set(self.members.ids if role in HEAD_OFFICE else self.mine.ids))
                self.assertEqual(
                    bool(self.env["crab.member.ownership"].with_user(user).search([("member_id", "=", self.other.id)])),
                    role in HEAD_OFFICE,
                )
                self._rpc(
                    user,
                    "crab.member",
                    "web_read",
                    self.mine.ids,
                    {"invited_ids": {"fields": {"name": {}}}, "invite_link": {}},
                )
                if role not in HEAD_OFFICE:
                    with self.assertRaises(AccessError):
                        self._rpc(user, "crab.member", "read", self.other.ids, ["name"])

    def test_no_company_gives_more(self):
        """Members belong to no company: a role sees and may do the same in either of them."""
        for companies in (self.group, self.sales):
            for role in (*HEAD_OFFICE, "sales_rep"):
                user = self._new_user(f"one-{companies.id}-{role}", role, companies=companies)
                seen = self.Member.with_user(user).search([("id", "in", self.members.ids)])
                with self.subTest(role=role, company=companies.name):
                    self.assertEqual(len(seen), len(self.members) if role in HEAD_OFFICE else 0)
                    if role in ("admin", "customer_service"):
                        [row] = self.mine.with_user(user).web_save({"note": user.login}, {"note": {}})
                        self.assertEqual(row["note"], user.login)
                    else:
                        with self.assertRaises(AccessError):
                            self.mine.with_user(user).web_save({"note": "Hijacked"}, {"note": {}})
                        with self.assertRaises(AccessError):
                            self.Member.with_user(user).web_save({"name": "x", "phone": "13955550000"}, {})

    def test_the_sales_team_finds_no_strangers_by_their_partners(self):
        for role in ("sales_rep", "department_manager"):
            partners = self.env["res.partner"].with_user(self.users[role])
            with self.subTest(role=role):
                found = partners.search([("id", "in", self.members.partner_id.ids)])
                self.assertEqual(found, self.mine.partner_id)
                self.assertFalse(partners.search([("phone", "=", self.other.phone)]))
                with self.assertRaises(AccessError):
                    self._rpc(self.users[role], "res.partner", "web_read", self.orphan.partner_id.ids, {"phone": {}})
                name = self._rpc(self.users[role], "res.partner", "read", self.mine.partner_id.ids, ["name"])[0]["name"]
                self.assertEqual(name, "Mine")

    def test_users_without_a_role_see_nothing(self):
        for model in MODELS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._rpc(self.nobody, model, "search_read", [], ["display_name"])

    def test_readers_change_nothing(self):
        for role in READERS:
            user = self.users[role]
            with self.subTest(role=role):
                for call in (
                    ("crab.member", "write", self.mine.ids, {"name": "x"}),
                    ("crab.member", "write", self.mine.ids, {"tag_ids": [(5,)]}),
                    ("crab.member", "create", [{"name": "x", "phone": "13955550000"}]),
                    ("crab.member", "unlink", self.mine.ids),
                    ("crab.member.level", "write", self.gold.ids, {"min_spend": 1}),
                    ("crab.member.level", "create", [{"name": "x"}]),
                    ("crab.member.level", "action_make_default", self.gold.ids),
                    ("crab.member.level", "action_new_invite_code", self.gold.ids),
                    ("crab.member.tag", "create", [{"name": "x"}]),
                    ("crab.member.change.owner", "create", [{"member_ids": self.mine.ids, "reason": "x"}]),
                    (
                        "crab.member.change.level",
                        "create",
                        [{"member_ids": self.mine.ids, "level_id": self.gold.id, "reason": "x"}],
                    ),
                    ("crab.member.close", "create", [{"member_ids": self.mine.ids, "reason": "x"}]),
                    (
                        "crab.member.level.change.ratio",
                        "create",
                        [{"level_id": self.gold.id, "ratio": 0.9, "reason": "x"}],
                    ),
                ):
                    with self.assertRaises(AccessError, msg=str(call)):
                        self._rpc(user, *call)
        self.assertEqual(self.mine.name, "Mine")

    def test_customer_service_does_not_change_owner_level_or_prices(self):
        user = self.users["customer_service"]
        for call in (
            ("crab.member.change.owner", "create", [{"member_ids": self.mine.ids, "reason": "x"}]),
            (
                "crab.member.change.level",
                "create",
                [{"member_ids": self.mine.ids, "level_id": self.gold.id, "reason": "x"}],
            ),
            ("crab.member.level.change.ratio", "create", [{"level_id": self.gold.id, "ratio": 0.9, "reason": "x"}]),
            ("crab.member.level", "write", self.gold.ids, {"min_spend": 1}),
            ("crab.member", "unlink", self.mine.ids),
        ):
            with self.subTest(call=call), self.assertRaises(AccessError):
                self._rpc(user, *call)

    def test_private_methods_are_no_rpc(self):
        for method in ("_set_owner", "_set_level", "_write_guarded", "_sign_up", "_close", "_upgrade_due"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self._rpc(self.users["admin"], "crab.member", method, self.mine.ids)

    def test_history_is_written_by_nobody(self):
        for model in ("crab.member.ownership", "crab.member.level.history", "crab.member.level.ratio"):
            line = self.env[model].search([], limit=1)
            for role in ("admin", "customer_service", "auditor"):
                with self.subTest(model=model, role=role):
                    for method, args in (("write", ({"reason": "x"},)), ("unlink", ())):
                        with self.assertRaises(AccessError):
                            self._rpc(self.users[role], model, method, line.ids, *args)
                    with self.assertRaises(AccessError):
                        self._rpc(self.users[role], model, "create", [{"reason": "x"}])

    def test_subjects_see_their_own(self):
        direct = self._new_member("Direct", staff_id=self.staff.id)
        of_dealer2 = self._new_member("Of dealer", dealer_id=self.dealer2.id)
        everyone = self.members | direct | of_dealer2
        seen = {
            self._subject(self.mine): self.mine,
            self._subject(self.dealer1): self.Member,
            self._subject(self.dealer2): direct | of_dealer2,
            self._subject(self.dealer3): self.mine,
            self._subject(self.other_dealer): self.other,
            self._subject(self.staff): direct,
            Subject("user", self.env.uid): self.Member,
            Subject("system", 1): self.Member,
            Subject("member", 0): self.Member,
            Subject("dealer", 2**31 - 1): self.Member,
        }
        for subject, expected in seen.items():
            with self.subTest(subject=subject):
                found = self.Member._for_subject(subject, [("id", "in", everyone.ids)])
                self.assertEqual(set(found.ids), set(expected.ids))
                if everyone - expected:
                    with self.assertRaises(MissingError):
                        self.Member._get_for_subject(subject, (everyone - expected)[:1].ids)
                # conditions of the caller cannot widen what is seen
                widened = self.Member._for_subject(subject, ["|", ("id", "in", everyone.ids), ("id", "!=", 0)])
                self.assertFalse(set(widened.ids) & set((everyone - expected).ids))

    def test_closed_dealers_and_former_staff_see_nothing(self):
        self._new_member("Direct", staff_id=self.staff.id)
        self.staff.active = False
        self.assertFalse(self.Member._for_subject(self._subject(self.staff)))
        self.dealer3._close("gone")
        self.assertFalse(self.Member._for_subject(self._subject(self.dealer3)))
