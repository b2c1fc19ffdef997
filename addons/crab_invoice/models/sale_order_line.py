from odoo import fields, models

from odoo.addons.crab_base.tools.money import dec


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    crab_fapiao_line_ids = fields.One2many("crab.fapiao.line", "order_line_id", "Fapiao", readonly=True)

    def _crab_fapiao_due(self):
        """``(pieces, yuan)`` of this line for which there may be a fapiao: earned (of cards: paid) and not refunded."""
        self.ensure_one()
        if self.crab_role == "freight":
            order = self.order_id
            refunded = dec(order.crab_amount_refunded) - sum(dec(line.crab_refunded) for line in order.order_line)
            amount = dec(order.crab_amount_freight) - refunded - dec(self.crab_advance)
            return dec(amount > 0), amount
        amount = dec(self.crab_paid) - dec(self.crab_refunded)
        quantity = dec(self.product_uom_qty) - dec(self.crab_refunded_quantity)
        if self.order_id.crab_kind == "package":
            amount, quantity = amount - dec(self.crab_advance), quantity - dec(self._crab_unshipped())
        return quantity, amount

    def _crab_fapiao_made(self):
        """``(pieces, yuan)`` of this line for which there is a fapiao, less what was or is to be reversed."""
        lines = self.crab_fapiao_line_ids.filtered(lambda line: line.fapiao_id.state != "cancelled")
        return sum(dec(line.quantity) * line._sign() for line in lines), sum(
            dec(line.amount) * line._sign() for line in lines
        )

    def _crab_fapiao_left(self):
        """``(pieces, yuan)`` of this line for which a fapiao can be asked; negative: more than there may be."""
        due, made = self._crab_fapiao_due(), self._crab_fapiao_made()
        return due[0] - made[0], due[1] - made[1]
