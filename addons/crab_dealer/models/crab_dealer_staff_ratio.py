from odoo import api, fields, models
from odoo.exceptions import UserError

from .crab_dealer import RATIO_DIGITS


class CrabDealerStaffRatio(models.Model):
    """Each commission ratio a staff member ever had. Lines are only added."""

    _name = "crab.dealer.staff.ratio"
    _description = "Commission ratio of dealer staff"
    _order = "id desc"
    _rec_name = "staff_id"

    staff_id = fields.Many2one("crab.dealer.staff", required=True, index=True, ondelete="cascade", readonly=True)
    dealer_id = fields.Many2one(related="staff_id.dealer_id", store=True, index=True)
    valid_from = fields.Datetime("From", required=True, readonly=True, default=fields.Datetime.now)
    ratio_before = fields.Float("Before", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    ratio = fields.Float("Commission ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
    actor_kind = fields.Char(required=True, readonly=True)
    actor_id = fields.Integer(required=True, readonly=True)
    author = fields.Char("By", required=True, readonly=True)

    def write(self, vals):
        self.check_access("write")
        if vals:
            raise UserError(self.env._("The history of commission ratios is only added to."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ever(self):
        raise UserError(self.env._("The history of commission ratios is only added to."))
