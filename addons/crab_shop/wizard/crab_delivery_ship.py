from odoo import api, fields, models


class CrabDeliveryShip(models.TransientModel):
    _inherit = "crab.delivery.ship"

    carrier_id = fields.Many2one("crab.carrier", "Carrier", default=lambda self: self._default_carrier_id())
    carrier_name = fields.Char("Name of the carrier", compute="_compute_carrier_name", store=True, readonly=False)

    @api.model
    def _default_carrier_id(self):
        Carrier = self.env["crab.carrier"]
        if "default_carrier_name" in self.env.context:  # of parcels that are corrected
            return Carrier.search([("name", "=", self.env.context["default_carrier_name"])], limit=1)
        return Carrier.search([], limit=1)

    @api.depends("carrier_id")
    def _compute_carrier_name(self):
        for ship in self:
            ship.carrier_name = ship.carrier_id.name or ship.carrier_name
