from odoo import api, fields, models


class CrabProfitSimulationChange(models.TransientModel):
    _name = "crab.profit.simulation.change"
    _description = "Change to simulate"
    _order = "id"

    simulation_id = fields.Many2one("crab.profit.simulation", required=True, ondelete="cascade")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, ondelete="cascade")
    current_ratio = fields.Float("Present ratio", related="dealer_id.ratio", digits=(5, 4))
    current_parent_id = fields.Many2one(related="dealer_id.parent_id", string="Present parent")
    has_ratio = fields.Boolean("Other ratio")
    ratio = fields.Float("New ratio", digits=(5, 4))
    has_parent = fields.Boolean("Moved")
    parent_id = fields.Many2one("crab.dealer", "New parent", ondelete="cascade", help="Empty: it stands on top.")

    @api.depends("dealer_id", "has_ratio", "ratio", "has_parent", "parent_id")
    def _compute_display_name(self):
        for change in self:
            words = [change.dealer_id.display_name or ""]
            if change.has_ratio:
                words.append(f"{change.current_ratio:.4f} → {change.ratio:.4f}")
            if change.has_parent:
                words.append(f"{change.current_parent_id.display_name or '–'} → {change.parent_id.display_name or '–'}")
            change.display_name = "  ".join(words)
