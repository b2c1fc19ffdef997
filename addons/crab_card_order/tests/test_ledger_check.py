from .common import OrderCase


class TestLedgerCheck(OrderCase):
    def test_the_nightly_check_compares_numbers_with_stock(self):
        batch = self._new_cards(3).batch_id
        self.assertIn(
            "[TESTCARD] Card TESTCARD: the register has 3 numbers, the stock 0 pieces.",
            self.env["crab.ledger.check"]._findings(),
        )
        batch._receive_stock()
        self.assertFalse(self.env["crab.ledger.check"]._findings())
