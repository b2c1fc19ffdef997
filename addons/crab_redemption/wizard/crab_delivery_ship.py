from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabDeliveryShip(models.TransientModel):
    _name = "crab.delivery.ship"
    _description = "Ship deliveries"

    carrier_name = fields.Char("Carrier", required=True)
    delivery_ids = fields.Many2many("crab.delivery", string="Deliveries", required=True)
    is_correction = fields.Boolean(readonly=True)
    line_ids = fields.One2many(
        "crab.delivery.ship.line", "ship_id", compute="_compute_line_ids", store=True, readonly=False
    )

    @api.depends("delivery_ids")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                fields.Command.clear(),
                *(
                    fields.Command.create(
                        {"delivery_id": delivery._origin.id, "tracking_reference": delivery.tracking_reference}
                    )
                    for delivery in wizard.delivery_ids
                ),
            ]

    def action_confirm(self):
        """Ship all of the deliveries, or correct their parcels; none if it cannot be done to one of them."""
        self.ensure_one()
        deliveries = self.line_ids.delivery_id
        if not deliveries:
            raise UserError(self.env._("Choose at least one delivery."))
        deliveries._ensure_warehouse()
        step = deliveries._correct_parcels if self.is_correction else deliveries._ship
        step(self.carrier_name, {line.delivery_id.id: line.tracking_reference or "" for line in self.line_ids})
        return {"type": "ir.actions.act_window_close"}


class CrabDeliveryShipLine(models.TransientModel):
    _name = "crab.delivery.ship.line"
    _description = "Delivery to ship"

    ship_id = fields.Many2one("crab.delivery.ship", required=True, ondelete="cascade")
    delivery_id = fields.Many2one("crab.delivery", required=True)
    receiver_name = fields.Char(related="delivery_id.receiver_name")
    receiver_address = fields.Char(related="delivery_id.receiver_address")
    goods = fields.Char(related="delivery_id.goods")
    tracking_reference = fields.Char("Tracking number")
