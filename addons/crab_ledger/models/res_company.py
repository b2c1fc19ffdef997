from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # One field per purpose, named crab_<purpose>_account_id: crab.ledger._account finds it by its name.
    crab_bank_account_id = fields.Many2one("account.account", "Bank account", domain="[('company_ids', 'in', id)]")
    crab_deposits_account_id = fields.Many2one(
        "account.account", "Customers' stored value", domain="[('company_ids', 'in', id)]"
    )
    crab_receivable_credit_account_id = fields.Many2one(
        "account.account",
        "Dealers' credit",
        domain="[('company_ids', 'in', id), ('account_type', '=', 'asset_receivable')]",
    )
    crab_contract_liability_account_id = fields.Many2one(
        "account.account", "Prepaid pickup cards", domain="[('company_ids', 'in', id)]"
    )
    crab_revenue_account_id = fields.Many2one("account.account", "Revenue", domain="[('company_ids', 'in', id)]")
    crab_vat_output_account_id = fields.Many2one("account.account", "Output VAT", domain="[('company_ids', 'in', id)]")
    crab_cost_account_id = fields.Many2one("account.account", "Cost of goods", domain="[('company_ids', 'in', id)]")
    crab_inventory_account_id = fields.Many2one("account.account", "Inventory", domain="[('company_ids', 'in', id)]")
    crab_intercompany_account_id = fields.Many2one(
        "account.account",
        "Between the companies",
        domain="[('company_ids', 'in', id), ('account_type', 'in', ('asset_receivable', 'liability_payable'))]",
        help="The Group's claim on the Sales company for goods supplied; the Sales company's debt.",
    )
    crab_document_journal_id = fields.Many2one(
        "account.journal",
        "Journal of documents",
        domain="[('company_id', '=', id), ('type', '=', 'general')]",
        help="One entry per document: top-up, activation, repayment, return.",
    )
    crab_daily_journal_id = fields.Many2one(
        "account.journal",
        "Journal of daily batches",
        domain="[('company_id', '=', id), ('type', '=', 'general')]",
        help="One entry per business day, kind and tax of the facts that come in great number.",
    )

    crab_supply_journal_id = fields.Many2one(
        "account.journal",
        "Journal of supplies",
        domain="[('company_id', '=', id), ('type', 'in', ('sale', 'purchase'))]",
        help="Daily invoices of the Group to the Sales company, and the bills that match them.",
    )

    def _crab_ledger_accounts(self):
        """Where each purpose is booked unless chosen otherwise: ``{purpose: (code, type, name, Chinese name)}``.

        The codes are those of the Chinese chart for business enterprises. Extended by addons with further purposes.
        """
        between = {
            "group": ("112209", "asset_receivable", "Between the companies", "应收账款-内部往来"),
            "sales": ("220209", "liability_payable", "Between the companies", "应付账款-内部往来"),
        }.get(self.crab_role)
        return {
            **({"intercompany": between} if between else {}),
            "deposits": ("220301", "liability_current", "Customers' stored value", "预收账款-客户储值"),
            "receivable_credit": ("112202", "asset_receivable", "Dealers' credit", "应收账款-渠道商额度"),
            "contract_liability": ("220501", "liability_current", "Prepaid pickup cards", "合同负债-预付提货卡"),
            "revenue": ("600100", "income", "Income", "主营业务收入"),
            "vat_output": ("222100", "liability_current", "Tax Payable", "应交税费"),
            "cost": ("640100", "expense_direct_cost", "Main Business Costs", "主营业务成本"),
            "inventory": ("140500", "asset_current", "Inventory", "库存商品"),
        }

    def _crab_set_up_ledger(self):
        """Choose the accounts and journals that are not chosen yet, making what does not exist; safe to call again."""
        for company in self:
            values = {}
            for purpose, definition in company._crab_ledger_accounts().items():
                if not company[f"crab_{purpose}_account_id"]:
                    values[f"crab_{purpose}_account_id"] = company._crab_find_or_make_account(*definition).id
            if not company.crab_bank_account_id:
                bank_journal = self.env["account.journal"].search(
                    [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
                )
                values["crab_bank_account_id"] = bank_journal.default_account_id.id
            if not company.crab_document_journal_id:
                values["crab_document_journal_id"] = company._crab_find_or_make_journal(
                    "CRAB", "Crab documents", "业务单据"
                ).id
            if not company.crab_daily_journal_id:
                values["crab_daily_journal_id"] = company._crab_find_or_make_journal(
                    "CRBD", "Crab daily batches", "业务日结"
                ).id
            if not company.crab_supply_journal_id and company.crab_role:
                values["crab_supply_journal_id"] = company._crab_find_or_make_journal(
                    "CRBS", "Crab supplies", "内部供货", "sale" if company.crab_role == "group" else "purchase"
                ).id
            company.write(values)

    def _crab_find_or_make_account(self, code, account_type, name, chinese_name):
        Account = self.env["account.account"].with_company(self)
        account = Account.search([("code", "=", code), ("company_ids", "in", self.id)], limit=1)
        if not account:
            account = Account.create(
                {
                    "code": code,
                    "name": name,
                    "account_type": account_type,
                    "reconcile": account_type in ("asset_receivable", "liability_payable"),
                    "company_ids": [(6, 0, self.ids)],
                }
            )
            account.update_field_translations("name", {"en_US": name, "zh_CN": chinese_name})
        return account

    def _crab_find_or_make_journal(self, code, name, chinese_name, journal_type="general"):
        journal = self.env["account.journal"].search([("company_id", "=", self.id), ("code", "=", code)], limit=1)
        if not journal:
            journal = self.env["account.journal"].create(
                {"code": code, "name": name, "type": journal_type, "company_id": self.id, "show_on_dashboard": False}
            )
            journal.update_field_translations("name", {"en_US": name, "zh_CN": chinese_name})
        return journal
