from odoo import fields, models

from .crab_dealer import RATIO_DIGITS


class CrabDealerStaffRatio(models.Model):
    """Each commission ratio a staff member ever had."""

    _name = "crab.dealer.staff.ratio"
    _inherit = "crab.log.mixin"
    _description = "Commission ratio of dealer staff"
    _rec_name = "staff_id"

    staff_id = fields.Many2one("crab.dealer.staff", required=True, index=True, ondelete="cascade", readonly=True)
    dealer_id = fields.Many2one(related="staff_id.dealer_id", store=True, index=True)
    valid_from = fields.Datetime("From", required=True, readonly=True, default=fields.Datetime.now)
    ratio_before = fields.Float("Before", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    ratio = fields.Float("Commission ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
