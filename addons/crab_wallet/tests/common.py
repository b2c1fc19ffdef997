import base64
from decimal import Decimal

from odoo.addons.crab_dealer.tests.common import DealerCase

VOUCHER = base64.b64encode(b"%PDF-1.4 voucher")


class WalletCase(DealerCase):
    """The network of ``DealerCase``; a has stored value 5 000 and credit 10 000 (domain.md §6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Wallet = cls.env["crab.wallet"]
        cls.Document = cls.env["crab.wallet.document"]
        cls.Entry = cls.env["crab.wallet.entry"]
        cls.finance = cls._new_user("wallet_finance", "finance")
        cls.boss = cls._new_user("wallet_boss", "admin")
        cls.group.crab_wallet_approval_amount = 50000
        # any record can be the document of an entry
        cls.orders = cls.env["res.partner"].create([{"name": f"DD{number:04}"} for number in range(12)])
        cls.Document._open(cls.a, "topup", Decimal(5000), "test:topup")
        cls.Document._open(cls.a, "credit_grant", Decimal(10000), "test:grant")

    def _wallet(self, dealer, kind):
        return self.Wallet.search([("dealer_id", "=", dealer.id), ("kind", "=", kind)])

    def _figures(self, dealer=None):
        """Stored value, credit limit, unsettled, settled."""
        stored, credit = (self._wallet(dealer or self.a, kind) for kind in ("stored", "credit"))
        return (stored.balance, credit.credit_limit, credit.credit_used, credit.settled)

    def _charge(self, amount, order=0, key=None, dealer=None):
        return self.Wallet._charge(
            dealer or self.a, Decimal(amount), self.orders[order], "activation", key or f"order:{order}"
        )

    def _return(self, amount, order=11, key=None, **values):
        return self.Wallet._give_back(
            self.a, Decimal(amount), self.orders[order], "card_return", key or f"return:{order}", **values
        )

    def _debts(self):
        """What each order still owes, oldest first."""
        return [
            (debt.reference, debt.unsettled)
            for debt in self._wallet(self.a, "credit").debt_ids.sorted("id")
            if debt.unsettled
        ]

    def _differences(self):
        return [result for result in self.env["crab.ledger.check"]._compare() if result["difference"]]

    def _assert_sound(self):
        self.assertFalse(self.Wallet._inconsistent())
        self.assertFalse(self._differences())
        self.assertFalse(self.env["crab.ledger.check"]._findings())
        self.assertFalse(self.Entry._verify_chain(self.Wallet.search([]).ids))
