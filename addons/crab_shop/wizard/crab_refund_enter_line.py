from odoo import fields, models


class CrabRefundEnterLine(models.TransientModel):
    _name = "crab.refund.enter.line"
    _description = "Line of a refund to enter"
    _inherit = ["crab.refund.wish.mixin"]

    enter_id = fields.Many2one("crab.refund.enter", required=True, ondelete="cascade")
    quantity = fields.Float(help="Pieces that come back. 0: a price concession only.")
