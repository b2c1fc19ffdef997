from odoo import fields, models


class CrabAftersaleAskLine(models.TransientModel):
    _name = "crab.aftersale.ask.line"
    _description = "Line of an after-sales request to ask for"
    _inherit = ["crab.refund.wish.mixin"]

    ask_id = fields.Many2one("crab.aftersale.ask", required=True, ondelete="cascade")
