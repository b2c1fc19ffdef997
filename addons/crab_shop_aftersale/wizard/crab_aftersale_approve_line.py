from odoo import fields, models


class CrabAftersaleApproveLine(models.TransientModel):
    _name = "crab.aftersale.approve.line"
    _description = "Line of an after-sales request to approve"

    approve_id = fields.Many2one("crab.aftersale.approve", required=True, ondelete="cascade")
    line_id = fields.Many2one("crab.aftersale.line", "Line", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="approve_id.currency_id")
    product_id = fields.Many2one(related="line_id.product_id")
    quantity_asked = fields.Float(related="line_id.quantity")
    amount_asked = fields.Monetary(related="line_id.amount")
    quantity = fields.Float("Pieces", digits="Product Unit", help="0: money alone, nothing comes back.")
    amount = fields.Monetary()
