from odoo import fields, models

from odoo.addons.crab_dealer.models.crab_dealer import RATIO_DIGITS


class CrabMemberLevelChangeRatio(models.TransientModel):
    _name = "crab.member.level.change.ratio"
    _description = "Change price ratio of a level"

    level_id = fields.Many2one("crab.member.level", required=True, readonly=True)
    present_ratio = fields.Float(related="level_id.ratio", string="Present ratio", digits=RATIO_DIGITS)
    ratio = fields.Float("New ratio", digits=RATIO_DIGITS, required=True)
    reason = fields.Char(required=True)

    def action_apply(self):
        """Change the ratio for new documents."""
        self.ensure_one()
        self.level_id.check_access("write")
        self.level_id._set_ratio(self.ratio, self.reason)
        return {"type": "ir.actions.act_window_close"}
