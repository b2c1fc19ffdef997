from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.timezone import business_date


class CrabSettlementPrice(models.Model):
    """What a settlement price is from which day on (HQ-47). Several of one day: the one entered last holds.

    Finance enters them, for today or a later day; one that holds or held is never changed: shipments were made with it.
    """

    _name = "crab.settlement.price"
    _description = "Settlement Price"
    _order = "start_date desc, id desc"
    _rec_name = "product_tmpl_id"

    product_tmpl_id = fields.Many2one(
        "product.template",
        "Product",
        required=True,
        ondelete="cascade",
        domain=[("crab_kind", "!=", False)],
    )
    default_code = fields.Char(related="product_tmpl_id.default_code", store=True, index=True, string="Code")
    currency_id = fields.Many2one(related="product_tmpl_id.currency_id")
    price = fields.Monetary("Settlement Price", required=True)
    start_date = fields.Date("Valid From", required=True, default=lambda self: business_date())
    is_planned = fields.Boolean(compute="_compute_is_planned", help="Does not hold yet: can be changed and deleted.")
    create_uid = fields.Many2one("res.users", "Set by", readonly=True)
    create_date = fields.Datetime("Set on", readonly=True)

    _product_day_idx = models.Index("(product_tmpl_id, start_date DESC, id DESC)")
    _price_check = models.Constraint(
        "CHECK (price >= 0 AND price < 100000000)", "A settlement price is never negative, and below 100 million."
    )

    @api.depends("start_date")
    def _compute_is_planned(self):
        today = business_date()
        for price in self:
            price.is_planned = not price._origin or bool(price.start_date and price.start_date > today)

    @api.model_create_multi
    def create(self, vals_list):
        prices = super().create(vals_list)
        prices._check_not_past()
        return prices

    def write(self, vals):
        self._check_planned()
        result = super().write(vals)
        self._check_not_past()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        self._check_planned()

    def _check_planned(self):
        if self.filtered(lambda price: not price.is_planned):
            raise UserError(
                self.env._(
                    "A settlement price that holds or held stays as it is. Enter another one with its first day."
                )
            )

    def _check_not_past(self):
        today = business_date()
        if self.filtered(lambda price: price.start_date < today):
            raise UserError(self.env._("A settlement price begins today or later: what was shipped keeps its price."))
        if self.product_tmpl_id.filtered(lambda product: not product.crab_kind):
            raise UserError(self.env._("Only products of the suite have a settlement price."))
