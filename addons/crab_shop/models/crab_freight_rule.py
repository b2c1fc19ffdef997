import math

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabFreightRule(models.Model):
    _name = "crab.freight.rule"
    _description = "Freight of some regions"
    _order = "template_id, sequence, id"

    template_id = fields.Many2one("crab.freight.template", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    region_ids = fields.Many2many("crab.region", string="To", help="Empty: to everywhere else.")
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.company.currency_id, required=True)
    first = fields.Float(
        "First", required=True, default=1, digits="Product Unit", help="Pieces or kg in the basic fee."
    )
    first_price = fields.Monetary("Basic fee", required=True)
    next = fields.Float("Each further", required=True, default=1, digits="Product Unit")
    next_price = fields.Monetary("Further fee", required=True, help="For each further unit that is begun.")
    free_from = fields.Monetary(help="Goods for this amount or more are delivered free. 0: never.")

    _positive = models.Constraint(
        "CHECK (first > 0 AND next > 0 AND first_price >= 0 AND next_price >= 0 AND free_from >= 0)",
        "Fees are not negative, and units are more than zero.",
    )

    @api.constrains("first", "first_price", "next", "next_price", "free_from")
    def _check_amounts(self):
        for rule in self:
            if not all(math.isfinite(rule[name]) for name in ("first", "first_price", "next", "next_price")):
                raise UserError(self.env._("Enter numbers for the fees."))

    def _fee(self, units, amount):
        self.ensure_one()
        if self.free_from and amount >= dec(self.free_from):
            return dec(0)
        further = max(math.ceil((units - dec(self.first)) / dec(self.next)), 0)
        return round_cents(dec(self.first_price) + further * dec(self.next_price))
