from odoo import fields, models


class CrabEarningExplainStep(models.TransientModel):
    _name = "crab.earning.explain.step"
    _description = "Step of an explanation"
    _order = "id"

    explain_id = fields.Many2one("crab.earning.explain", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="explain_id.currency_id")
    name = fields.Char("Who")
    ratio = fields.Float("Price ratio", digits=(5, 4), aggregator=None)
    unit_price = fields.Monetary("Price per unit", aggregator=None)
    amount_before = fields.Monetary("Before", aggregator=None, help="What is left to share at this step.")
    amount_after = fields.Monetary("Own price × quantity", aggregator=None, help="At most what is left.")
    share = fields.Monetary("Share")
    given_back = fields.Monetary("Given back by refunds")
    note = fields.Char()
