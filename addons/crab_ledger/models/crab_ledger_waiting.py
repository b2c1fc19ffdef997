from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import business_date


class CrabLedgerWaiting(models.Model):
    """What waits to be posted, per company and kind, with its age: a view over the facts."""

    _name = "crab.ledger.waiting"
    _description = "Waiting facts"
    _auto = False
    _order = "since_date, company_id, kind"
    _rec_name = "kind"

    company_id = fields.Many2one("res.company", "Company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        lambda self: self.env["crab.ledger.fact"]._fields["kind"]._description_selection(self.env), readonly=True
    )
    fact_count = fields.Integer("Facts", readonly=True)
    since_date = fields.Date("Oldest business day", readonly=True)
    days = fields.Integer("Days waiting", compute="_compute_days")
    amount_net = fields.Monetary("Net", readonly=True)
    amount_tax = fields.Monetary("VAT", readonly=True)
    amount_cost = fields.Monetary("Cost of goods", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(id) AS id, company_id, kind, COUNT(*) AS fact_count, MIN(business_date) AS since_date,
                   SUM(amount_net) AS amount_net, SUM(amount_tax) AS amount_tax, SUM(amount_cost) AS amount_cost
              FROM crab_ledger_fact WHERE batch_id IS NULL GROUP BY company_id, kind
            """
        )

    @api.depends("since_date")
    def _compute_days(self):
        today = business_date()
        for row in self:
            row.days = (today - row.since_date).days if row.since_date else 0

    def action_facts(self):
        """The facts behind this row."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_ledger.crab_ledger_fact_action")
        domain = [("company_id", "=", self.company_id.id), ("kind", "=", self.kind), ("batch_id", "=", False)]
        return {**action, "domain": domain, "context": {}}
