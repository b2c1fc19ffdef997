from odoo import api, fields, models
from odoo.exceptions import UserError

from .crab_dealer import RATIO_DIGITS


class CrabDealerRatio(models.Model):
    """Each ratio a dealer ever had, from when, by whom and why. Lines are only added."""

    _name = "crab.dealer.ratio"
    _description = "Price ratio of a dealer"
    _order = "id desc"
    _rec_name = "dealer_id"

    dealer_id = fields.Many2one("crab.dealer", required=True, index=True, ondelete="cascade", readonly=True)
    valid_from = fields.Datetime("From", required=True, readonly=True, default=fields.Datetime.now)
    ratio_before = fields.Float("Before", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
    reason = fields.Char(required=True, readonly=True)
    actor_kind = fields.Char(required=True, readonly=True)
    actor_id = fields.Integer(required=True, readonly=True)
    author = fields.Char("By", required=True, readonly=True)

    def write(self, vals):
        self.check_access("write")
        if vals:
            raise UserError(self.env._("The history of price ratios is only added to."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ever(self):
        raise UserError(self.env._("The history of price ratios is only added to."))

    @api.model
    def _author_name(self, subject):
        """The name that the history shows for a subject."""
        model = {"user": "res.users", "dealer": "crab.dealer", "staff": "crab.dealer.staff"}.get(subject.kind)
        return self.env[model].sudo().browse(subject.id).display_name if model else self.env._("System")
