from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_dealer_payable_account_id = fields.Many2one(
        "account.account", "Owed to dealers", domain="[('company_ids', 'in', id)]"
    )
    crab_dealer_commission_account_id = fields.Many2one(
        "account.account", "Dealers' earnings", domain="[('company_ids', 'in', id)]"
    )

    def _crab_ledger_accounts(self):
        return {
            **super()._crab_ledger_accounts(),
            "dealer_payable": ("220210", "liability_payable", "Owed to dealers", "应付账款-渠道商收益"),
            "dealer_commission": ("660110", "expense", "Dealers' earnings", "销售费用-渠道商收益"),
        }
