from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_fapiao_ids = fields.One2many("crab.fapiao", "order_id", "Fapiao", readonly=True)
    crab_fapiao_count = fields.Integer("Number of fapiao", compute="_compute_crab_fapiao_count")

    def _compute_crab_fapiao_count(self):
        for order in self:
            order.crab_fapiao_count = len(order.sudo().crab_fapiao_ids)  # a count tells nothing of buyers

    def _crab_on_refunded(self, refund):
        result = super()._crab_on_refunded(refund)
        self.env["crab.fapiao"]._follow_refund(self)
        return result

    def action_crab_ask_fapiao(self):
        """Enter who the fapiao is for and what it holds."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Fapiao for %(order)s", order=self.name),
            "res_model": "crab.fapiao.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def action_crab_fapiao(self):
        """The fapiao of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_invoice.crab_fapiao_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}
