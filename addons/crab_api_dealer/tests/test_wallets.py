from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec

from .common import DealerApiCase


class TestWallets(DealerApiCase):
    """a: stored value 1000 and credit 2000, of which an activation of three numbers (1800) took all and 800."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._fund(cls.a, stored=1000, credit_limit=2000)
        cls.cards = cls._new_cards(4)
        cls._issue(cls.cards, cls.a)
        cls.activation = cls._activate(cls.cards[:3], cls.a)

    @covers("CH-11", "level 1 only", "balance", via="api")
    @covers("CH-12", "level 1 only", "debt", "remaining credit", via="api")
    def test_balances(self):
        wallets = self._get(self.a, "/dealer/wallets")
        self.assertEqual((wallets["stored"]["balance"], wallets["currency"]), ("0.00", "CNY"))
        credit = {name: value for name, value in wallets["credit"].items() if name != "entry_kinds"}
        self.assertEqual(credit, {"limit": "2000.00", "available": "1200.00", "unsettled": "800.00", "settled": "0.00"})
        for dealer in (self.b, self.c, self.d):
            for path in ("", "/stored/entries", "/credit/entries", "/credit/debts", "/credit/settlements"):
                with self.subTest(dealer=dealer.code, path=path):
                    self._get(dealer, "/dealer/wallets" + path, 403)

    @covers("CH-11", "movements", via="api")
    @covers("CH-29", "level 1 only", "平台充值", "卡激活消耗", "filter by kind", "reversals in", via="api")
    def test_movements_of_stored_value(self):
        self._document("return", self.cards[:2], ("submit", "receive"), sender_dealer_id=self.a.id)
        path = "/dealer/wallets/stored/entries"
        items = self._get(self.a, path)["items"]
        self.assertEqual(
            [(item["kind"], item["amount"], item["balance_after"]) for item in items],
            [("card_return", "400.00", "400.00"), ("activation", "-1000.00", "0.00"), ("topup", "1000.00", "1000.00")],
        )
        self.assertEqual(items[1]["reference"], self.activation.name)
        for kinds, count in ((["topup"], 1), (["topup", "activation"], 2), (["b2b_order"], 0), (["nonsense"], 0)):
            with self.subTest(kinds=kinds):
                self.assertEqual(len(self._get(self.a, path, kind=kinds)["items"]), count)
        self.assertFalse(self._get(self.a, path, last_day="2020-01-01")["items"])
        self.assertEqual(len(self._get(self.a, path, first_day="2020-01-01")["items"]), 3)
        kinds = {kind["code"] for kind in self._get(self.a, "/dealer/wallets")["stored"]["entry_kinds"]}
        self.assertLessEqual({"topup", "activation", "b2b_order", "delivery_goods", "settlement_reversal"}, kinds)
        self.assertNotIn("repayment", kinds)
        self.assertFalse(self._get(self.z, path)["items"])
        self.assertEqual(len(self.assertPages(self.a, path)), 3)

    @covers("CH-12", "movements", via="api")
    @covers("CH-30", "level 1 only", "平台充值额度", "卡激活消耗", "debt settlement records", via="api")
    def test_movements_debts_and_settlements_of_credit(self):
        document = self.env["crab.wallet.document"]._open(self.a, "repayment", dec(300), "test-repay")
        entries = self._get(self.a, "/dealer/wallets/credit/entries")["items"]
        self.assertEqual(
            [(item["kind"], item["amount"], item["balance_after"]) for item in entries],
            [
                ("repayment", "300.00", "1500.00"),
                ("activation", "-800.00", "1200.00"),
                ("credit_grant", "2000.00", "2000.00"),
            ],
        )
        [debt] = self._get(self.a, "/dealer/wallets/credit/debts")["items"]
        self.assertEqual(
            (debt["reference"], debt["amount"], debt["settled"], debt["unsettled"]),
            (self.activation.name, "800.00", "300.00", "500.00"),
        )
        self.assertEqual(len(self._get(self.a, "/dealer/wallets/credit/debts", is_open=True)["items"]), 1)
        self.assertFalse(self._get(self.a, "/dealer/wallets/credit/debts", is_open=False)["items"])
        [settled] = self._get(self.a, "/dealer/wallets/credit/settlements")["items"]
        self.assertEqual(
            (settled["amount"], settled["reference"], settled["repayment"]),
            ("300.00", self.activation.name, document.display_name),
        )
        for path in ("credit/entries", "credit/debts", "credit/settlements"):
            self.assertFalse(self._get(self.z, f"/dealer/wallets/{path}")["items"])

    def test_movements_take_the_same_queries_however_many(self):
        for amount in range(1, 5):
            self._fund(self.a, stored=amount, credit_limit=amount)
        self.assertSameQueries(self.a, "/dealer/wallets/stored/entries", few=2, many=6)
        self.assertSameQueries(self.a, "/dealer/wallets/credit/entries", few=2, many=6)
