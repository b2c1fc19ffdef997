from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.crab_base.tools.money import dec, round_cents

ROLES = [("goods", "Goods"), ("discount", "Discount"), ("freight", "Freight")]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    crab_role = fields.Selection(ROLES, "Kind of line", readonly=True, copy=False)
    crab_discount_of_id = fields.Many2one(
        "sale.order.line", "Discount on", readonly=True, copy=False, index="btree_not_null", ondelete="cascade"
    )
    crab_retail_price = fields.Monetary("Retail price", readonly=True, copy=False)
    crab_paid = fields.Monetary(
        "Paid for goods", readonly=True, copy=False, help="After the discount, without freight: what is shared (P0)."
    )
    crab_refunded = fields.Monetary("Refunded", readonly=True, copy=False)
    crab_refunded_quantity = fields.Float("Refunded quantity", readonly=True, copy=False, digits="Product Unit")
    crab_shipped_quantity = fields.Float("Shipped quantity", readonly=True, copy=False, digits="Product Unit")
    crab_advance = fields.Monetary(
        "Paid in advance", readonly=True, copy=False, help="What was paid and neither refunded nor earned by shipping."
    )
    crab_chain_ids = fields.One2many("crab.price.chain", "line_id", "Price chain", readonly=True)

    _crab_amounts = models.Constraint(
        "CHECK (crab_role IS NULL OR (crab_paid >= 0 AND crab_refunded BETWEEN 0 AND crab_paid"
        " AND crab_refunded_quantity BETWEEN 0 AND product_uom_qty))",
        "Never more of a line is refunded than was paid and ordered.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._crab_refuse_by_hand()
        return lines

    def write(self, vals):
        self._crab_refuse_by_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crab(self):
        self._crab_refuse_by_hand()

    def _crab_refuse_by_hand(self):
        """:raise AccessError: lines of the shop's orders are made and changed by its steps only"""
        if not self.env.su and any(line.crab_role or line.order_id.crab_kind for line in self):
            raise AccessError(self.env._("Orders of the shop change by their own buttons only."))

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        """Lines of the shop make no procurement: a delivery of the Group ships them."""
        others = self.filtered(lambda line: not line.order_id.crab_kind)
        return super(SaleOrderLine, others)._action_launch_stock_rule(previous_product_uom_qty=previous_product_uom_qty)

    # ------------------------------------------------------------------ what Odoo derives for its own orders
    # Ours are invoiced only when a fapiao is asked for, and then as a whole (decisions.md, Accounting).

    def _crab_ours(self):
        return self.filtered("crab_role")

    def _compute_qty_to_invoice(self):
        ours = self._crab_ours()
        ours.qty_to_invoice = 0
        return super(SaleOrderLine, self - ours)._compute_qty_to_invoice()

    def _compute_invoice_status(self):
        ours = self._crab_ours()
        ours.invoice_status = "no"
        return super(SaleOrderLine, self - ours)._compute_invoice_status()

    def _compute_untaxed_amount_to_invoice(self):
        ours = self._crab_ours()
        ours.untaxed_amount_to_invoice = 0
        return super(SaleOrderLine, self - ours)._compute_untaxed_amount_to_invoice()

    def _compute_product_updatable(self):
        """Never of ours; and who handles them need not see the stock moves that Odoo would look at."""
        ours = self._crab_ours()
        ours.product_updatable = False
        return super(SaleOrderLine, self - ours)._compute_product_updatable()

    def _crab_discount(self):
        """The discount on this goods line in yuan (Decimal)."""
        return dec(self.price_unit) * dec(self.product_uom_qty) - dec(self.crab_paid)

    def _crab_parts(self, quantities):
        """``{product: quantity}`` that leaves stock for these quantities of lines; packages broken down into parts."""
        parts, needed = self.product_id._crab_explode(), {}
        for line, quantity in quantities.items():
            for product, each in parts[line.product_id]:
                needed[product] = needed.get(product, 0) + each * quantity
        return needed

    def _crab_shipped_facts(self, delivery, quantity):
        """What the shipment of ``quantity`` of this line by ``delivery`` books in both companies (decisions.md).

        Sales company: advance → revenue and VAT. Group: goods out of inventory at cost. Between them: what was supplied
        at the settlement price, invoiced per day.
        """
        self.ensure_one()
        group, advance, left = delivery.company_id, dec(self.crab_advance), dec(self._crab_unshipped())
        earned = advance if quantity >= left else round_cents(advance * dec(quantity) / left)
        parts = delivery.line_ids.filtered(lambda part: part.order_line_id == self)
        cost = round_cents(
            sum(dec(part.product_id.with_company(group).standard_price) * dec(part.quantity) for part in parts)
        )
        key = f"shipped-{delivery.id}-{self.id}"
        return [
            self._crab_earn(earned, delivery, key),
            {
                "kind": "shop_supplied",
                "company_id": group.id,
                "amount_cost": cost,
                "document_model": delivery._name,
                "document_id": delivery.id,
                "reference": self.order_id.name,
                "key": key,
            },
            *parts._supply_facts(self.company_id, self.order_id.name),
        ]

    def _crab_unshipped(self):
        """How many pieces are still to be shipped; refunds take from these first."""
        self.ensure_one()
        return max(self.product_uom_qty - self.crab_shipped_quantity - self.crab_refunded_quantity, 0)

    def _crab_earn(self, amount, document, key):
        """The fact by which ``amount`` paid in advance becomes revenue and VAT of the Sales company."""
        self.ensure_one()
        tax = self.tax_ids[:1]
        net = self.env["crab.shop"]._net_of(amount, tax)
        self.crab_advance = dec(self.crab_advance) - amount
        return {
            "kind": "shop_shipped",
            "company_id": self.company_id.id,
            "tax_id": tax.id,
            "amount_net": net,
            "amount_tax": amount - net,
            "document_model": document._name,
            "document_id": document.id,
            "reference": self.order_id.name,
            "key": key,
        }
