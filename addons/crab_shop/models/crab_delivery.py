from odoo import api, fields, models

from .crab_shop import ADDRESS


class CrabDelivery(models.Model):
    _inherit = "crab.delivery"

    order_id = fields.Many2one("sale.order", "Order", readonly=True, index="btree_not_null", ondelete="restrict")

    @api.model
    def _subject_domain(self, subject):
        return super()._subject_domain(subject) | fields.Domain(
            "order_id", "any", self.env["sale.order"]._subject_domain(subject) & fields.Domain("crab_kind", "!=", False)
        )

    @api.model
    def _make_for_orders(self, orders):
        """One delivery per paid order: the parts of what was ordered, from the Group's main warehouse."""
        if not orders:
            return self.browse()
        warehouse = self.env["product.product"]._crab_warehouse()
        return self.sudo().create(  # deliveries are made by their documents
            [
                {
                    "order_id": order.id,
                    "company_id": warehouse.company_id.id,
                    "warehouse_id": warehouse.id,
                    "wish_date": order.crab_wish_date,
                    **{name: order[f"crab_{name}"] for name in ADDRESS if not name.endswith("_id")},
                    **{name: order[f"crab_{name}"].id for name in ADDRESS if name.endswith("_id")},
                    "line_ids": [
                        fields.Command.create(
                            {
                                "package_id": line.product_id.id,
                                "product_id": product.id,
                                "quantity": quantity,
                                "order_line_id": line.id,
                            }
                        )
                        for line in order.order_line
                        if line.crab_role == "goods"
                        for product, quantity in line._crab_parts({line: line.product_uom_qty}).items()
                    ],
                }
                for order in orders
            ]
        )

    def _after_ship(self):
        result = super()._after_ship()
        shipped = self.filtered("order_id")
        shipped._count_shipped()
        return result

    def _count_shipped(self):
        """Goods of orders have left: claims end, lines count, what was paid in advance becomes revenue."""
        if not self:
            return
        orders = self.order_id._crab_locked()
        facts = []
        for delivery in self:
            order = delivery.order_id
            quantities = {}
            for line in delivery.line_ids:
                quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
            self.env["crab.stock.level"]._release(order, quantities)
            for line in delivery.line_ids.order_line_id:
                line.crab_shipped_quantity = line.product_uom_qty - line.crab_refunded_quantity
                facts += line._crab_shipped_facts(delivery)
        self.env["crab.ledger.fact"]._record(facts)
        orders._crab_on_shipped()

    def _reduce_for_refund(self, refund):
        """Take refunded goods out of deliveries that have not left; one with nothing left is cancelled."""
        open_deliveries = self.filtered(lambda delivery: delivery.state in ("waiting", "prepared"))
        open_deliveries._leave_wave()
        wanted = {line.order_line_id: line.quantity for line in refund.line_ids if line.quantity}
        for line in open_deliveries.line_ids.filtered(lambda line: line.order_line_id in wanted):
            order_line = line.order_line_id
            before = order_line.product_uom_qty - order_line.crab_refunded_quantity + wanted[order_line]
            rest = line.quantity * (before - wanted[order_line]) / before
            if line.product_id.uom_id.compare(rest, 0) > 0:
                line.quantity = rest
            else:
                line.unlink()
        open_deliveries.filtered(lambda delivery: not delivery.line_ids)._cancel_unshipped()
