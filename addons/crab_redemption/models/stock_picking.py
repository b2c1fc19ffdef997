from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.locks import lock_rows


class StockPicking(models.Model):
    """Waves in Odoo's own stock screens: validating one ships its deliveries, cancelling one lets them wait again."""

    _inherit = "stock.picking"

    crab_delivery_ids = fields.One2many("crab.delivery", "picking_id", "Deliveries", readonly=True)
    crab_delivery_count = fields.Integer("Count of deliveries", compute="_compute_crab_delivery_count")

    @api.depends("crab_delivery_ids")
    def _compute_crab_delivery_count(self):
        counts = dict(
            self.env["crab.delivery"]
            .sudo()  # how many parcels a wave has is no secret to whoever sees it
            ._read_group([("picking_id", "in", self.ids)], ["picking_id"], ["__count"])
        )
        for picking in self:
            picking.crab_delivery_count = counts.get(picking._origin, 0)

    # ------------------------------------------------------------------------------------------ screens

    def action_crab_open_deliveries(self):
        """Show the deliveries of this wave."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_redemption.crab_delivery_action"),
            "domain": [("picking_id", "=", self.id)],
            "context": {"create": False},
        }

    def button_validate(self):
        """A wave leaves through its deliveries: ask for carrier and tracking numbers of those still to ship."""
        deliveries = self._crab_open_deliveries()
        if not deliveries:
            return super().button_validate()
        if self - deliveries.picking_id:
            raise UserError(self.env._("Ship waves of deliveries apart from other transfers."))
        return deliveries.with_env(self.env).action_ship()

    def action_split_transfer(self):
        if self._crab_open_deliveries():
            raise UserError(self.env._("A wave is not split: ship some of its deliveries instead."))
        return super().action_split_transfer()

    def _crab_open_deliveries(self):
        return self.env["crab.delivery"].sudo().search([("picking_id", "in", self.ids), ("state", "=", "prepared")])

    # ------------------------------------------------------------------------------------------ waves

    def _crab_lock_stock(self):
        """Lock the stock of what these pickings move, before anything of it is read.

        Odoo passes over quants that somebody else has locked and would reserve the last piece twice.
        """
        lock_rows(
            self.env["stock.quant"]
            .sudo()  # whoever ships may not read every quant
            .search(
                [
                    ("product_id", "in", self.move_ids.product_id.ids),
                    ("location_id", "child_of", self.location_id.ids),
                ]
            )
        )

    def _crab_open_moves(self):
        return self.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))

    def _crab_demand(self):
        """``{product: quantity}`` that is still to be moved."""
        return {
            product: product.uom_id.round(sum(moves.mapped("product_qty")))
            for product, moves in self._crab_open_moves().grouped("product_id").items()
        }

    def _crab_reduce(self, quantities):
        """Move so much less of each product: what is not needed is unreserved, a move without demand cancelled."""
        moves = self._crab_open_moves().filtered(lambda move: move.product_id in quantities)
        moves.picked = False
        moves._do_unreserve()
        left, spent = dict(quantities), moves.browse()
        for move in moves:
            less = min(left[move.product_id], move.product_qty)
            left[move.product_id] -= less
            if move.product_id.uom_id.compare(less, move.product_qty) == 0:
                spent += move
            elif less:
                move.product_uom_qty = move.product_id.uom_id._compute_quantity(
                    move.product_qty - less, move.product_uom, rounding_method="HALF-UP"
                )
        spent._action_cancel()

    def _crab_take_from_stock(self):
        """Validate the picking with exactly what is demanded.

        :raise UserError: names what is missing
        """
        moves = self._crab_open_moves()
        moves._action_assign()
        missing = []
        for move in moves:
            if move.product_uom.compare(move.quantity, move.product_uom_qty) < 0:
                missing.append(
                    self.env._(
                        "%(product)s: %(wanted)s wanted, %(available)s available",
                        product=move.product_id.display_name,
                        wanted=f"{move.product_uom_qty:g}",
                        available=f"{move.quantity:g}",
                    )
                )
            elif move.quantity != move.product_uom_qty:
                move.quantity = move.product_uom_qty
        if missing:
            raise UserError(self.env._("Nothing was shipped, goods are missing:\n%(list)s", list="\n".join(missing)))
        moves.picked = True
        self._action_done()
