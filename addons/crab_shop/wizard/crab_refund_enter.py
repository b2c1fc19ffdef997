import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabRefundEnter(models.TransientModel):
    """The back office gives money back: by quantity, by amount, or both, with a reason."""

    _name = "crab.refund.enter"
    _description = "Refund an order"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="order_id.currency_id")
    line_ids = fields.One2many("crab.refund.enter.line", "enter_id", "Lines")
    freight = fields.Monetary(help="Part of the freight that is given back.")
    reason = fields.Char(required=True, help="The member reads it too.")
    amount = fields.Monetary("Refund in all", compute="_compute_amount")
    key = fields.Char(default=lambda self: str(uuid.uuid4()), readonly=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        order = self.env["sale.order"].browse(values.get("order_id"))
        values["line_ids"] = self.env["crab.refund.enter.line"]._of_order(order)
        return values

    @api.depends("line_ids.amount", "freight")
    def _compute_amount(self):
        for enter in self:
            enter.amount = sum(enter.line_ids.mapped("amount")) + enter.freight

    def action_confirm(self):
        """Make the refund. A second click finds the first one's."""
        self.ensure_one()
        refunds = self.env["crab.refund"]
        refunds._check_right()
        self.order_id.check_access("read")
        wishes = self.line_ids._wishes()
        if not wishes and not self.freight:
            raise UserError(self.env._("Enter what is to be refunded."))
        refund = refunds._refund(self.order_id, wishes, self.reason, freight=self.freight, key=self.key)
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.refund",
            "res_id": refund.id,
            "view_mode": "form",
        }
