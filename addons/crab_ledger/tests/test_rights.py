from decimal import Decimal

from odoo.exceptions import AccessError

from .common import LedgerCase

MODELS = (
    "crab.ledger.fact",
    "crab.ledger.batch",
    "crab.ledger.check",
    "crab.ledger.check.line",
    "crab.ledger.waiting",
)


class TestRights(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Fact._record([cls._fact("1.00"), cls._fact("1.00", company_id=cls.sales.id)])
        cls.Check._run()

    def test_nobody_writes_facts_batches_or_results(self):
        for role in ("finance", "auditor", "admin"):
            user = self._new_user(f"ledger_{role}", role)
            for model in MODELS:
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(self.env[model].with_user(user).has_access(operation), (role, model, operation))
                self.assertTrue(self.env[model].with_user(user).search([]).ids or model == "crab.ledger.batch")

    def test_other_roles_see_nothing(self):
        for role in ("card_keeper", "warehouse", "customer_service", "sales_rep", "department_manager"):
            user = self._new_user(f"ledger_{role}", role)
            for model in MODELS:
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_a_role_of_one_company_sees_that_company(self):
        user = self._new_user("ledger_sales", "finance", companies=self.sales)
        self.assertEqual(self.Fact.with_user(user).search([]).company_id, self.sales)
        self.assertEqual(self.env["crab.ledger.check.line"].with_user(user).search([]).company_id, self.sales)
        with self.assertRaises(AccessError):
            wizard = self.env["crab.ledger.batch.post"].with_user(user).create({"company_id": self.group.id})
            wizard.action_post()

    def test_posting_by_hand_and_checking_is_finances(self):
        auditor = self._new_user("ledger_auditor", "auditor")
        batch = self.Batch._post_day(
            self.group, self.Fact.search([("company_id", "=", self.group.id)], limit=1).business_date
        )
        with self.assertRaises(AccessError):
            batch.with_user(auditor).action_reverse()
        with self.assertRaises(AccessError):
            self.Check.with_user(auditor).action_run()

    def test_an_entry_follows_from_its_document_whoever_made_it(self):
        keeper = self._new_user("ledger_keeper", "card_keeper")
        ledger = self.env["crab.ledger"].with_user(keeper)
        move = ledger._post_document(
            self.partner.with_user(keeper),
            ledger._journal(self.group, "document"),
            [("receivable_credit", self.partner, Decimal(1), ""), ("contract_liability", False, Decimal(-1), "")],
        )
        self.env.cr.flush()
        self.assertEqual(move.state, "posted")
        with self.assertRaises(AccessError):
            move.with_user(keeper).read(["name"])
