from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_payment_clearing_account_id = fields.Many2one(
        "account.account", "Money at payment providers", domain="[('company_ids', 'in', id)]"
    )
    crab_order_advance_account_id = fields.Many2one(
        "account.account", "Orders paid in advance", domain="[('company_ids', 'in', id)]"
    )

    def _crab_ledger_accounts(self):
        return {
            **super()._crab_ledger_accounts(),
            "payment_clearing": ("101210", "asset_current", "Money at payment providers", "其他货币资金-支付平台"),
            "order_advance": ("220502", "liability_current", "Orders paid in advance", "合同负债-商城订单"),
        }
