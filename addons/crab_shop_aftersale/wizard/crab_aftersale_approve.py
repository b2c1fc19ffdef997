from odoo import api, fields, models


class CrabAftersaleApprove(models.TransientModel):
    """How much of what a member asked for is granted."""

    _name = "crab.aftersale.approve"
    _description = "Approve an after-sales request"

    aftersale_id = fields.Many2one("crab.aftersale", "Request", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(related="aftersale_id.kind")
    has_numbers = fields.Boolean(compute="_compute_has_numbers", compute_sudo=True)
    currency_id = fields.Many2one(related="aftersale_id.currency_id")
    line_ids = fields.One2many("crab.aftersale.approve.line", "approve_id", "Lines")
    freight = fields.Monetary(help="Part of the freight that is given back too.")
    amount = fields.Monetary("Refund in all", compute="_compute_amount")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        request = self.env["crab.aftersale"].browse(values.get("aftersale_id"))
        request.check_access("read")
        values["line_ids"] = [
            fields.Command.create({"line_id": line.id, "quantity": line.quantity, "amount": line.amount})
            for line in request.line_ids
        ]
        return values

    @api.depends("aftersale_id")
    def _compute_has_numbers(self):
        for approve in self:
            approve.has_numbers = bool(approve.aftersale_id.card_order_id)

    @api.depends("line_ids.amount", "freight")
    def _compute_amount(self):
        for approve in self:
            approve.amount = sum(approve.line_ids.mapped("amount")) + approve.freight

    def action_confirm(self):
        """Approve. A second click changes nothing."""
        self.ensure_one()
        request = self.aftersale_id
        request._check_right()
        grants = {line.line_id: (line.quantity, line.amount) for line in self.line_ids}
        request._approve(None if self.has_numbers else grants, freight=self.freight)
        return {"type": "ir.actions.act_window_close"}
