from datetime import date
from decimal import Decimal

from .common import LedgerCase


class TestCheck(LedgerCase):
    def test_facts_waiting_posted_and_reversed_never_differ(self):
        self.Fact._record([self._fact("10.00", "0.90", "4.00", tax_id=self.tax.id, business_date=date(2026, 10, 1))])
        self.assertFalse(self._differences())
        liability = self.group.crab_contract_liability_account_id
        waiting = next(result for result in self.Check._compare() if result["account"] == liability)
        self.assertEqual((waiting["waiting"], waiting["waiting_since"]), (Decimal("10.90"), date(2026, 10, 1)))
        batch = self.Batch._post_day(self.group, date(2026, 10, 1))
        self.assertFalse(self._differences())
        self.assertFalse(any(result["waiting"] for result in self.Check._compare()))
        batch.action_reverse()
        self.assertFalse(self._differences())

    def test_a_difference_is_stored_and_brings_finance_an_activity(self):
        finance = self._new_user("ledger_finance", "finance")
        self._post(("bank", False, Decimal("12.34"), ""), ("deposits", self.partner, Decimal("-12.34"), ""))
        self.assertEqual(self._differences(), {("group", "220301"): Decimal("12.34")})
        action = self.Check.with_user(finance).action_run()
        check = self.Check.browse(action["res_id"])
        self.assertEqual((check.state, check.user_id), ("different", finance))
        self.assertEqual(check.line_ids.filtered("difference").difference, 12.34)
        activity = check.activity_ids.filtered(lambda activity: activity.user_id == finance)
        self.assertEqual(len(activity), 1)
        self.assertIn("12.34", activity.note)
        self.Check._cron_check()
        self.assertFalse(check.activity_ids, "a later check replaces the activity")

    def test_an_equal_check_raises_nothing(self):
        self.Check._run()
        check = self.Check.search([], limit=1)
        self.assertEqual(check.state, "equal")
        self.assertFalse(check.activity_ids)
        self.assertEqual(set(check.line_ids.company_id.mapped("crab_role")), {"group", "sales"})
