from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.locks import lock_rows

PREPARE_LIMIT = 1000
# What a user may correct by hand before shipping; everything else changes by preparing, shipping and cancelling.
EDITABLE = {"receiver_name", "receiver_phone", "province_id", "city_id", "district_id", "street", "wish_date"}


class CrabDelivery(models.Model):
    """What is to be shipped to one receiver, for a redemption (and, with the shop, for an order).

    Goods leave the Group's stock. Deliveries are prepared in waves: one picking with one move per product for many
    deliveries, so that stock work does not grow with the number of parcels.
    """

    _name = "crab.delivery"
    _description = "Delivery"
    _inherit = ["crab.subject.mixin"]
    _order = "is_vip desc, wish_date, id"
    _check_company_auto = True

    name = fields.Char("Delivery number", required=True, readonly=True, copy=False, index=True, default="/")
    state = fields.Selection(
        [("waiting", "To prepare"), ("prepared", "To ship"), ("shipped", "Shipped"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    warehouse_id = fields.Many2one("stock.warehouse", required=True, check_company=True, index=True)
    picking_id = fields.Many2one("stock.picking", "Wave", readonly=True, index="btree_not_null", check_company=True)
    line_ids = fields.One2many("crab.delivery.line", "delivery_id", readonly=True)
    redemption_ids = fields.One2many("crab.redemption", "delivery_id", readonly=True)
    is_vip = fields.Boolean("VIP", readonly=True, help="VIP cards are prepared and shipped first.")

    receiver_name = fields.Char("Receiver", required=True)
    receiver_phone = fields.Char("Phone", required=True, index=True)
    province_id = fields.Many2one("crab.region", "Province", domain="[('level', '=', 'province')]")
    city_id = fields.Many2one("crab.region", "City", domain="[('parent_id', '=', province_id)]")
    district_id = fields.Many2one("crab.region", "District", domain="[('parent_id', '=', city_id)]")
    street = fields.Char("Address", required=True)
    receiver_address = fields.Char("Full address", compute="_compute_receiver_address")
    wish_date = fields.Date("Wished date", index=True, help="The day on which the receiver wants the goods.")

    carrier_name = fields.Char("Carrier", readonly=True, copy=False)
    tracking_reference = fields.Char("Tracking number", readonly=True, copy=False, index="btree_not_null")
    shipped_at = fields.Datetime("Shipped on", readonly=True, copy=False)
    goods = fields.Char(compute="_compute_goods")

    _tracking_once = models.Constraint(
        "CHECK (state <> 'shipped' OR (shipped_at IS NOT NULL AND carrier_name IS NOT NULL))",
        "A shipped delivery has a carrier and a time.",
    )

    @api.depends("province_id", "city_id", "district_id", "street")
    def _compute_receiver_address(self):
        for delivery in self:
            parts = [delivery.province_id.name, delivery.city_id.name, delivery.district_id.name, delivery.street]
            delivery.receiver_address = "".join(part for part in dict.fromkeys(parts) if part)

    @api.depends("line_ids.product_id", "line_ids.quantity")
    def _compute_goods(self):
        for delivery in self:
            delivery.goods = "、".join(f"{line.product_id.name} × {line.quantity:g}" for line in delivery.line_ids)

    @api.model
    def _subject_domain(self, subject):
        return Domain("redemption_ids", "any", self.env["crab.redemption"]._subject_domain(subject))

    @api.model_create_multi
    def create(self, vals_list):
        Sequence = self.env["ir.sequence"]
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = Sequence.next_by_code("crab.delivery") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(
                self.env._("Only receiver, address and wished date of a delivery can be changed by hand.")
            )
        if EDITABLE & vals.keys() and any(delivery.state in ("shipped", "cancelled") for delivery in self):
            raise UserError(self.env._("A delivery that is shipped or cancelled can no longer be changed."))
        return super().write(vals)

    # ------------------------------------------------------------------------------------------ actions

    def action_prepare(self):
        """Put the selected deliveries that wait into waves; those already prepared are left alone."""
        self.check_access("write")
        self._prepare_waves()

    def action_ship(self):
        """Open the dialogue that asks for carrier and tracking number."""
        if self.filtered(lambda delivery: delivery.state in ("shipped", "cancelled")):
            raise UserError(self.env._("Some of these deliveries are shipped or cancelled already."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ship"),
            "res_model": "crab.delivery.ship",
            "view_mode": "form",
            "target": "new",
            "context": {"default_delivery_ids": self.ids},
        }

    # ------------------------------------------------------------------------------------------ business

    @api.model
    def _cron_prepare(self):
        """Prepare what waits, in waves of ``PREPARE_LIMIT`` deliveries, most urgent first."""
        waiting = self.search([("state", "=", "waiting")], limit=PREPARE_LIMIT)
        waiting._prepare_waves()
        remaining = self.search_count([("state", "=", "waiting")], limit=PREPARE_LIMIT)
        self.env["ir.cron"]._commit_progress(len(waiting), remaining=remaining)

    def _prepare_waves(self):
        """Make one picking per warehouse and wished date with one move per product, reserve it, link the deliveries.

        :return: the pickings made
        """
        deliveries_sudo = self.sudo()  # callers checked the right to ship; stock documents and states follow from it
        lock_rows(deliveries_sudo)
        waiting = deliveries_sudo.filtered(lambda delivery: delivery.state == "waiting")
        if not waiting:
            return self.env["stock.picking"]
        waves = waiting.grouped(lambda delivery: (delivery.warehouse_id, delivery.wish_date))
        pickings = waiting.env["stock.picking"].create(
            [deliveries._prepare_picking_vals(warehouse, day) for (warehouse, day), deliveries in waves.items()]
        )
        pickings.action_confirm()
        pickings.action_assign()
        for picking, deliveries in zip(pickings, waves.values(), strict=True):
            deliveries._set_prepared(picking)
        return pickings

    def _prepare_picking_vals(self, warehouse, day):
        picking_type = warehouse.out_type_id
        source = picking_type.default_location_src_id
        target = self.env.ref("stock.stock_location_customers")
        scheduled = fields.Datetime.to_datetime(day) if day else fields.Datetime.now()
        return {
            "picking_type_id": picking_type.id,
            "company_id": warehouse.company_id.id,
            "location_id": source.id,
            "location_dest_id": target.id,
            "scheduled_date": scheduled,
            "origin": self[0].name if len(self) == 1 else f"{self[0].name} … {self[-1].name}",
            "move_ids": [
                fields.Command.create(
                    {
                        "product_id": product.id,
                        "product_uom": product.uom_id.id,
                        "product_uom_qty": sum(lines.mapped("quantity")),
                        "location_id": source.id,
                        "location_dest_id": target.id,
                        "company_id": warehouse.company_id.id,
                    }
                )
                for product, lines in self.line_ids.grouped("product_id").items()
            ],
        }

    def _set_prepared(self, picking):
        self.write({"state": "prepared", "picking_id": picking.id})

    def _ship(self, carrier, tracking=None):
        """Ship these deliveries: take the goods out of stock, tell what they were made for.

        :param str carrier: name of the carrier
        :param dict tracking: delivery id → tracking number, may be empty
        :raise UserError: when one is shipped or cancelled already, or when goods are missing; then nothing is shipped
        """
        if not carrier:
            raise UserError(self.env._("Enter the carrier."))
        deliveries_sudo = self.sudo()  # as in _prepare_waves
        lock_rows(deliveries_sudo)
        refused = deliveries_sudo.filtered(lambda delivery: delivery.state not in ("waiting", "prepared"))
        if refused:
            raise UserError(
                self.env._(
                    "Nothing was shipped: %(numbers)s already shipped or cancelled.",
                    numbers=", ".join(refused[:20].mapped("name")),
                )
            )
        deliveries_sudo._prepare_waves()
        for picking, deliveries in deliveries_sudo.grouped("picking_id").items():
            deliveries._take_from_stock(picking)
        now = fields.Datetime.now()
        tracking = tracking or {}
        for reference, deliveries in deliveries_sudo.grouped(lambda delivery: tracking.get(delivery.id)).items():
            deliveries.write(
                {"state": "shipped", "shipped_at": now, "carrier_name": carrier, "tracking_reference": reference}
            )
        deliveries_sudo._after_ship()

    def _take_from_stock(self, picking):
        """Validate the part of the wave that these deliveries are; the rest of it goes on as a backorder."""
        missing = []
        for product, lines in self.line_ids.grouped("product_id").items():
            wanted = sum(lines.mapped("quantity"))
            move = picking.move_ids.filtered(
                lambda m, product=product: m.product_id == product and m.state not in ("done", "cancel")
            )[:1]
            if move.product_uom.compare(move.quantity, wanted) < 0:
                move._action_assign()
            if move.product_uom.compare(move.quantity, wanted) < 0:
                missing.append(
                    self.env._(
                        "%(product)s: %(wanted)s wanted, %(available)s available",
                        product=product.display_name,
                        wanted=f"{wanted:g}",
                        available=f"{move.quantity:g}",
                    )
                )
                continue
            move.quantity = wanted
            move.picked = True
        if missing:
            raise UserError(self.env._("Nothing was shipped, goods are missing:\n%(list)s", list="\n".join(missing)))
        rest = self.search([("picking_id", "=", picking.id), ("id", "not in", self.ids), ("state", "=", "prepared")])
        picking._action_done()
        if rest:
            backorder = picking.search([("backorder_id", "=", picking.id)], limit=1)
            rest.write({"picking_id": backorder.id})

    def _after_ship(self):
        """What shipping means for the documents behind; extended by each of them."""
        self.redemption_ids._set_shipped()

    def _cancel_unshipped(self):
        """Take these deliveries back before shipping: the goods of a prepared one are free again.

        :raise UserError: when one is shipped already
        """
        deliveries_sudo = self.sudo()  # as in _prepare_waves
        lock_rows(deliveries_sudo)
        if deliveries_sudo.filtered(lambda delivery: delivery.state == "shipped"):
            raise UserError(self.env._("The goods have been shipped already; this can no longer be cancelled."))
        deliveries_sudo._leave_waves()
        deliveries_sudo.write({"state": "cancelled"})

    def _leave_waves(self):
        """Take prepared deliveries out of their waves: goods are free again, deliveries wait to be prepared anew."""
        prepared = self.filtered(lambda delivery: delivery.state == "prepared")
        for delivery in prepared:
            for line in delivery.line_ids:
                move = delivery.picking_id.move_ids.filtered(
                    lambda m, product=line.product_id: m.product_id == product and m.state not in ("done", "cancel")
                )[:1]
                rest = move.product_uom_qty - line.quantity
                if move.product_uom.compare(rest, 0) <= 0:
                    move._action_cancel()
                else:
                    move._do_unreserve()
                    move.product_uom_qty = rest
                    move._action_assign()
        prepared.write({"state": "waiting", "picking_id": False})
