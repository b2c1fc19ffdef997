from odoo import models

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date


class PaymentWechatpayBill(models.Model):
    """The fees of a bill go to the books, its differences to finance."""

    _name = "payment.wechatpay.bill"
    _inherit = ["payment.wechatpay.bill", "mail.thread", "mail.activity.mixin"]

    def _fetch(self):
        result = super()._fetch()
        self._crab_tell_finance()
        return result

    def _compare(self):
        result = super()._compare()
        self._crab_book_fees()
        self._crab_tell_finance()
        return result

    def _crab_book_fees(self):
        """Record what WeChat Pay kept that day, as a fact; of a bill that says otherwise now the difference."""
        if not self.company_id.crab_role:
            return
        lock_rows(self)
        facts = self.env["crab.ledger.fact"].sudo().search(self._crab_fee_domain())  # written by the suite alone
        difference = dec(self.amount_fee) - sum(dec(amount) for amount in facts.mapped("amount_net"))
        if difference:
            facts._record(
                [
                    {
                        "kind": "wechatpay_fee",
                        "company_id": self.company_id.id,
                        "business_date": self.date,
                        "amount_net": difference,
                        "document_model": self._name,
                        "document_id": self.id,
                        "reference": self.env["crab.ledger"]
                        ._in_language(self.company_id)
                        .env._("WeChat Pay, bill of %s", self.date),
                        "key": f"bill-{self.id}-{len(facts)}",
                    }
                ]
            )

    def _crab_fee_domain(self):
        return [
            ("kind", "=", "wechatpay_fee"), ("document_model", "=", self._name), ("document_id", "in", self.ids),
        ]  # fmt: skip

    def _crab_tell_finance(self):
        """Activities for finance while something differs or cannot be read, and none any more when all is clear."""
        self.activity_unlink(["mail.mail_activity_data_warning"])
        if not self.difference_count and self.state != "failed":
            return
        ledger = self.env["crab.ledger"]._in_language(self.company_id)
        if self.state == "failed":
            summary = ledger.env._("The WeChat Pay bill of %s cannot be read.", self.date)
        else:
            summary = ledger.env._(
                "The WeChat Pay bill of %(day)s has %(count)s differences.", day=self.date, count=self.difference_count
            )
        for user in self.env["crab.ledger.check"]._finance_users():
            if self.company_id in user.company_ids:
                self.activity_schedule(
                    "mail.mail_activity_data_warning",
                    date_deadline=business_date(),
                    summary=summary,
                    user_id=user.id,
                )

    def action_crab_fees(self):
        """What this bill has put into the books."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_ledger.crab_ledger_fact_action")
        return {**action, "domain": self._crab_fee_domain(), "context": {}}
