from odoo import api, fields, models

from odoo.addons.crab_base.tools.subject import Subject

from ..models.crab_dealer import RATIO_DIGITS


class CrabDealerRatioChange(models.TransientModel):
    _name = "crab.dealer.ratio.change"
    _description = "Change the price ratio"

    dealer_id = fields.Many2one("crab.dealer", required=True, readonly=True)
    current_ratio = fields.Float("Present ratio", related="dealer_id.ratio", digits=RATIO_DIGITS)
    parent_id = fields.Many2one(related="dealer_id.parent_id")
    parent_ratio = fields.Float("Parent's ratio", related="parent_id.ratio", digits=RATIO_DIGITS)
    lowest_child_ratio = fields.Float("Lowest ratio below", compute="_compute_bounds", digits=RATIO_DIGITS)
    member_ratio = fields.Float("Lowest member ratio", compute="_compute_bounds", digits=RATIO_DIGITS)
    ratio = fields.Float(
        "New ratio", digits=RATIO_DIGITS, compute="_compute_ratio", store=True, readonly=False, precompute=True
    )
    reason = fields.Char(required=True)

    @api.depends("dealer_id")
    def _compute_bounds(self):
        for wizard in self:
            wizard.lowest_child_ratio = min(wizard.dealer_id.child_ids.mapped("ratio"), default=0)
            wizard.member_ratio = wizard.dealer_id._ratio_ceiling()

    @api.depends("dealer_id")
    def _compute_ratio(self):
        for wizard in self:
            wizard.ratio = wizard.dealer_id.ratio

    def action_apply(self):
        """Change the ratio for new documents."""
        self.ensure_one()
        self.env["crab.dealer"]._set_ratio_for_subject(Subject.of(self.env), self.dealer_id.id, self.ratio, self.reason)
        return {"type": "ir.actions.act_window_close"}
