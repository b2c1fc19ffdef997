from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_payment_fee_account_id = fields.Many2one(
        "account.account", "Fees of payment providers", domain="[('company_ids', 'in', id)]"
    )

    def _crab_ledger_accounts(self):
        return {
            **super()._crab_ledger_accounts(),
            "payment_fee": ("660310", "expense", "Fees of payment providers", "财务费用-支付手续费"),
        }
