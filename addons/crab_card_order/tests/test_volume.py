from .common import OrderCase


class TestVolume(OrderCase):
    """A document of a thousand numbers takes as many statements as one of ten."""

    def _count(self, func):
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()
        before = self.env.cr.sql_log_count
        func()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _life(self, count, prefix):
        """Statements of each step of issue, transfer, activation and return of ``count`` numbers."""
        cards = self._new_cards(count, prefix=prefix)
        return {
            "issue": self._count(lambda: self._issue(cards, self.a)),
            "transfer": self._count(lambda: self._transfer(cards, self.a, self.b)),
            "activation": self._count(lambda: self._activate(cards, self.b)),
            "return": self._count(
                lambda: self._document("return", cards, ("submit", "receive"), sender_dealer_id=self.b.id)
            ),
        }

    def test_statements_do_not_grow_with_the_numbers(self):
        self._fund(self.a, stored=10**7)
        self._life(3, "W")  # whatever is done once
        self.assertEqual(self._life(10, "X"), self._life(1000, "Y"))
