from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabDelivery(models.Model):
    """Goods of an order that come back."""

    _inherit = "crab.delivery"

    @api.model
    def _take_back(self, order, quantities, document, damaged=False):
        """Shipped goods of ``order`` come back: into the stock they came from, or damaged out of sight.

        Back in stock, what the shipment booked is reversed in proportion: cost, and the supply between the companies.
        Damaged goods stay a cost of the company that sold them.

        :param order: one ``sale.order``, locked; the caller checked the right
        :param dict quantities: ``{order line: pieces}``
        :param document: record with ``name`` for which they come back
        :raise UserError: more than was shipped and has not come back
        :return: the transfers made, in sudo
        """
        deliveries_sudo = self.sudo().search(  # stock documents and facts follow from what the caller may do
            [("order_id", "=", order.id), ("state", "=", "shipped")], order="id"
        )
        lock_rows(deliveries_sudo)
        by_line = deliveries_sudo.line_ids.grouped("order_line_id")
        taken = []
        for line, wanted in quantities.items():
            parts_of_line = by_line.get(line, deliveries_sudo.line_ids.browse())
            for parts in parts_of_line.sorted("delivery_id").grouped("delivery_id").values():
                pieces = min(dec(wanted), dec(parts[0].order_quantity) - dec(parts[0].order_quantity_back))
                wanted = dec(wanted) - pieces
                if pieces:
                    taken.append((parts, pieces))
            if wanted:
                raise UserError(
                    self.env._("%(product)s: more would come back than was shipped.", product=line.product_id.name)
                )
        pickings = deliveries_sudo._make_returns(taken, document.name, damaged)
        if not damaged:
            self.env["crab.ledger.fact"]._record(deliveries_sudo._back_facts(taken, document))
        for parts, pieces in taken:
            parts.order_quantity_back = dec(parts[0].order_quantity_back) + pieces
        return pickings

    def _make_returns(self, taken, origin, damaged):
        """Validated transfers with these goods, one for each transfer by which they left."""
        customers = self.env.ref("stock.stock_location_customers")
        values = {}
        for parts, pieces in taken:
            delivery = parts.delivery_id
            target = self._scrap_location(delivery.company_id) if damaged else delivery.warehouse_id.lot_stock_id
            vals = values.setdefault(
                delivery.picking_id,
                {
                    "picking_type_id": delivery.warehouse_id.in_type_id.id,
                    "company_id": delivery.company_id.id,
                    "location_id": customers.id,
                    "location_dest_id": target.id,
                    "origin": origin,
                    "return_id": delivery.picking_id.id,
                    "move_ids": [],
                },
            )
            for part in parts:
                left = delivery.picking_id.move_ids.filtered(
                    lambda move, part=part: move.product_id == part.product_id and move.state == "done"
                )
                vals["move_ids"].append(
                    fields.Command.create(
                        {
                            "product_id": part.product_id.id,
                            "product_uom": part.product_id.uom_id.id,
                            "product_uom_qty": part._quantity_of(pieces),
                            "location_id": customers.id,
                            "location_dest_id": target.id,
                            "company_id": delivery.company_id.id,
                            "origin_returned_move_id": left[:1].id,
                        }
                    )
                )
        pickings = self.env["stock.picking"].create(list(values.values()))
        pickings.action_confirm()
        for move in pickings.move_ids:
            move.quantity = move.product_uom_qty
        pickings.move_ids.picked = True
        pickings._action_done()
        return pickings

    @api.model
    def _scrap_location(self, company):
        """Where a company's goods go that are lost, as Odoo's scrap orders choose it."""
        return self.env["stock.location"].search(
            [("company_id", "=", company.id), ("usage", "=", "inventory")], order="id", limit=1
        )

    def _back_facts(self, taken, document):
        """Counter-facts of the shipments of these goods; all slices of a line add up to what its shipment booked."""
        costs = self._booked_costs(taken)
        facts = []
        for parts, pieces in taken:
            delivery, line = parts.delivery_id, parts.order_line_id
            booked, shipped, back = (
                costs.get((delivery.id, line.id), dec(0)),
                dec(parts[0].order_quantity),
                dec(parts[0].order_quantity_back),
            )
            cost = round_cents(booked * (back + pieces) / shipped) - round_cents(booked * back / shipped)
            source = {
                "document_model": document._name,
                "document_id": document.id,
                "reference": line.order_id.name,
            }
            facts.append(
                {
                    **source,
                    "kind": "shop_supplied",
                    "company_id": delivery.company_id.id,
                    "amount_cost": -cost,
                    "key": f"back-{document.id}-{delivery.id}-{line.id}",
                }
            )
            facts += self.env["crab.ledger.fact"]._supply_facts(
                delivery.company_id,
                line.company_id,
                [
                    (
                        part.product_id,
                        -part._quantity_of(pieces),
                        part.price_settlement,
                        f"back-{document.id}-{part.id}",
                    )
                    for part in parts
                ],
                **source,
            )
        return facts

    @api.model
    def _booked_costs(self, taken):
        """``{(delivery id, order line id): Decimal}`` that the shipments of these goods booked."""
        keys = {
            f"shipped-{parts.delivery_id.id}-{parts.order_line_id.id}": (parts.delivery_id.id, parts.order_line_id.id)
            for parts, _pieces in taken
        }
        facts = self.env["crab.ledger.fact"].search([("kind", "=", "shop_supplied"), ("key", "in", list(keys))])
        return {keys[fact.key]: dec(fact.amount_cost) for fact in facts}
