from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.timezone import business_date

PREPARE_LIMIT = 1000
NUMBER_REUSED_DAYS = 90  # carriers give a tracking number to another parcel after months


class CrabDelivery(models.Model):
    """Waves and shipping: docs/decisions/0050-waves.md.

    A wave is one picking with one move per product for many deliveries, so that stock work does not grow with the
    number of parcels. What is shipped before the rest gets a picking of its own; the wave keeps what remains.
    """

    _inherit = "crab.delivery"

    # ------------------------------------------------------------------------------------------ preparing

    @api.model
    def _cron_prepare(self):
        """Prepare what waits, in waves of ``PREPARE_LIMIT`` deliveries, most urgent first.

        What comes meanwhile and is less than a wave waits for the next time: small waves cost as much as large ones.
        """
        waiting = self.search([("state", "=", "waiting")], limit=PREPARE_LIMIT)
        waiting._prepare_waves()
        left = self.search_count([("state", "=", "waiting")], limit=PREPARE_LIMIT)
        self.env["ir.cron"]._commit_progress(len(waiting), remaining=left if left == PREPARE_LIMIT else 0)

    def _prepare_waves(self):
        """Make one picking per warehouse and wished date with one move per product, link the deliveries.

        Goods are reserved when the warehouse's operation type says so: at once, or some days before the wished date.

        :return: the pickings made
        """
        deliveries_sudo = self.sudo()  # callers checked the right to ship; stock documents and states follow from it
        lock_rows(deliveries_sudo)
        waiting = deliveries_sudo.filtered(lambda delivery: delivery.state == "waiting")
        if not waiting:
            return self.env["stock.picking"]
        waves = waiting.grouped(lambda delivery: (delivery.warehouse_id, delivery.wish_date))
        pickings = waiting.env["stock.picking"].create([group._prepare_picking_vals() for group in waves.values()])
        pickings._crab_lock_stock()
        pickings.action_confirm()
        for picking, deliveries in zip(pickings, waves.values(), strict=True):
            deliveries.write({"state": "prepared", "picking_id": picking.id})
        return pickings

    def _prepare_picking_vals(self):
        """A picking with what these deliveries of one warehouse and day need."""
        picking_type = self.warehouse_id.out_type_id
        source = picking_type.default_location_src_id
        target = self.env.ref("stock.stock_location_customers")
        day = self[0].wish_date
        return {
            "picking_type_id": picking_type.id,
            "company_id": self.company_id.id,
            "location_id": source.id,
            "location_dest_id": target.id,
            "scheduled_date": fields.Datetime.to_datetime(day) if day else fields.Datetime.now(),
            "origin": self[0].name if len(self) == 1 else f"{self[0].name} … {self[-1].name}",
            "move_ids": [
                fields.Command.create(
                    {
                        "product_id": product.id,
                        "product_uom": product.uom_id.id,
                        "product_uom_qty": quantity,
                        "location_id": source.id,
                        "location_dest_id": target.id,
                        "company_id": self.company_id.id,
                    }
                )
                for product, quantity in self._quantities().items()
            ],
        }

    def _quantities(self):
        """``{product: quantity}`` of all these deliveries."""
        return {
            product: product.uom_id.round(sum(lines.mapped("quantity")))
            for product, lines in self.line_ids.grouped("product_id").items()
        }

    # ------------------------------------------------------------------------------------------ shipping

    def _ship(self, carrier, tracking=None):
        """Ship these deliveries: take the goods out of stock, tell what they were made for.

        :param carrier: name of the carrier, or ``{delivery id: name}``
        :param dict tracking: delivery id → tracking number, may be empty
        :raise UserError: when one is shipped or cancelled already, or when goods are missing; then nothing is shipped
        """
        carriers = self._clean_parcels(carrier if isinstance(carrier, dict) else dict.fromkeys(self.ids, carrier))
        tracking = self._clean_parcels(tracking or {})
        if not all(carriers.get(delivery_id) for delivery_id in self.ids):
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
        deliveries_sudo._refuse_parcels_of_others(tracking)
        deliveries_sudo._prepare_waves()
        lock_rows(deliveries_sudo.picking_id)
        deliveries_sudo.picking_id._crab_lock_stock()
        deliveries_sudo._set_shipped(carriers, tracking)
        for picking, deliveries in deliveries_sudo.grouped("picking_id").items():
            own = deliveries._take_from_wave(picking)
            if own != picking:
                deliveries.write({"picking_id": own.id})
            own._crab_take_from_stock()
        deliveries_sudo._freeze_settlement()
        deliveries_sudo._after_ship()

    @api.model
    def _clean_parcels(self, texts):
        parse = cells.text(64)
        try:
            return {delivery_id: parse(text or None) for delivery_id, text in texts.items()}
        except cells.CellError as error:
            raise UserError(
                self.env._("Carrier and tracking number: %(reason)s", reason=self.env._(error.reason))
            ) from error

    def _parcels_of_others(self, tracking):
        """Which of these deliveries got a tracking number that another receiver's parcel has, here or lately.

        A label scanned twice, or a column of Excel filled down, sends people after each other's parcels.

        :param dict tracking: delivery id → tracking number
        :return: ``{delivery: the other one}``
        """
        wanted = {reference for reference in tracking.values() if reference}
        since = fields.Datetime.subtract(fields.Datetime.now(), days=NUMBER_REUSED_DAYS)
        lately = [("tracking_reference", "in", list(wanted)), ("shipped_at", ">=", since), ("id", "not in", self.ids)]
        first = {delivery.tracking_reference: delivery for delivery in self.search(lately)}
        wrong = {}
        for delivery in self.filtered(lambda delivery: tracking.get(delivery.id)):
            other = first.setdefault(tracking[delivery.id], delivery)
            if other.receiver_phone != delivery.receiver_phone:
                wrong[delivery] = other
        return wrong

    def _refuse_parcels_of_others(self, tracking):
        for delivery, other in self._parcels_of_others(tracking).items():
            raise UserError(
                self.env._(
                    "Nothing is done: %(tracking)s of %(delivery)s is the tracking number of %(other)s, which goes to"
                    " somebody else.",
                    tracking=tracking[delivery.id],
                    delivery=delivery.name,
                    other=other.name,
                )
            )

    def _correct_parcels(self, carrier, tracking):
        """The parcels left with another carrier or number than was entered.

        :param carrier: name of the carrier
        :param dict tracking: delivery id → tracking number, may be empty
        :raise UserError: when one is not shipped; then nothing is changed
        """
        carrier = self._clean_parcels({"carrier": carrier})["carrier"]
        tracking = self._clean_parcels(tracking)
        if not carrier:
            raise UserError(self.env._("Enter the carrier."))
        deliveries_sudo = self.sudo()  # as in _prepare_waves
        lock_rows(deliveries_sudo)
        if deliveries_sudo.filtered(lambda delivery: delivery.state != "shipped"):
            raise UserError(self.env._("Only parcels that are shipped are corrected."))
        deliveries_sudo._refuse_parcels_of_others(tracking)
        for delivery in deliveries_sudo:
            delivery._correct_parcel({"carrier_name": carrier, "tracking_reference": tracking.get(delivery.id)})

    def _correct_parcel(self, values):
        """Write the right carrier and tracking number; who did it, and what stood there, stays in the events."""
        before = {name: self[name] or "" for name in values}
        self.write(values)
        self.env["crab.outbox"]._emit("delivery.corrected", self, {"before": before, "after": values})

    def _set_shipped(self, carriers, tracking):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_delivery SET state = 'shipped', shipped_at = %s, carrier_name = parcel.carrier,
                       tracking_reference = parcel.reference, write_uid = %s, write_date = %s
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[]) AS parcel(id, carrier, reference)
                 WHERE parcel.id = crab_delivery.id
                """,
                fields.Datetime.now(),
                self.env.uid,
                fields.Datetime.now(),
                self.ids,
                [carriers[delivery_id] for delivery_id in self.ids],
                [tracking.get(delivery_id) for delivery_id in self.ids],
            )
        )
        self.invalidate_recordset()
        self.modified(["state", "shipped_at", "carrier_name", "tracking_reference"])

    def _take_from_wave(self, picking):
        """The picking by which these deliveries, part of a wave, leave: the wave itself if it is just theirs."""
        wanted = self._quantities()
        has_others = self.search_count([("picking_id", "=", picking.id), ("state", "=", "prepared")], limit=1)
        if not has_others and picking._crab_demand() == wanted:
            return picking
        picking._crab_reduce(wanted)
        own = picking.create({**self._prepare_picking_vals(), "origin": picking.name})
        own.action_confirm()
        own.move_ids._action_assign()
        picking.move_ids._action_assign()
        return own

    def _freeze_settlement(self):
        """Keep today's settlement prices on the lines (HQ-47)."""
        lines = self.line_ids
        prices = lines.product_id.product_tmpl_id._crab_settlement_prices(business_date())
        for price, same in lines.grouped(lambda line: prices.get(line.product_id.product_tmpl_id.id, 0)).items():
            same.write({"price_settlement": price})

    def _after_ship(self):
        """What shipping means for the documents behind; extended by each of them."""
        self.redemption_ids._set_shipped()

    # ------------------------------------------------------------------------------------------ taking back

    def _cancel_unshipped(self):
        """Take these deliveries back before shipping: the goods of a prepared one are free again.

        :raise UserError: when one is shipped already
        """
        deliveries_sudo = self.sudo()  # as in _prepare_waves
        lock_rows(deliveries_sudo)
        if deliveries_sudo.filtered(lambda delivery: delivery.state == "shipped"):
            raise UserError(self.env._("The goods have been shipped already; this can no longer be cancelled."))
        deliveries_sudo._leave_wave()
        deliveries_sudo.write({"state": "cancelled"})

    def _leave_wave(self):
        """Take prepared deliveries out of their waves; they wait again."""
        deliveries_sudo = self.sudo()  # as in _prepare_waves
        lock_rows(deliveries_sudo)
        prepared = deliveries_sudo.filtered(lambda delivery: delivery.state == "prepared")
        waves = prepared.grouped("picking_id")
        lock_rows(prepared.picking_id)
        prepared.picking_id._crab_lock_stock()
        prepared.write({"state": "waiting", "picking_id": False})
        for picking, deliveries in waves.items():
            picking._crab_reduce(deliveries._quantities())
            picking.move_ids._action_assign()
