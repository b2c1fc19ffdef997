from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import money


@tagged("post_install", "-at_install")
class TestMoney(BaseCase):
    @given(st.decimals("-99999", "99999", places=2), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
    def test_parts_of_a_spread_add_up_and_stay_near_their_share(self, total, weights):
        if not sum(weights):
            weights = [*weights, 1]
        parts = money.spread(total, weights)
        self.assertEqual(sum(parts), total)
        for part, weight in zip(parts, weights, strict=True):
            self.assertLess(abs(part - total * weight / sum(weights)), Decimal("0.01"))

    def test_half_a_cent_rounds_away_from_zero(self):
        self.assertEqual(money.round_cents(728.5 * 0.65), Decimal("473.53"))
        self.assertEqual(money.round_cents("0.005"), Decimal("0.01"))
        self.assertEqual(money.round_cents("-0.005"), Decimal("-0.01"))
