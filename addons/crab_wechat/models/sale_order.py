from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_wechat_shipping_state = fields.Selection(
        [("waiting", "To tell"), ("done", "Told"), ("error", "Failed")],
        "Shipping at WeChat",
        compute="_compute_crab_wechat_shipping_state",
        compute_sudo=True,
    )

    def _compute_crab_wechat_shipping_state(self):
        rows = self.env["crab.wechat.shipping"].search([("order_id", "in", self.ids)])
        states = {row.order_id.id: row.state for row in rows}
        for order in self:
            order.crab_wechat_shipping_state = states.get(order.id, False)

    def action_crab_wechat_shipping(self):
        """How WeChat was told that this order was shipped."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_wechat.crab_wechat_shipping_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}
