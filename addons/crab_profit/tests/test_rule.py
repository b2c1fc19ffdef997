from decimal import ROUND_HALF_UP, Decimal
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo.service.model import call_kw
from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_card.tests.common import CardCase
from odoo.addons.crab_shop.tests.common import ShopCase

CENT = Decimal("0.01")


def walk(paid, quantity, prices):
    """domain.md §5 in plain Python: what each dealer of the chain earns, and what the platform keeps."""
    earned, rest = [], paid
    for price in prices:
        below = min(price * quantity, rest)
        earned.append(rest - below)
        rest = below
    return earned, rest


class TestRule(ShopCase, CardCase):
    """The table of domain.md §5: retail 1000; level 1 0.60, level 2 0.70, level 3 0.80, member 0.95.

    Each row is looked at as finance does, in the list of earnings; once for goods and once for e-cards.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("rule-finance", "finance")
        cls.ecard = cls._new_card("T-ECARD", 1000.0, cls.package1, kind="ecard", crab_state="on_sale")
        cls.env["product.product"]._crab_adjust_stock({cls.ecard.product_variant_id: 1000})

    def _shares(self, order):
        rows = call_kw(
            self.env["crab.earning"].with_user(self.finance),
            "web_search_read",
            [[("order_id", "=", order.id), ("kind", "=", "share")], {"dealer_id": {}, "amount": {}}],
            {},
        )["records"]
        shares = {self.env["crab.dealer"].browse(row["dealer_id"] or []): dec(row["amount"]) for row in rows}
        self.assertEqual(len(shares), len(rows))
        self.assertEqual(sum(shares.values()), dec(order.crab_amount_goods))
        return shares

    def _expect(self, dealer, shares, platform, discount=0):
        member = self._new_member(dealer_id=dealer and dealer.id, level_id=self.gold.id)
        expected = {dealer: amount for dealer, amount in shares.items() if amount}
        expected[self.env["crab.dealer"]] = platform
        for product in (self.thousand, self.ecard):
            with self.subTest(product=product.default_code):
                self.assertEqual(self._shares(self._paid([(product, 1, discount)], member)), expected)

    @covers("HQ-13", "earnings go up the chain", "sum of earnings and platform equals paid", via="web")
    @covers("HQ-14", "earnings of in-stock goods", "sum of earnings and platform equals paid", via="web")
    @covers("CH-31", "earnings from online distribution", via="service")
    def test_member_of_level_1(self):
        self._expect(self.dealer1, {self.dealer1: 350}, 600)

    @covers("HQ-13", "earnings go up the chain", via="web")
    def test_member_of_level_2(self):
        self._expect(self.dealer2, {self.dealer1: 100, self.dealer2: 250}, 600)

    @covers("HQ-13", "earnings go up the chain", via="web")
    def test_member_of_level_3_below_level_2(self):
        self._expect(self.dealer3, {self.dealer1: 100, self.dealer2: 100, self.dealer3: 150}, 600)

    def test_member_of_level_3_below_level_1(self):
        direct = self._new_dealer("T-C9", "3", 0.80, self.dealer1)
        self._expect(direct, {self.dealer1: 200, direct: 150}, 600)

    def test_member_of_nobody(self):
        self._expect(None, {}, 950)

    def test_discount_below_the_dealers_price(self):
        self._expect(self.dealer3, {self.dealer1: 100, self.dealer2: 50, self.dealer3: 0}, 600, discount=200)

    def test_closed_and_offline_dealers_are_passed_over_with_the_price_unchanged(self):
        self.dealer2.is_online = False
        self._expect(self.dealer3, {self.dealer1: 200, self.dealer3: 150}, 600)

    def test_physical_cards_bought_online_earn_nothing_for_dealers(self):
        card = self._new_card("T-PCARD", 1000.0, self.package1, crab_state="on_sale")
        self._stock_cards(card)
        self.assertEqual(self._shares(self._paid([(card, 1)])), {self.env["crab.dealer"]: 950})

    def test_freight_is_not_shared(self):
        with patch.object(type(self.env["crab.shop"]), "_freight", lambda *args: Decimal(15)):
            order = self._paid([(self.thousand, 1)])
        self.assertEqual(order.amount_total, 965)
        self.assertEqual(sum(self._shares(order).values()), 950)

    def test_the_chain_is_that_of_the_moment_of_ordering(self):
        order = self._place([(self.thousand, 2)])
        self.dealer3._set_ratio(0.85, "later")
        self._pay(order)
        self.assertEqual(
            self._shares(order),
            {self.dealer3: 300, self.dealer2: 200, self.dealer1: 200, self.env["crab.dealer"]: 1200},
        )

    @given(
        retail=st.integers(1, 10**7),
        quantity=st.integers(1, 500),
        member=st.integers(1, 10000),
        ratios=st.lists(st.integers(1, 12000), max_size=3),
        discount=st.integers(0, 10**6),
    )
    def test_any_chain_adds_up_and_makes_no_negative_share(self, retail, quantity, member, ratios, discount):
        """The SQL of the rule against the walk, for any prices in any order, also where the order of ratios is
        broken.
        """
        price = (Decimal(retail) * CENT * member / 10000).quantize(CENT, ROUND_HALF_UP)
        paid = max(price * quantity - Decimal(discount) * CENT, Decimal(0))
        prices = [(Decimal(retail) * CENT * ratio / 10000).quantize(CENT, ROUND_HALF_UP) for ratio in ratios]
        rows = [(1, position, position, unit, quantity, paid) for position, unit in enumerate(prices, 1)]
        rows.append((1, 0, None, None, quantity, paid))
        given_rows = SQL(
            "SELECT * FROM (VALUES %s) AS v(line_id, position, dealer_id, price, quantity, paid)",
            SQL(", ").join(SQL("(%s, %s, %s::int, %s::numeric, %s::numeric, %s::numeric)", *row) for row in rows),
        )
        self.env.cr.execute(
            SQL(
                "SELECT position, amount::text FROM (%s) s ORDER BY position",
                self.env["crab.earning"]._shares_sql(given_rows),
            )
        )
        found = {position: Decimal(amount) for position, amount in self.env.cr.fetchall()}
        earned, platform = walk(paid, quantity, prices)
        self.assertEqual(found, {0: platform, **dict(enumerate(earned, 1))})
        self.assertEqual(sum(found.values()), paid)
        self.assertTrue(all(amount >= 0 for amount in found.values()))
