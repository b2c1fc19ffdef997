from decimal import Decimal

from odoo.addons.crab_base.tests.common import covers

from .common import ProfitCase

CARD = {"bank_name": "ICBC", "bank_account": "622202000111122220", "bank_holder": "Holder"}


class TestOwed(ProfitCase):
    """The books owe dealers what their earnings accounts were credited less what was paid out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("owed-finance", "finance")
        cls.order = cls._paid([(cls.thousand, 2)])
        cls._ship(cls.order)
        cls.order._crab_receive()

    def _row(self):
        self.env["crab.ledger"]._post_pending()
        account = self.env["crab.ledger"]._account(self.sales, "dealer_payable")
        [row] = [row for row in self.env["crab.ledger.check"]._compare() if row["account"] == account]
        return row["subledger"], row["waiting"], row["ledger"], row["difference"]

    @covers("HQ-67", "paid with bank reference")
    def test_credited_less_paid_out(self):
        self._credit_due(after=30)
        accounts = self.env["crab.earning.account"].search([])
        credited = sum(Decimal(str(account.credited)) for account in accounts)
        self.assertTrue(credited)
        self.assertEqual(self._row(), (-credited, -credited, 0, 0))
        days = self.env["crab.ledger.fact"].search([("batch_id", "=", False)]).mapped("business_date")
        for day in set(days):
            self.env["crab.ledger.batch"]._post_day(self.sales, day)
        self.assertEqual(self._row(), (-credited, 0, -credited, 0))
        asked = self.env["crab.withdrawal"]._request(self._subject(self.dealer2), Decimal("50.00"), CARD)
        asked = asked.with_user(self.finance)
        asked.action_approve()
        self.assertEqual(self._row()[0], -credited, "what is frozen is owed")
        asked.bank_reference = "B-9"
        asked.action_mark_paid()
        self.assertEqual(self._row(), (50 - credited, 0, 50 - credited, 0))
        self.assertBooksEqual()

    def test_credited_without_a_fact_differs(self):
        self.env["crab.earning.account"]._credit({self.dealer2.id: Decimal("5.00")})
        self.assertEqual(self._row()[3], -5)

    def test_entry_by_hand_differs(self):
        account = self.env["crab.ledger"]._account(self.sales, "dealer_payable")
        bank = self.env["crab.ledger"]._account(self.sales, "cost")
        self.env["account.move"].with_company(self.sales).create(
            {
                "journal_id": self.sales.crab_document_journal_id.id,
                "line_ids": [
                    (0, 0, {"account_id": account.id, "partner_id": self.dealer2.partner_id.id, "balance": 7}),
                    (0, 0, {"account_id": bank.id, "balance": -7}),
                ],
            }
        ).action_post()
        self.assertEqual(self._row()[3], -7)
