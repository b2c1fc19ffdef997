from odoo import fields, models

from .crab_dealer import RATIO_DIGITS


class CrabDealerRatio(models.Model):
    """Each ratio a dealer ever had, from when, by whom and why."""

    _name = "crab.dealer.ratio"
    _inherit = "crab.log.mixin"
    _description = "Price ratio of a dealer"
    _rec_name = "dealer_id"

    dealer_id = fields.Many2one("crab.dealer", required=True, index=True, ondelete="cascade", readonly=True)
    valid_from = fields.Datetime("From", required=True, readonly=True, default=fields.Datetime.now)
    ratio_before = fields.Float("Before", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
    reason = fields.Char(required=True, readonly=True)
