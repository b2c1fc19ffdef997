from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tools.timezone import business_date


class CrabLedgerBatchPost(models.TransientModel):
    _name = "crab.ledger.batch.post"
    _description = "Post waiting facts now"

    company_id = fields.Many2one("res.company", "Company", required=True, default=lambda self: self.env.company)
    until_date = fields.Date("Up to business day", required=True, default=lambda self: business_date())
    waiting_count = fields.Integer("Waiting facts", compute="_compute_waiting_count")

    @api.depends("company_id", "until_date")
    def _compute_waiting_count(self):
        for wizard in self:
            wizard.waiting_count = self.env["crab.ledger.fact"].search_count(
                [
                    ("company_id", "=", wizard.company_id.id),
                    ("business_date", "<=", wizard.until_date),
                    ("batch_id", "=", False),
                ]
            )

    def action_post(self):
        """Post all waiting business days up to the date; says so when there are none."""
        self.ensure_one()
        self.env["crab.ledger"]._check_finance()
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You do not work for this company."))
        if self.until_date > business_date():
            raise UserError(self.env._("The business day %(day)s has not begun yet.", day=self.until_date))
        Batch = self.env["crab.ledger.batch"].sudo()  # batches are made by this door alone
        batches = Batch.browse()
        for day in Batch._waiting_days(self.company_id, self.until_date):
            batches |= Batch._post_day(self.company_id, day)
        if self.company_id.crab_role:
            # the day that is running has no invoice yet
            for day in Batch._supply_days(min(self.until_date, fields.Date.subtract(business_date(), days=1))):
                batches |= Batch._post_supply(day)
        if not batches:
            raise UserError(self.env._("Nothing is waiting up to this day."))
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_ledger.crab_ledger_batch_action")
        return {**action, "domain": [("id", "in", batches.ids)]}
