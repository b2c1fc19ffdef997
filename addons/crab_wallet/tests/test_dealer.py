from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import WalletCase


class TestDealer(WalletCase):
    @covers("HQ-11", "only level 1 has accounts", "two separate accounts", via="web")
    @covers("HQ-09", "stored-value log", "credit log", "credit unsettled, settled, available", via="web")
    def test_a_new_level_1_has_two_accounts_and_its_form_shows_them(self):
        self.assertEqual(self.Wallet.search([("dealer_id", "=", self.z.id)]).mapped("kind"), ["stored", "credit"])
        self.assertFalse(self.Wallet.search([("dealer_id", "in", (self.b | self.c | self.d).ids)]))
        self._charge(6000)
        self.Document._open(self.a, "repayment", Decimal(400), "repay")
        form = Form(self.a.with_user(self.boss))
        shown = (
            form.stored_value,
            form.credit_limit,
            form.credit_unsettled,
            form.credit_settled,
            form.credit_available,
        )
        self.assertEqual(shown, (0, 10000, 600, 400, 9400))
        dealer = self.a.with_user(self.finance)
        action = dealer.with_context(wallet_kind="credit").action_wallet_entries()
        self.assertEqual(self.Entry.with_user(self.finance).search_count(action["domain"]), 3)
        action = dealer.with_context(wallet_kind="stored").action_wallet_entries()
        stored = self.Entry.with_user(self.finance).search(action["domain"], order="id")
        self.assertEqual(stored.mapped("amount"), [5000, -5000])
        debts = self.env["crab.wallet.debt"].with_user(self.finance).search(dealer.action_wallet_debts()["domain"])
        self.assertEqual(debts.unsettled, 600)

    def test_a_dealer_with_money_stays_level_1_and_is_never_deleted(self):
        with self.assertRaisesRegex(UserError, "stored value or unsettled credit"):
            self.a._check_relocation(self.z, "2")
        with self.assertRaisesRegex(UserError, "history"):
            self.a.unlink()
        self.y._relocate(self.env["crab.dealer"], level="1", dealer_type="city_partner", reason="grown")
        self.assertEqual(len(self.Wallet.search([("dealer_id", "=", self.y.id)])), 2)
        draft = self.Document.create({"dealer_id": self.y.id, "amount": 1})
        with self.assertRaisesRegex(UserError, "documents in work"):
            self.y._check_relocation(self.z, "2")
        draft.unlink()
        self.y._check_relocation(self.z, "2")
        self.y.unlink()

    def test_closing_shows_what_is_left(self):
        self._charge(4000)
        self._charge(2000, 1)
        self.Document.create({"dealer_id": self.a.id, "amount": 1})
        labels = " ".join(item[0] for item in self.a._open_items())
        self.assertIn("Unsettled credit: 1,000.00", labels)
        self.assertIn("Wallet documents in work", labels)
