from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import covers

from .common import PriceCase

RETAIL = st.integers(1, 10**10 - 1).map(lambda cents: Decimal(cents) / 100)
RATIO = st.integers(1, 10**4).map(lambda points: Decimal(points) / 10**4)
CENT = Decimal("0.01")


class TestPrice(PriceCase):
    @covers("HQ-28", "pricing", via="service")
    def test_prices_of_the_profit_sharing_example(self):
        dealers = self.dealer1 | self.dealer2 | self.dealer3
        prices = self.Price._dealer_prices(self.package, dealers)
        self.assertEqual(
            [prices[self.package.id, dealer.id] for dealer in dealers], [Decimal(600), Decimal(700), Decimal(800)]
        )
        prices = self.Price._member_prices(self.package, self.silver | self.base)
        self.assertEqual(
            prices, {(self.package.id, self.silver.id): Decimal(950), (self.package.id, self.base.id): Decimal(1000)}
        )

    def test_half_a_cent_rounds_up(self):
        # 728.5 × 0.65 = 473.525; 728.5 × 0.65 is 473.52499… as a float
        self.assertEqual(str(self.Price._price(728.5, 0.65)), "473.53")
        self.assertEqual(str(self.Price._price(0.01, 0.5)), "0.01")
        self.assertEqual(str(self.Price._price(0.01, 0.49)), "0.00")
        self.assertEqual(str(self.Price._price(100, 1)), "100.00")
        prices = self.Price._member_prices(self.odd, self.silver)
        self.assertEqual(prices, {(self.odd.id, self.silver.id): Decimal("692.08")})
        prices = self.Price._unit_prices(self.odd, [0.65, 0.6])
        self.assertEqual(prices, {(self.odd.id, 0.65): Decimal("473.53"), (self.odd.id, 0.6): Decimal("437.10")})

    @settings(deadline=None)
    @given(RETAIL, RATIO, RATIO)
    def test_price_rises_with_the_ratio_and_never_above_retail(self, retail, one, other):
        low, high = sorted((one, other))
        self.assertLessEqual(self.Price._price(retail, low), self.Price._price(retail, high))
        self.assertLessEqual(self.Price._price(retail, high), retail)
        self.assertEqual(self.Price._price(retail, Decimal(1)), retail)

    @settings(deadline=None)
    @given(RETAIL, RATIO)
    def test_floats_of_the_database_give_the_exact_price(self, retail, ratio):
        exact = (retail * ratio).quantize(CENT, ROUND_HALF_UP)
        self.assertEqual(self.Price._price(float(retail), float(ratio)), exact)

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(RETAIL, RATIO), min_size=20, max_size=20))
    def test_sql_gives_the_same_price(self, pairs):
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS pair(retail, ratio, place)"
                " ORDER BY place",
                self.Price._price_sql(SQL("pair.retail"), SQL("pair.ratio")),
                [float(retail) for retail, _ratio in pairs],
                [float(ratio) for _retail, ratio in pairs],
            )
        )
        found = [row[0] for row in self.env.cr.fetchall()]
        self.assertEqual([Decimal(str(price)) for price in found], [self.Price._price(*pair) for pair in pairs])
