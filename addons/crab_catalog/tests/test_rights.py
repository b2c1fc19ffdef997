from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tests.common import covers

from .common import CatalogCase

READERS = ("card_keeper", "warehouse", "customer_service", "sales_rep", "department_manager", "auditor")


class TestRights(CatalogCase):
    """Who tries to change what is not his, through the ORM and through the web client's call."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls._new_user(f"rights-{role}", role) for role in ("admin", "finance", *READERS)}
        cls.nobody = cls.env["res.users"].create(
            {"name": "nobody", "login": "rights-nobody", "group_ids": [(6, 0, [cls.env.ref("base.group_user").id])]}
        )
        cls.package1.crab_settlement_price = 100

    def _rpc(self, user, method, *args, **kwargs):
        return call_kw(self.env["product.template"].with_user(user), method, args, kwargs)

    def test_every_role_reads(self):
        for role, user in self.users.items():
            self.env.invalidate_all()  # nothing that another user's rights have read
            with self.subTest(role=role):
                [row] = self._rpc(
                    user,
                    "web_read",
                    [self.package1.id],
                    {"list_price": {}, "crab_settlement_price": {}, "qty_available": {}},
                )
                self.assertEqual(row["crab_settlement_price"], 100)
                history = (
                    self.env["crab.settlement.price"]
                    .with_user(user)
                    .search([("product_tmpl_id", "=", self.package1.id)])
                )
                self.assertEqual(history.mapped("price"), [100])

    def test_users_without_a_role_see_no_settlement_price(self):
        with self.assertRaises(AccessError):
            self._rpc(self.nobody, "read", [self.package1.id], ["crab_settlement_price"])
        with self.assertRaises(AccessError):
            self.env["crab.settlement.price"].with_user(self.nobody).search([])
        with self.assertRaises(AccessError):
            self._rpc(self.nobody, "write", [self.package1.id], {"list_price": 1})

    @covers("HQ-28", "edit", via="web")
    def test_only_the_administrator_changes_products(self):
        category = self.package1.categ_id
        for role in ("finance", *READERS):
            user = self.users[role]
            with self.subTest(role=role):
                for values in (
                    {"list_price": 1},
                    {"crab_state": "on_sale"},
                    {"active": False},
                    {"default_code": "Z"},
                    {"taxes_id": [(5,)]},
                ):
                    with self.assertRaises(AccessError):
                        self._rpc(user, "write", [self.package1.id], values)
                with self.assertRaises(AccessError):
                    self._rpc(
                        user, "create", [{"name": "x", "default_code": "T-X", "crab_kind": "b2b", "list_price": 1}]
                    )
                with self.assertRaises(AccessError):
                    self._rpc(user, "unlink", [self.package1.id])
                with self.assertRaises(AccessError):
                    self._rpc(user, "action_crab_put_on_sale", [self.package1.id])
                with self.assertRaises(AccessError):
                    self.package1.product_variant_id.with_user(user).write({"list_price": 1})
                with self.assertRaises(AccessError):
                    category.with_user(user).write({"crab_vat": "6"})
                with self.assertRaises(AccessError):
                    self.env["crab.import"].with_user(user)._run_file("product", "x.csv", "编码".encode())
        self.assertEqual(self.package1.list_price, 298)
        self._rpc(self.users["admin"], "write", [self.package1.id], {"list_price": 300})
        self.assertEqual(self.package1.list_price, 300)

    def test_finance_sets_what_is_settled(self):
        finance = self.users["finance"]
        self._rpc(
            finance, "web_save", [self.package1.id], {"crab_subsidy": 3, "crab_settlement_price": 4}, specification={}
        )
        self.assertEqual((self.package1.crab_subsidy, self.package1.crab_settlement_price), (3, 4))
        with self.assertRaises(AccessError):
            self._rpc(finance, "write", [self.package1.id], {"crab_subsidy": 3, "list_price": 4})
        for role in READERS:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._rpc(self.users[role], "write", [self.package1.id], {"crab_subsidy": 1})

    def test_finance_does_not_change_products_of_others(self):
        other = self.env["product.template"].create({"name": "service", "type": "service"})
        with self.assertRaises(AccessError):
            self._rpc(self.users["finance"], "write", [other.id], {"list_price": 1})

    def test_only_finance_enters_settlement_prices_and_nobody_changes_those_that_held(self):
        line = self.package1.crab_settlement_ids[0]
        values = {"product_tmpl_id": self.package1.id, "price": 1, "start_date": "2099-01-01"}
        for role, user in self.users.items():
            own = line.with_user(user)
            with self.subTest(role=role):
                with self.assertRaises(UserError):  # AccessError is one
                    own.write({"price": 1})
                with self.assertRaises(UserError):
                    own.unlink()
                if role in ("finance", "admin"):
                    self.assertTrue(own.create(values).is_planned)
                else:
                    with self.assertRaises(AccessError):
                        own.create(values)
