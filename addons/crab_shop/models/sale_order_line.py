from odoo import fields, models

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
    crab_chain_ids = fields.One2many("crab.price.chain", "line_id", "Price chain", readonly=True)

    _crab_amounts = models.Constraint(
        "CHECK (crab_role IS NULL OR (crab_paid >= 0 AND crab_refunded BETWEEN 0 AND crab_paid"
        " AND crab_refunded_quantity BETWEEN 0 AND product_uom_qty))",
        "Never more of a line is refunded than was paid and ordered.",
    )

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        """Lines of the shop make no procurement: a delivery of the Group ships them."""
        others = self.filtered(lambda line: not line.order_id.crab_kind)
        return super(SaleOrderLine, others)._action_launch_stock_rule(previous_product_uom_qty=previous_product_uom_qty)

    def _crab_parts(self, quantities):
        """``{product: quantity}`` that leaves stock for these quantities of lines; packages broken down into their
        parts.
        """
        parts, needed = self.product_id._crab_explode(), {}
        for line, quantity in quantities.items():
            for product, each in parts[line.product_id]:
                needed[product] = needed.get(product, 0) + each * quantity
        return needed

    def _crab_shipped_facts(self, delivery):
        """What the shipment of this line books in both companies (decisions.md, Companies and Accounting).

        Sales company: advance → revenue and VAT; cost against the Group at the settlement price.
        Group: claim on the Sales company → revenue and VAT at the settlement price; goods out of inventory at cost.
        """
        self.ensure_one()
        order, product = self.order_id, self.product_id
        shop, group = self.env["crab.shop"], delivery.company_id
        total = dec(self.crab_paid) - dec(self.crab_refunded)
        net = shop._net_of(total, self.tax_ids[:1])
        quantity = dec(self.crab_shipped_quantity)
        settled = dec(product.crab_settlement_price) * quantity
        group_tax = product.taxes_id.filtered(lambda tax: tax.company_id == group)[:1]
        settled_net = shop._net_of(settled, group_tax)
        common = {
            "document_model": "crab.delivery",
            "document_id": delivery.id,
            "reference": order.name,
            "key": f"shipped-{delivery.id}-{self.id}",
        }
        return [
            {
                **common,
                "kind": "shop_shipped",
                "company_id": order.company_id.id,
                "tax_id": self.tax_ids[:1].id,
                "amount_net": net,
                "amount_tax": total - net,
                "amount_cost": settled,
            },
            {
                **common,
                "kind": "shop_supplied",
                "company_id": group.id,
                "tax_id": group_tax.id,
                "amount_net": settled_net,
                "amount_tax": settled - settled_net,
                "amount_cost": round_cents(dec(product.with_company(group).standard_price) * quantity),
            },
        ]
