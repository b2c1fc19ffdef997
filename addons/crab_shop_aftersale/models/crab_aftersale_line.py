from odoo import fields, models


class CrabAftersaleLine(models.Model):
    """What of an order line is asked for, and what was granted of it."""

    _name = "crab.aftersale.line"
    _description = "Line of an after-sales request"
    _order = "aftersale_id desc, id"

    aftersale_id = fields.Many2one(
        "crab.aftersale", "Request", required=True, readonly=True, index=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        "sale.order.line", "Order line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(related="order_line_id.product_id", store=True)
    company_id = fields.Many2one(related="aftersale_id.company_id", store=True)
    currency_id = fields.Many2one(related="aftersale_id.currency_id")
    state = fields.Selection(related="aftersale_id.state", store=True)
    kind = fields.Selection(related="aftersale_id.kind", store=True)
    reason = fields.Selection(related="aftersale_id.reason", store=True)
    asked_at = fields.Datetime(related="aftersale_id.asked_at", store=True)
    quantity = fields.Float("Pieces asked for", readonly=True, digits="Product Unit", help="0: an amount only.")
    amount = fields.Monetary("Amount asked for", required=True, readonly=True)
    quantity_granted = fields.Float("Pieces granted", readonly=True, digits="Product Unit")
    amount_granted = fields.Monetary("Amount granted", readonly=True)

    _open_once = models.UniqueIndex(
        "(order_line_id) WHERE state IN ('to_merchant', 'to_buyer')", "A request about the same goods is still open."
    )
    _amounts = models.Constraint(
        "CHECK (quantity >= 0 AND amount >= 0 AND quantity_granted BETWEEN 0 AND quantity AND amount_granted >= 0)",
        "Never more pieces are granted than were asked for.",
    )

    def _describe(self):
        name = self.product_id.name
        return f"{name} × {self.quantity:g}" if self.quantity else name
