from decimal import Decimal

from odoo.addons.crab_base.tests.common import CrabCase


class LedgerCase(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ledger = cls.env["crab.ledger"]
        cls.Fact = cls.env["crab.ledger.fact"]
        cls.Batch = cls.env["crab.ledger.batch"]
        cls.Check = cls.env["crab.ledger.check"]
        cls.partner = cls.env["res.partner"].create({"name": "苏州渠道商"})
        cls.tax = cls.env["account.tax"].search(
            [("company_id", "=", cls.group.id), ("type_tax_use", "=", "sale"), ("amount", "=", 9)], limit=1
        )

    @classmethod
    def _fact(cls, net, tax=0, cost=0, **values):
        return {
            "kind": "redemption_shipped",
            "company_id": cls.group.id,
            "amount_net": Decimal(net),
            "amount_tax": Decimal(tax),
            "amount_cost": Decimal(cost),
            "document_model": "res.partner",
            "document_id": cls.partner.id,
            "reference": "TH0001",
            **values,
        }

    def _post(self, *lines, company=None, **values):
        journal = self.ledger._journal(company or self.group, "document")
        move = self.ledger._post_document(self.partner, journal, list(lines), **values)
        self.env.cr.flush()
        return move

    def _balance(self, purpose, company=None):
        company = company or self.group
        self.env.flush_all()
        return self.Check._ledger_balance(company, self.ledger._account(company, purpose), None)

    def _differences(self):
        return {
            (result["company"].crab_role, result["account"].code): result["difference"]
            for result in self.Check._compare()
            if result["difference"]
        }
