from datetime import date
from decimal import Decimal

from freezegun import freeze_time
from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tests import Form, mute_logger

from .common import LedgerCase

DAY = date(2026, 10, 1)


class TestBatch(LedgerCase):
    def test_a_day_is_posted_in_one_entry_per_kind_and_tax(self):
        before = {
            purpose: self._balance(purpose)
            for purpose in ("contract_liability", "revenue", "vat_output", "cost", "inventory")
        }
        ids = self.Fact._record(
            [self._fact("100.00", "9.00", "40.00", tax_id=self.tax.id, business_date=DAY)] * 3
            + [self._fact("50.00", business_date=DAY), self._fact("7.00", business_date=date(2026, 10, 2))]
        )
        batches = self.Batch._post_day(self.group, DAY)
        self.assertEqual(len(batches), 2)
        taxed = batches.filtered("tax_id")
        self.assertEqual((taxed.fact_count, taxed.amount_net, taxed.amount_tax, taxed.amount_cost), (3, 300, 27, 120))
        self.assertEqual((taxed.move_id.state, taxed.move_id.date), ("posted", DAY))
        self.assertEqual(taxed.move_id.journal_id, self.group.crab_daily_journal_id)
        self.assertEqual(taxed.move_id.line_ids.tax_ids, self.tax)
        self.assertEqual(taxed.move_id.line_ids.tax_line_id, self.tax)
        changes = {purpose: self._balance(purpose) - before[purpose] for purpose in before}
        expected = {
            "contract_liability": "377",
            "revenue": "-350",
            "vat_output": "-27",
            "cost": "120",
            "inventory": "-120",
        }
        self.assertEqual(changes, {purpose: Decimal(amount) for purpose, amount in expected.items()})
        facts = self.Fact.browse(ids)
        self.assertEqual(facts[:3].batch_id, taxed)
        self.assertFalse(facts[4].batch_id, "the next day waits")

    def test_posting_again_posts_nothing_twice_and_takes_late_facts(self):
        self.Fact._record([self._fact("10.00", business_date=DAY)])
        first = self.Batch._post_day(self.group, DAY)
        self.assertFalse(self.Batch._post_day(self.group, DAY))
        self.Fact._record([self._fact("5.00", business_date=DAY)])
        late = self.Batch._post_day(self.group, DAY)
        self.assertEqual((first.amount_net, late.amount_net), (10, 5))

    def test_companies_are_posted_apart(self):
        self.Fact._record([self._fact("10.00", business_date=DAY, company_id=self.sales.id)])
        self.assertFalse(self.Batch._post_day(self.group, DAY))
        self.assertEqual(self.Batch._post_day(self.sales, DAY).move_id.company_id, self.sales)

    def test_facts_that_cancel_out_need_no_entry(self):
        self.Fact._record([self._fact("10.00", business_date=DAY), self._fact("-10.00", business_date=DAY)])
        batch = self.Batch._post_day(self.group, DAY)
        self.assertEqual((batch.fact_count, batch.move_id.id), (2, False))
        batch.action_reverse()
        self.assertEqual(batch.state, "reversed")

    def test_a_reversed_batch_is_posted_anew_by_the_next_run(self):
        before = self._balance("revenue")
        self.Fact._record([self._fact("10.00", "0.90", tax_id=self.tax.id, business_date=DAY)])
        batch = self.Batch._post_day(self.group, DAY)
        batch.action_reverse()
        self.assertEqual(self._balance("revenue"), before)
        with self.assertRaisesRegex(UserError, "Only posted"):
            batch.action_reverse()
        again = self.Batch._post_day(self.group, DAY)
        self.assertEqual(again.fact_count, 1)
        self.assertEqual(self._balance("revenue"), before - 10)

    @mute_logger("odoo.sql_db")
    def test_a_fact_cannot_be_changed_deleted_or_recorded_twice(self):
        (fact_id,) = self.Fact._record([self._fact("10.00", key="K1")])
        for statement, error in (
            ("UPDATE crab_ledger_fact SET amount_net = 1 WHERE id = %s", errors.RestrictViolation),
            ("DELETE FROM crab_ledger_fact WHERE id = %s", errors.RestrictViolation),
            (
                "INSERT INTO crab_ledger_fact (company_id, kind, business_date, recorded_at, amount_net, amount_tax,"
                " amount_cost, document_model, document_id, key)"
                " SELECT company_id, kind, business_date, recorded_at, 1, 0, 0, document_model, document_id,"
                " key FROM crab_ledger_fact WHERE id = %s",
                errors.UniqueViolation,
            ),
            (
                "INSERT INTO crab_ledger_fact (company_id, kind, business_date, recorded_at, amount_net, amount_tax,"
                " amount_cost, document_model, document_id)"
                " SELECT company_id, kind, business_date, recorded_at, 0.005, 0, 0, document_model, document_id"
                " FROM crab_ledger_fact WHERE id = %s",
                errors.CheckViolation,
            ),
        ):
            with self.assertRaises(error), self.env.cr.savepoint():
                self.env.cr.execute(statement, [fact_id])

    @freeze_time("2026-10-02 16:30:00")
    def test_the_nightly_job_posts_the_days_that_have_ended_in_shanghai(self):
        self.Fact._record(
            [
                self._fact("1.00", business_date=date(2026, 10, 1)),
                self._fact("2.00", business_date=date(2026, 10, 2), company_id=self.sales.id),
                self._fact("4.00", business_date=date(2026, 10, 3)),
            ]
        )
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["crab.ledger.batch"]._cron_post_days()
        self.env.invalidate_all()
        self.assertEqual(
            self.Batch.search([("business_date", ">=", DAY)], order="business_date").mapped("amount_net"), [1.0, 2.0]
        )
        self.assertEqual(self.Batch._waiting_days(self.group, date(2026, 10, 31)), [date(2026, 10, 3)])

    @freeze_time("2026-10-02 16:30:00")
    def test_a_day_that_cannot_be_posted_keeps_no_other_and_is_named_by_the_check(self):
        with freeze_time("2026-10-02 15:00:00"):
            self.Fact._record(
                [
                    self._fact("1.00", business_date=date(2026, 10, 1)),
                    self._fact("2.00", business_date=date(2026, 10, 2), company_id=self.sales.id),
                ]
            )
        self.group.crab_revenue_account_id = False
        self.assertFalse(self.Check._findings(), "the night's batch has an hour")
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            self.assertLogs("odoo.addons.crab_ledger", "ERROR"),
        ):
            self.env(cr=cr)["crab.ledger.batch"]._cron_post_days()
        self.env.invalidate_all()
        self.assertEqual(self.Batch.search([("business_date", ">=", DAY)]).company_id, self.sales)
        with freeze_time("2026-10-02 17:20:00"):
            (finding,) = self.Check._findings()
        self.assertIn("2026-10-01", finding)

    def test_finance_posts_waiting_days_by_hand(self):
        finance = self._new_user("ledger_finance", "finance")
        self.Fact._record([self._fact("3.00", business_date=DAY)])
        wizard = Form(self.env["crab.ledger.batch.post"].with_user(finance))
        wizard.until_date = DAY
        self.assertEqual(wizard.waiting_count, 1)
        action = wizard.save().action_post()
        batch = self.Batch.with_user(finance).search(action["domain"])
        self.assertEqual(batch.amount_net, 3)
        with self.assertRaisesRegex(UserError, "Nothing is waiting"):
            wizard.save().action_post()
        wizard.until_date = "2030-01-01"
        with self.assertRaisesRegex(UserError, "has not begun"):
            wizard.save().action_post()
        batch.action_reverse()
        self.assertEqual(batch.state, "reversed")
