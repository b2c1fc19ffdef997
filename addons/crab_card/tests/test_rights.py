from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw

from odoo.addons.crab_dealer.tests.common import DealerCase

from .common import CardCase

READERS = ("admin", "finance", "card_keeper", "warehouse", "customer_service", "auditor")


class TestRights(DealerCase, CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep = cls._new_user("card-rep", "sales_rep")
        cls.manager = cls._new_user("card-manager", "department_manager")
        cls.a.user_id = cls.rep
        cls.cards = cls._new_cards(6)
        cls.document = cls.cards.batch_id
        cls.cards[0:2]._hand_over(cls.document, cls.a, origin=cls.a)
        cls.cards[2:4]._hand_over(cls.document, cls.z, origin=cls.z)
        cls.cards[1]._hand_over(cls.document, cls.b)

    def _rpc(self, user, model, method, *args, **kwargs):
        return call_kw(self.env[model].with_user(user).with_context(lang="en_US"), method, args, kwargs)

    def test_head_office_roles_read_all_numbers(self):
        for role in READERS:
            user = self._new_user(f"card-{role}", role)
            with self.subTest(role=role):
                found = self._rpc(
                    user, "crab.card", "search_read", [("batch_id", "=", self.document.id)], ["number", "holder_name"]
                )
                self.assertEqual(len(found), 6)
                self.assertTrue(
                    self._rpc(
                        user, "crab.card.event", "search_read", [("card_id", "=", self.cards[0].id)], ["holder_to"]
                    )
                )

    def test_a_sales_rep_reads_numbers_of_its_own_dealers(self):
        self.assertEqual(self.env["crab.card"].with_user(self.rep).search([]), self.cards[0:2])
        self.assertEqual(
            self.env["crab.card.event"].with_user(self.rep).search([]).card_id, self.cards[0:2]
        )  # fmt: skip
        with self.assertRaises(AccessError):
            self._rpc(self.rep, "crab.card", "read", self.cards[2].ids, ["number"])
        self.assertFalse(self.env["crab.card"].with_user(self.manager).search([]))
        self.rep.crab_manager_id = self.manager
        self.assertEqual(self.env["crab.card"].with_user(self.manager).search([]), self.cards[0:2])

    def test_without_a_role_nothing_is_seen(self):
        user = self._new_user("card-nobody", "user")
        for model in (
            "crab.card",
            "crab.card.event",
            "crab.card.guess",
            "crab.card.key",
            "crab.card.serial",
            "crab.card.generate",
            "crab.card.mark",
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._rpc(user, model, "search_read", [], ["id"])

    def test_nobody_changes_the_register_by_rpc(self):
        card, line = self.cards[0], self.cards[0].event_ids[0]
        for role in (*READERS, "sales_rep"):
            user = self._new_user(f"change-{role}", role)
            for model, method, args in (
                ("crab.card", "write", (card.ids, {"state": "active"})),
                ("crab.card", "write", (card.ids, {"holder_kind": "platform"})),
                ("crab.card", "web_save", (card.ids, {"is_vip": True}, {})),
                ("crab.card", "create", ([{"number": "X0000001"}],)),
                ("crab.card", "unlink", (card.ids,)),
                ("crab.card", "copy", (card.ids,)),
                ("crab.card", "load", (["number"], [["X0000002"]])),
                ("crab.card.event", "write", (line.ids, {"note": "x"})),
                ("crab.card.event", "create", ([{"card_id": card.id}],)),
                ("crab.card.event", "unlink", (line.ids,)),
                ("crab.card.batch", "write", (self.document.ids, {"count": 0})),
                ("crab.card.batch", "create", ([{"name": "x"}],)),
                ("crab.card.batch", "unlink", (self.document.ids,)),
                ("crab.card.key", "create", ([{"chain": "x"}],)),
            ):
                with self.subTest(role=role, model=model, method=method):
                    if method == "load":
                        result = self._refused_load(user, model, args)
                        self.assertFalse(result)
                    else:
                        with self.assertRaises(UserError):
                            self._rpc(user, model, method, *args)
        self.assertEqual((card.state, card.event_count), ("inactive", 2))

    def _refused_load(self, user, model, args):
        try:
            return self._rpc(user, model, "load", *args)["ids"]
        except UserError:
            return False

    def test_the_door_and_the_secrets_are_no_rpc(self):
        admin = self._new_user("rpc-admin", "admin")
        for model, method in (
            ("crab.card", "_change"),
            ("crab.card", "_activate"),
            ("crab.card", "_insert_numbers"),
            ("crab.card", "_copy_numbers"),
            ("crab.card", "_check_password"),
            ("crab.card", "_mark_vip"),
            ("crab.card.batch", "_take_export"),
            ("crab.card.guess", "_guard"),
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                self._rpc(admin, model, method, self.cards[0].ids)
        for name in ("password_hash", "key_id"):
            with self.subTest(name), self.assertRaises(ValueError):
                self._rpc(admin, "crab.card", "read", self.cards[0].ids, [name])
            with self.subTest(name), self.assertRaises(ValueError):
                self._rpc(admin, "crab.card", "search", [(name, "!=", False)])
        key = self.env["crab.card.key"].create({"chain": "kx", "check_value": "x"})
        auditor = self._new_user("rpc-auditor", "auditor")
        with self.assertRaises(AccessError):
            self._rpc(auditor, "crab.card.key", "read", key.ids, ["check_value"])

    def test_each_company_sees_the_numbers_it_issued(self):
        for company, count in ((self.group, 6), (self.sales, 0)):
            user = self._new_user(f"keeper-{company.id}", "card_keeper", companies=company)
            with self.subTest(company=company.name):
                cards = self.env["crab.card"].with_user(user).with_company(company).search([])
                self.assertEqual(len(cards), count)
                self.assertEqual(
                    len(self.env["crab.card.batch"].with_user(user).search([("id", "=", self.document.id)])),
                    bool(count),
                )
        with self.assertRaises(AccessError):
            self.env["crab.card"].with_user(user).browse(self.cards.ids).mapped("number")
        with self.assertRaises(AccessError):
            self.env["crab.card.event"].with_user(user).browse(self.cards[0].event_ids.ids).mapped("event")

    def test_a_keeper_of_the_sales_company_makes_no_numbers_of_the_group(self):
        content = "卡号,卡密,卡编码\nSALES00001,12345678,TESTCARD\n".encode()
        for company, are_made in ((self.sales, False), (self.group, True)):
            env = self.env(user=self._new_user(f"maker-{company.id}", "card_keeper", companies=company))
            wizard = env["crab.card.generate"].create({"product_id": self.card_product.id, "count": 2})
            with self.subTest(company=company.name):
                if are_made:
                    wizard.action_generate()
                else:
                    with self.assertRaisesRegex(AccessError, self.group.name):
                        wizard.action_generate()
                record = env["crab.import"]._run_file("card", "x.csv", content)
                self.assertEqual(record.state, "done" if are_made else "failed", record.message)
                self.assertEqual(self.env["crab.card"].search_count([("number", "=", "SALES00001")]), int(are_made))

    def test_only_keepers_mark(self):
        for role in ("finance", "warehouse", "customer_service", "sales_rep", "auditor"):
            user = self._new_user(f"mark-{role}", role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crab.card.mark"].with_user(user).create({"numbers": "T00000001"})
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.cards.with_user(user)._mark_vip(True)
        self.assertFalse(any(self.cards.mapped("is_vip")))
