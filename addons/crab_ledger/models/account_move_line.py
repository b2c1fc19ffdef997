from odoo import api, models

KEPT = {
    "account_id",
    "amount_currency",
    "balance",
    "company_id",
    "credit",
    "currency_id",
    "debit",
    "move_id",
    "tax_ids",
    "tax_repartition_line_id",
}


class AccountMoveLine(models.Model):
    """Lines of a document's posted entry stay as they are; reconciling them is free."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        moves = self.env["account.move"].browse({vals["move_id"] for vals in vals_list if vals.get("move_id")})
        moves._crab_refuse_change()
        return super().create(vals_list)

    def write(self, vals):
        if KEPT & vals.keys():
            self.move_id._crab_refuse_change()
            if vals.get("move_id"):
                self.move_id.browse(vals["move_id"])._crab_refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crab_documents(self):
        self.move_id._crab_refuse_change()
