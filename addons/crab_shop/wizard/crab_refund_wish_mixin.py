from odoo import api, fields, models

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabRefundWishMixin(models.AbstractModel):
    """A line of a dialogue in which pieces or money of a goods line are entered that go back to the member."""

    _name = "crab.refund.wish.mixin"
    _description = "What goes back of a line of an order"

    order_line_id = fields.Many2one("sale.order.line", "Goods", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="order_line_id.currency_id")
    product_name = fields.Char("Goods ordered", compute="_compute_left", compute_sudo=True)
    quantity_left = fields.Float("Not refunded", compute="_compute_left", compute_sudo=True, digits="Product Unit")
    amount_left = fields.Monetary("Paid and not refunded", compute="_compute_left", compute_sudo=True)
    quantity = fields.Float("Pieces", digits="Product Unit", help="0: money alone, the goods are kept.")
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, help="Follows from the quantity; may be changed."
    )

    @api.model
    def _of_order(self, order):
        """Commands that make a line of each goods line of ``order`` of which money is left; the user may read it."""
        order.check_access("read")
        goods = order.sudo().order_line.filtered(lambda line: line.crab_role == "goods")  # the order may be read
        return [
            fields.Command.create({"order_line_id": line.id})
            for line in goods
            if dec(line.crab_refunded) < dec(line.crab_paid)
        ]

    def _wishes(self):
        """``[(order line, pieces, yuan)]`` of the lines in which something is entered."""
        return [(line.order_line_id, line.quantity, line.amount) for line in self if line.quantity or line.amount]

    @api.depends("order_line_id")
    def _compute_left(self):
        for line in self:
            ordered = line.order_line_id
            line.product_name = ordered.name
            line.quantity_left = ordered.product_uom_qty - ordered.crab_refunded_quantity
            line.amount_left = dec(ordered.crab_paid) - dec(ordered.crab_refunded)

    @api.depends("quantity")
    def _compute_amount(self):
        for line in self:
            left, amount = dec(line.quantity_left), dec(line.amount_left)
            quantity = min(max(dec(line.quantity), 0), left)
            line.amount = amount if quantity == left and left else round_cents(amount * quantity / left) if left else 0
