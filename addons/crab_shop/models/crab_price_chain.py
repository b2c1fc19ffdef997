from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_dealer.models.crab_dealer import RATIO_DIGITS


class CrabPriceChain(models.Model):
    """The dealers above the member with their prices, frozen when the order is placed (domain.md §4, §5).

    One row per goods line and dealer, from the member's own dealer (position 1) up to its level 1. What stands here
    decides the shares of the line for ever; moved dealers and new ratios do not change it.
    """

    _name = "crab.price.chain"
    _description = "Price chain of an order line"
    _log_access = False
    _order = "line_id, position"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="restrict", index=True)
    line_id = fields.Many2one("sale.order.line", "Line", required=True, readonly=True, ondelete="restrict")
    position = fields.Integer(required=True, readonly=True, help="1: the member's own dealer.")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, readonly=True, aggregator=None)
    company_id = fields.Many2one(related="order_id.company_id")
    currency_id = fields.Many2one(related="order_id.currency_id")
    unit_price = fields.Monetary("Price per unit", required=True, readonly=True, aggregator=None)
    is_earning = fields.Boolean(
        "Takes part",
        required=True,
        readonly=True,
        help="Dealers that are closed or do no online distribution are passed over, the price unchanged.",
    )

    _line_uniq = models.Constraint("UNIQUE(line_id, position)", "A position of a chain stands once.")

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        self.check_access("create")
        raise UserError(self.env._("Price chains are written when an order is placed."))

    def write(self, vals):  # pylint: disable=method-required-super
        self.check_access("write")
        raise UserError(self.env._("Price chains are never changed."))

    @api.model
    def _freeze(self, rows):
        """Write the chains of new orders in one statement.

        :param rows: ``(order id, line id, position, dealer id, ratio, Decimal unit price, takes part)``
        """
        if rows:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO crab_price_chain"
                    " (order_id, line_id, position, dealer_id, ratio, unit_price, is_earning)"
                    " VALUES %s",
                    SQL(", ").join(SQL("%s", tuple(row)) for row in rows),
                )
            )
            self.invalidate_model(flush=False)
