from datetime import date
from decimal import Decimal

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_ledger.hooks import post_init_hook

from .common import LedgerCase


class TestDocumentEntries(LedgerCase):
    def test_an_entry_is_posted_on_the_accounts_of_its_company(self):
        for company in self.group | self.sales:
            move = self._post(
                ("bank", False, Decimal("0.10"), "in"),
                ("bank", False, Decimal("0.20"), "in"),
                ("deposits", self.partner, Decimal("-0.30"), "stored value"),
                company=company,
                reference="CZ0001",
            )
            self.assertEqual((move.state, move.company_id, move.ref), ("posted", company, "CZ0001"))
            self.assertTrue(move.name.startswith("CRAB/"))
            accounts = move.line_ids.account_id.with_company(company)
            self.assertEqual(set(accounts.mapped("code")), {"100200", "220301"})
            self.assertEqual(accounts.company_ids, company)
            self.assertEqual((move.crab_document_model, move.crab_document_id), ("res.partner", self.partner.id))
            self.assertEqual(move.action_crab_document()["res_id"], self.partner.id)

    def test_numbers_of_a_journal_have_no_gap(self):
        numbers = [
            self._post(("bank", False, Decimal(1), ""), ("deposits", False, Decimal(-1), "")).sequence_number
            for _i in range(3)
        ]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))

    def test_an_entry_gets_its_number_at_the_end_of_the_transaction(self):
        lines = [("bank", False, Decimal(1), ""), ("deposits", False, Decimal(-1), "")]
        journal = self.ledger._journal(self.group, "document")
        first, second = (self.ledger._post_document(self.partner, journal, lines) for _i in range(2))
        self.assertEqual((first | second).mapped("state"), ["draft"] * 2)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.assertEqual((first | second).mapped("state"), ["posted"] * 2, "a savepoint is an end as well")
            undone = self.ledger._post_document(self.partner, journal, lines)
            raise UserError("undone")
        third = self.ledger._post_document(self.partner, journal, lines)
        self.env.cr.flush()
        self.assertFalse(undone.exists())
        self.assertEqual(third.sequence_number, second.sequence_number + 1)

    def test_lines_that_do_not_add_up_are_refused(self):
        before = self._balance("bank")
        for debit, credit in (("1.00", "-0.99"), ("0.005", "-0.005")):
            with self.assertRaisesRegex(UserError, "does not balance"):
                self._post(("bank", False, Decimal(debit), ""), ("deposits", False, Decimal(credit), ""))
        self.assertEqual(self._balance("bank"), before)

    def test_nothing_is_posted_for_zero_amounts(self):
        self.assertFalse(self._post(("bank", False, Decimal(0), ""), ("deposits", False, Decimal(0), "")))

    @freeze_time("2026-03-31 17:30:00")
    def test_the_entry_bears_the_business_day_of_shanghai(self):
        move = self._post(("bank", False, Decimal(1), ""), ("deposits", False, Decimal(-1), ""))
        self.assertEqual((move.date, move.state), (date(2026, 4, 1), "posted"))

    def test_a_reversal_books_back_in_red_and_an_entry_cannot_be_unposted_otherwise(self):
        before = self._balance("receivable_credit")
        move = self._post(
            ("receivable_credit", self.partner, Decimal("88.80"), ""),
            ("contract_liability", False, Decimal("-88.80"), ""),
        )
        line = move.line_ids[:1]
        for attempt in (
            lambda: move.button_draft(),
            lambda: move.button_cancel(),
            lambda: move.write({"state": "draft"}),
            lambda: move.with_context(force_delete=True).unlink(),
            lambda: line.with_context(force_delete=True).unlink(),
            lambda: line.write({"account_id": self.group.crab_cost_account_id.id}),
            lambda: line.copy({"move_id": move.id}),
            lambda: move._reverse_moves(cancel=True),
        ):
            with self.assertRaisesRegex(UserError, "stay posted"):
                attempt()
        reversal = self.ledger._reverse_document(move, self.partner)
        self.assertEqual((reversal.state, reversal.reversed_entry_id), ("posted", move))
        self.assertEqual(sorted(reversal.line_ids.mapped("debit")), [-88.8, 0.0])
        self.assertEqual(self._balance("receivable_credit"), before)

    def test_accountants_make_no_entries_of_documents(self):
        accountant = self._new_user("ledger_accountant", "finance")
        journal = self.group.crab_document_journal_id
        Move = self.env["account.move"].with_user(accountant)
        values = {"journal_id": journal.id, "move_type": "entry"}
        source = {"crab_document_model": "res.partner", "crab_document_id": self.partner.id}
        with self.assertRaises(AccessError):
            Move.create({**values, **source})
        with self.assertRaises(AccessError):
            Move.with_context(**{f"default_{name}": value for name, value in source.items()}).create(values)
        with self.assertRaises(AccessError):
            Move.create(values).write(source)

    def test_a_missing_account_is_named(self):
        self.group.crab_deposits_account_id = False
        with self.assertRaisesRegex(UserError, "Customers' stored value"):
            self._post(("bank", False, Decimal(1), ""), ("deposits", False, Decimal(-1), ""))

    def test_set_up_again_changes_nothing_and_keeps_choices(self):
        chosen = self.group.crab_revenue_account_id.copy({"code": "600199"})
        with Form(self.group) as form:
            form.crab_revenue_account_id = chosen
        accounts = self.env["account.account"].search_count([])
        journals = self.env["account.journal"].search_count([])
        post_init_hook(self.env)
        self.assertEqual(self.group.crab_revenue_account_id, chosen)
        self.assertEqual(self.env["account.account"].search_count([]), accounts)
        self.assertEqual(self.env["account.journal"].search_count([]), journals)
