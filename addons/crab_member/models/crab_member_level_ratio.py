from odoo import fields, models

from odoo.addons.crab_dealer.models.crab_dealer import RATIO_DIGITS


class CrabMemberLevelRatio(models.Model):
    """Each ratio a level ever had, from when, by whom and why."""

    _name = "crab.member.level.ratio"
    _inherit = "crab.member.log.mixin"
    _description = "Price ratio of a member level"
    _rec_name = "level_id"

    level_id = fields.Many2one("crab.member.level", required=True, index=True, ondelete="cascade", readonly=True)
    ratio_before = fields.Float("Before", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
