from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.timezone import business_date

from ..tools import rows
from .crab_shop import ADDRESS
from .crab_stock_level import MAIN_WAREHOUSE
from .sale_order import STATES

DELIVERY_NUMBERS = "crab_redemption.sequence_delivery"


class CrabDelivery(models.Model):
    _inherit = "crab.delivery"

    order_id = fields.Many2one("sale.order", "Order", readonly=True, index="btree_not_null", ondelete="restrict")
    kind = fields.Selection(
        [("package", "In-stock package"), ("physical", "Physical card"), ("ecard", "E-card")],
        "Kind of order",
        compute="_compute_origin",
        compute_sudo=True,
    )
    origin = fields.Char(
        "Order or redemption", compute="_compute_origin", search="_search_origin", compute_sudo=True,
        help="Number of the order or of the redemptions that it was made for.",
    )  # fmt: skip
    order_state = fields.Selection(STATES, "State of the order", compute="_compute_origin", compute_sudo=True)
    pieces = fields.Integer(
        "Pieces in this delivery", compute="_compute_pieces", compute_sudo=True,
        help="Of what was ordered; of redemptions, how many cards.",
    )  # fmt: skip
    can_split = fields.Boolean(compute="_compute_can_split", compute_sudo=True)

    @api.depends("order_id.name", "order_id.crab_state", "redemption_ids.name", "redemption_ids.card_id.kind")
    def _compute_origin(self):
        """In-stock packages, redeemed physical cards and redeemed e-cards are one list (HQ-43)."""
        for delivery in self:
            redemptions = delivery.redemption_ids
            delivery.kind = "package" if delivery.order_id else redemptions.card_id[:1].kind
            delivery.origin = delivery.order_id.name or ", ".join(redemptions.mapped("name"))
            delivery.order_state = delivery.order_id.crab_state

    @api.depends("order_id", "line_ids.order_line_id", "line_ids.order_quantity", "redemption_ids")
    def _compute_pieces(self):
        for delivery in self:
            held = delivery._held_of_order()
            delivery.pieces = sum(held.values()) if delivery.order_id else len(delivery.redemption_ids)

    @api.model
    def _search_origin(self, operator, value):
        if operator in fields.Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return fields.Domain("order_id.name", operator, value) | fields.Domain("redemption_ids.name", operator, value)

    @api.depends("state", "line_ids.order_quantity")
    def _compute_can_split(self):
        is_allowed = self.env["crab.shop"]._setting("split_shipping")
        for delivery in self:
            delivery.can_split = (
                is_allowed and delivery.state in ("waiting", "prepared") and sum(delivery._held_of_order().values()) > 1
            )

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
        author = rows.author(self.env)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH delivery AS (
                    INSERT INTO crab_delivery
                           (name, state, order_id, company_id, warehouse_id, wish_date, %(address)s, %(author)s)
                    SELECT given.name, 'waiting', sale_order.id, main.company_id, main.warehouse_id,
                           -- paid after the day: as soon as possible
                           CASE WHEN sale_order.crab_wish_date >= %(today)s THEN sale_order.crab_wish_date END,
                           %(ordered)s, %(author_values)s
                      FROM unnest(%(names)s::varchar[], %(orders)s::int[]) AS given(name, order_id)
                      JOIN sale_order ON sale_order.id = given.order_id
                     CROSS JOIN (%(warehouse)s) main
                     ORDER BY given.name
                    RETURNING id, order_id
                ), line AS (
                    INSERT INTO crab_delivery_line
                           (delivery_id, package_id, product_id, quantity, order_line_id, order_quantity, %(author)s)
                    SELECT delivery.id, line.product_id, COALESCE(part.product_id, line.product_id),
                           COALESCE(part.quantity, 1) * line.product_uom_qty, line.id, line.product_uom_qty,
                           %(author_values)s
                      FROM delivery
                      JOIN sale_order_line line ON line.order_id = delivery.order_id AND line.crab_role = 'goods'
                      JOIN product_product product ON product.id = line.product_id
                      LEFT JOIN crab_package_part part ON part.package_tmpl_id = product.product_tmpl_id
                     ORDER BY delivery.id, line.sequence, line.id, part.sequence, part.id
                )
                SELECT id FROM delivery ORDER BY id
                """,
                names=rows.next_names(self.env, DELIVERY_NUMBERS, len(orders)),
                orders=list(orders.ids),
                today=business_date(),
                warehouse=MAIN_WAREHOUSE,
                address=SQL(", ").join(SQL.identifier(name) for name in ADDRESS),
                ordered=SQL(", ").join(SQL.identifier("sale_order", f"crab_{name}") for name in ADDRESS),
                author=SQL(", ").join(SQL.identifier(name) for name in author),
                author_values=SQL(", ").join(SQL("%s", value) for value in author.values()),
            )
        )
        deliveries = self.sudo().browse(row[0] for row in self.env.cr.fetchall())  # made by their documents
        if not deliveries:
            self.env["product.product"]._crab_warehouse()  # says that there is none
        rows.forget_inverses(self)
        rows.forget_inverses(self.env["crab.delivery.line"])
        return deliveries

    def _after_ship(self):
        result = super()._after_ship()
        shipped = self.filtered("order_id")
        shipped._count_shipped()
        return result

    def _correct_parcel(self, values):
        order, before = self.order_id, f"{self.carrier_name} {self.tracking_reference or ''}".strip()
        result = super()._correct_parcel(values)
        if order:
            after = f"{self.carrier_name} {self.tracking_reference or ''}".strip()
            order._message_log(
                body=self.env._("%(delivery)s went with %(after)s, not with %(before)s.", delivery=self.name,
                                after=after, before=before)
            )  # fmt: skip
            self.env["crab.outbox"]._emit("order.parcel_corrected", order, {"delivery": self.name})
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
            for part in delivery.line_ids:
                quantities[part.product_id] = quantities.get(part.product_id, 0) + part.quantity
            self.env["crab.stock.level"]._release(order, quantities)
            for line, parts in delivery.line_ids.grouped("order_line_id").items():
                facts += line._crab_shipped_facts(delivery, parts[0].order_quantity)
                line.crab_shipped_quantity += parts[0].order_quantity
            facts += order._crab_earn_freight(delivery)
        self.env["crab.ledger.fact"]._record(facts)
        orders._crab_on_shipped()

    def _held_of_order(self):
        """``{sale.order.line: pieces}`` of its order in this delivery; empty for a redemption's."""
        lines = self.line_ids.filtered("order_line_id").grouped("order_line_id")
        return {line: parts[0].order_quantity for line, parts in lines.items()}

    def action_split(self):
        """Ask which goods leave in a parcel of their own."""
        self._ensure_warehouse()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Split %(delivery)s", delivery=self.name),
            "res_model": "crab.delivery.split",
            "view_mode": "form",
            "target": "new",
            "context": {"default_delivery_id": self.id},
        }

    def _split_order(self, quantities):
        """Take part of an order's goods into a delivery of its own, to be shipped before the rest (HQ-61).

        :param dict quantities: ``{sale.order.line: pieces}``
        :raise UserError: where split shipping is off, the delivery has left, or it holds less or nothing else
        :return: the new delivery
        """
        self.ensure_one()
        if not self.env["crab.shop"]._setting("split_shipping"):
            raise UserError(self.env._("Orders are shipped whole: split shipping is off in the settings."))
        delivery = self.sudo()  # as in _make_for_orders
        lock_rows(delivery)
        if delivery.state not in ("waiting", "prepared") or not delivery.order_id:
            raise UserError(self.env._("Only the delivery of an order that has not left can be split."))
        delivery._leave_wave()
        held = delivery._held_of_order()
        quantities = {line: quantity for line, quantity in quantities.items() if quantity}
        if not quantities or any(
            quantity != int(quantity) or not 0 < quantity <= held.get(line, 0) for line, quantity in quantities.items()
        ):
            raise UserError(self.env._("Enter how many pieces leave first: whole ones, not more than there are."))
        if quantities == held:
            raise UserError(self.env._("Nothing would be left for the second parcel."))
        part = delivery.copy({"line_ids": False, "wish_date": False, "order_id": delivery.order_id.id})
        for line, quantity in quantities.items():
            rows = delivery.line_ids.filtered(lambda row, line=line: row.order_line_id == line)
            moved = rows if quantity == held[line] else rows.browse()
            for row in rows - moved:
                moved += row.copy({"delivery_id": part.id})
            if quantity < held[line]:
                moved._set_order_quantity(quantity)
                rows._set_order_quantity(held[line] - quantity)
            moved.delivery_id = part
        return part

    def _reduce_for_refund(self, refund):
        """Take refunded goods out of deliveries that have not left; one with nothing left is cancelled."""
        open_deliveries = self.filtered(lambda delivery: delivery.state in ("waiting", "prepared"))
        open_deliveries._leave_wave()
        for line in refund.line_ids:
            wanted = line.quantity_unshipped
            parts = open_deliveries.line_ids.filtered(lambda part, line=line: part.order_line_id == line.order_line_id)
            for held in parts.grouped("delivery_id").values():
                taken = min(wanted, held[0].order_quantity)
                wanted -= taken
                held._set_order_quantity(held[0].order_quantity - taken)
        open_deliveries.filtered(lambda delivery: not delivery.line_ids)._cancel_unshipped()

    @api.model
    def _addresses_to_blank(self):
        return [*super()._addresses_to_blank(), self.env["sale.order"]._crab_to_blank]
