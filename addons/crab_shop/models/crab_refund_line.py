from odoo import fields, models

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabRefundLine(models.Model):
    _name = "crab.refund.line"
    _description = "Refunded line"
    _order = "refund_id, id"

    refund_id = fields.Many2one("crab.refund", required=True, readonly=True, index=True, ondelete="cascade")
    order_line_id = fields.Many2one(
        "sale.order.line", "Order line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(related="order_line_id.product_id")
    currency_id = fields.Many2one(related="refund_id.currency_id")
    quantity = fields.Float(readonly=True, digits="Product Unit", help="0: a price concession, nothing comes back.")
    quantity_unshipped = fields.Float(
        "Of these not shipped", readonly=True, digits="Product Unit", help="They go back on sale."
    )
    amount = fields.Monetary(required=True, readonly=True)

    def _book(self):
        """Count this line on the order's and return what it books: the advance or the prepaid cards go back, and for
        what was shipped revenue and VAT.
        """
        self.ensure_one()
        refund, line = self.refund_id, self.order_line_id
        amount, unshipped, shipped = dec(self.amount), line._crab_unshipped(), line.crab_shipped_quantity
        self.quantity_unshipped = min(self.quantity, unshipped)
        if self.quantity:
            share = dec(self.quantity_unshipped) / dec(self.quantity)
        else:
            share = dec(unshipped) / dec(unshipped + shipped or 1)  # nothing is left of it: all was earned
        earned = dec(line.crab_paid) - dec(line.crab_refunded) - dec(line.crab_advance)
        line.write(
            {
                "crab_refunded": dec(line.crab_refunded) + amount,
                "crab_refunded_quantity": line.crab_refunded_quantity + self.quantity,
            }
        )
        if refund.order_id.crab_kind != "package":
            return [refund._prepare_fact("shop_refunded_card", amount, self.id)] if amount else []
        from_advance = max(min(round_cents(amount * share), dec(line.crab_advance)), amount - earned)
        return self._take(from_advance, amount - from_advance, bool(line._crab_unshipped()))

    def _take(self, from_advance, from_revenue, is_open):
        refund, line = self.refund_id, self.order_line_id
        facts = []
        line.crab_advance = dec(line.crab_advance) - from_advance
        if from_advance:
            facts.append(refund._prepare_fact("shop_refunded", from_advance, self.id))
        if from_revenue:
            facts.append(refund._prepare_refund_of_revenue(from_revenue, line, self.id))
        if not is_open and line.crab_advance:  # nothing more is shipped for it: it stays with us
            facts.append(line._crab_earn(dec(line.crab_advance), refund, f"kept-{refund.id}-{line.id}"))
        return facts
