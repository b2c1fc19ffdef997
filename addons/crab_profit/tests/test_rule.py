from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import covers
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


class TestRule(ShopCase):
    """The table of domain.md §5: retail 1000; level 1 0.60, level 2 0.70, level 3 0.80, member 0.95."""

    def _shares(self, order):
        rows = self.env["crab.earning"].search([("order_id", "=", order.id), ("kind", "=", "share")])
        return {row.dealer_id: row.amount for row in rows}

    def _expect(self, dealer, shares, platform, discount=0):
        member = self._new_member(dealer_id=dealer and dealer.id, level_id=self.gold.id)
        order = self._paid([(self.thousand, 1, discount)], member)
        expected = {dealer: amount for dealer, amount in shares.items() if amount}
        expected[self.env["crab.dealer"]] = platform
        self.assertEqual(self._shares(order), expected)

    @covers("HQ-14", "price differences go up the chain", via="service")
    def test_member_of_level_1(self):
        self._expect(self.dealer1, {self.dealer1: 350}, 600)

    def test_member_of_level_2(self):
        self._expect(self.dealer2, {self.dealer1: 100, self.dealer2: 250}, 600)

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
