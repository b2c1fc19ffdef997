from odoo import api, fields, models
from odoo.tools import sql

from .crab_aftersale import OPEN_STATES


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_aftersale_ids = fields.One2many("crab.aftersale", "order_id", "After-sales requests", readonly=True)
    crab_aftersale_count = fields.Integer("Number of after-sales requests", compute="_compute_crab_aftersale_count")
    # Stored: the job that credits earnings finds the orders without, and a request that is made meanwhile restarts it.
    crab_aftersale = fields.Selection(
        OPEN_STATES, "After-sales", compute="_compute_crab_aftersale", store=True, compute_sudo=True, copy=False,
        help="An open request of the member: dealers' earnings wait for its end.",
    )  # fmt: skip

    def _auto_init(self):
        """Of the orders that are there before this addon none has a request: there is nothing to compute."""
        if not sql.column_exists(self.env.cr, self._table, "crab_aftersale"):
            sql.create_column(self.env.cr, self._table, "crab_aftersale", "varchar")
        return super()._auto_init()

    @api.depends("crab_aftersale_ids.state")
    def _compute_crab_aftersale(self):
        for order in self:
            states = order.crab_aftersale_ids.mapped("state")
            order.crab_aftersale = next((state for state, _label in OPEN_STATES if state in states), False)

    @api.depends("crab_aftersale_ids")
    def _compute_crab_aftersale_count(self):
        for order in self:
            order.crab_aftersale_count = len(order.sudo().crab_aftersale_ids)  # a count tells nothing of what was asked

    def action_crab_ask_aftersale(self):
        """Enter what the member asks for on the phone."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("After-sales for %(order)s", order=self.name),
            "res_model": "crab.aftersale.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def action_crab_aftersales(self):
        """The after-sales requests of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_shop_aftersale.crab_aftersale_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}
