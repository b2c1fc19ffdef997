from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_fapiao_journal_id = fields.Many2one(
        "account.journal",
        "Journal of fapiao",
        domain="[('company_id', '=', id), ('type', '=', 'sale')]",
        help="Customer invoices of orders for which a fapiao was issued.",
    )

    def _crab_set_up_ledger(self):
        result = super()._crab_set_up_ledger()
        for company in self:
            if not company.crab_fapiao_journal_id:
                company.crab_fapiao_journal_id = company._crab_find_or_make_journal(
                    "CRFP", "Crab fapiao", "业务发票", "sale"
                )
        return result
