from odoo import api, fields, models


class CrabProfitSimulationResult(models.TransientModel):
    _name = "crab.profit.simulation.result"
    _description = "Result of a simulation"
    _order = "difference desc, id"

    simulation_id = fields.Many2one("crab.profit.simulation", required=True, ondelete="cascade", index=True)
    dealer_id = fields.Many2one("crab.dealer", "Dealer", readonly=True, ondelete="cascade")
    name = fields.Char("Who", compute="_compute_name")
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.company.currency_id)
    before = fields.Monetary(readonly=True)
    after = fields.Monetary(readonly=True)
    difference = fields.Monetary("Gain or loss", readonly=True)

    @api.depends("dealer_id")
    def _compute_name(self):
        for row in self:
            row.name = row.dealer_id.display_name or self.env._("Platform")
