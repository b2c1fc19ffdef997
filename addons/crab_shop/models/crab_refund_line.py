from odoo import fields, models

from odoo.addons.crab_base.tools.money import dec


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
    amount = fields.Monetary(required=True, readonly=True)

    def _prepare_fact(self, shipped):
        """What this line books: the advance, the prepaid cards, or – after shipping – revenue and VAT go back."""
        self.ensure_one()
        refund, line = self.refund_id, self.order_line_id
        amount = dec(self.amount)
        if not amount:
            return None
        if refund.order_id.crab_kind != "package":
            return refund._prepare_fact("shop_refunded_card", amount, self.id)
        if not shipped:
            return refund._prepare_fact("shop_refunded", amount, self.id)
        tax = line.tax_ids[:1]
        net = self.env["crab.shop"]._net_of(amount, tax)
        return refund._prepare_fact("shop_refunded_shipped", net, self.id, amount - net, tax.id)
