from odoo import api, fields, models

from odoo.addons.crab_dealer.models.crab_dealer import RATIO_DIGITS


class CrabMemberLevelChangeRatio(models.TransientModel):
    _name = "crab.member.level.change.ratio"
    _description = "Change price ratio of a level"

    level_id = fields.Many2one("crab.member.level", required=True, readonly=True)
    present_ratio = fields.Float(related="level_id.ratio", string="Present ratio", digits=RATIO_DIGITS)
    highest_dealer_id = fields.Many2one("crab.dealer", "Dealer with the highest ratio", compute="_compute_highest")
    highest_dealer_ratio = fields.Float(related="highest_dealer_id.ratio", string="Its ratio", digits=RATIO_DIGITS)
    ratio = fields.Float(
        "New ratio", digits=RATIO_DIGITS, compute="_compute_ratio", store=True, readonly=False, precompute=True
    )
    reason = fields.Char(required=True)

    @api.depends("level_id")
    def _compute_highest(self):
        self.highest_dealer_id = self.env["crab.dealer"].search([], order="ratio desc, code", limit=1)

    @api.depends("level_id")
    def _compute_ratio(self):
        for wizard in self:
            wizard.ratio = wizard.level_id.ratio

    def action_apply(self):
        """Change the ratio for new documents."""
        self.ensure_one()
        self.level_id.check_access("write")
        self.level_id._set_ratio(self.ratio, self.reason)
        return {"type": "ir.actions.act_window_close"}
