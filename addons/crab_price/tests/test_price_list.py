from decimal import Decimal

from odoo.exceptions import AccessError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tests.common import covers

from .common import PriceCase


class TestPriceList(PriceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._new_user("price-service", "customer_service")
        cls.List = cls.env["crab.price.list"]

    def _rows(self, action, user=None, domain=()):
        found = call_kw(
            self.List.with_user(user or self.user),
            "web_search_read",
            (
                [*action["domain"], *domain],
                {
                    "default_code": {},
                    "kind": {},
                    "dealer_id": {},
                    "level_id": {},
                    "ratio": {},
                    "price": {},
                    "retail_price": {},
                },
            ),
            {},
        )
        return found["records"]

    @covers("HQ-28", "pricing", via="web")
    @covers("HQ-27", "basics and derived prices", via="web")
    def test_prices_of_a_product_in_one_list(self):
        rows = self._rows(self.odd.product_tmpl_id.with_user(self.user).action_open_prices())
        prices = self.Price._dealer_prices(self.odd, self.env["crab.dealer"].search([("state", "=", "active")]))
        self.assertEqual(
            {row["dealer_id"]: Decimal(str(row["price"])) for row in rows if row["kind"] == "dealer"},
            {dealer: price for (_product, dealer), price in prices.items()},
        )
        prices = self.Price._member_prices(self.odd, self.env["crab.member.level"].search([]))
        self.assertEqual(
            {row["level_id"]: Decimal(str(row["price"])) for row in rows if row["kind"] == "member"},
            {level: price for (_product, level), price in prices.items()},
        )
        self.assertEqual([row["price"] for row in rows if row["kind"] == "retail"], [728.5])
        ratios = [row["ratio"] for row in rows]
        self.assertEqual(ratios, sorted(ratios, reverse=True))
        self.assertEqual(len({row["id"] for row in rows}), len(rows))

    @covers("HQ-39", "as physical cards", via="web")
    def test_price_list_of_a_dealer_follows_every_change(self):
        card = self._new_product(
            "T-CARD", "ecard", 598.0, crab_rule="fixed", crab_choice_ids=[(6, 0, self.package.ids)]
        )
        action = self.dealer2.with_user(self.user).action_open_prices()
        own = [("product_id", "in", (card | self.odd).ids)]
        rows = {row["default_code"]: row["price"] for row in self._rows(action, domain=own)}
        self.assertEqual(rows, {"T-CARD": 418.6, "T-ODD": 509.95})
        card.list_price = 600
        self.dealer2._set_ratio(0.75, "season")
        self.env.invalidate_all()
        rows = {row["default_code"]: row["price"] for row in self._rows(action, domain=own)}
        self.assertEqual(rows, {"T-CARD": 450.0, "T-ODD": 546.38})
        exported = (
            self.List.with_user(self._new_user("price-finance", "finance"))
            .search([*action["domain"], *own])
            .export_data(["default_code", "price"])["datas"]
        )
        self.assertEqual(sorted(exported), [["T-CARD", 450.0], ["T-ODD", 546.38]])
        self.dealer2._close("gone")
        self.env.invalidate_all()
        self.assertFalse(self._rows(action))

    def test_b2b_goods_have_level_1_prices_only(self):
        goods = self._new_product("T-B2B", "b2b", 27.0)
        rows = self._rows(goods.product_tmpl_id.action_open_prices())
        self.assertEqual({row["kind"] for row in rows}, {"retail", "dealer"})
        self.assertNotIn(self.dealer2.id, [row["dealer_id"] for row in rows])
        self.assertIn(16.2, [row["price"] for row in rows if row["dealer_id"] == self.dealer1.id])

    def test_level_prices(self):
        rows = self._rows(
            self.silver.with_user(self.user).action_open_prices(), domain=[("product_id", "=", self.package.id)]
        )
        self.assertEqual([row["price"] for row in rows], [950.0])

    def test_sales_team_sees_the_prices_of_its_networks(self):
        rep, manager = self._new_user("price-rep", "sales_rep"), self._new_user("price-manager", "department_manager")
        rep.crab_manager_id = manager
        stranger = self._new_dealer("T-A9", "1", 0.5)
        self.dealer1.user_id = rep
        action = self.package.product_tmpl_id.action_open_prices()
        mine = {self.dealer1.id, self.dealer2.id, self.dealer3.id, self.dealer3_direct.id}
        for user in (rep, manager):
            with self.subTest(user=user.login):
                rows = self._rows(action, user)
                self.assertEqual({row["dealer_id"] for row in rows if row["kind"] == "dealer"}, mine)
                self.assertTrue([row for row in rows if row["kind"] == "member"])
                row = self.List.search([("dealer_id", "=", stranger.id), ("product_id", "=", self.package.id)])
                with self.assertRaises(AccessError):
                    row.with_user(user).read(["price"])

    def test_nobody_writes_it_and_users_without_a_role_see_nothing(self):
        row = self.List.search([("product_id", "=", self.package.id)], limit=1)
        admin = self._new_user("price-admin", "admin")
        for method, args in (("write", (row.ids, {"price": 1})), ("unlink", (row.ids,)), ("create", ([{"price": 1}],))):
            with self.subTest(method=method), self.assertRaises(AccessError):
                call_kw(self.List.with_user(admin), method, args, {})
        nobody = self.env["res.users"].create(
            {"name": "nobody", "login": "price-nobody", "group_ids": [(6, 0, [self.env.ref("base.group_user").id])]}
        )
        with self.assertRaises(AccessError):
            call_kw(self.List.with_user(nobody), "search_read", ([], ["price"]), {})
