from odoo import api, fields, models

from odoo.addons.crab_base.tools.timezone import business_date


class CrabLedgerCheckLine(models.Model):
    _name = "crab.ledger.check.line"
    _description = "Subledger check: account"
    _order = "check_id desc, company_id, account_id"

    check_id = fields.Many2one("crab.ledger.check", "Check", required=True, ondelete="cascade", index=True)
    run_at = fields.Datetime(related="check_id.run_at", store=True)
    company_id = fields.Many2one("res.company", "Company", required=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    purpose = fields.Char(required=True)
    account_id = fields.Many2one("account.account", "Account", required=True)
    subledger = fields.Monetary(help="What the documents and facts of the suite say, debit positive.")
    waiting = fields.Monetary(help="Part of the subledger that the daily batch has not posted yet.")
    waiting_since = fields.Date("Waiting since")
    waiting_days = fields.Integer("Days waiting", compute="_compute_waiting_days")
    ledger = fields.Monetary(help="Posted journal items.")
    difference = fields.Monetary(help="Subledger − waiting − ledger.")

    @api.depends("waiting_since", "run_at")
    def _compute_waiting_days(self):
        for line in self:
            line.waiting_days = (
                (business_date(line.run_at) - line.waiting_since).days if line.waiting_since and line.run_at else 0
            )
