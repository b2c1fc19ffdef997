from odoo import api, models


class CrabOutbox(models.Model):
    _inherit = "crab.outbox"

    @api.model
    def _handlers(self):
        handlers = super()._handlers()
        for event in ("order.partly_shipped", "order.to_receive", "order.parcel_corrected", "order.done"):
            handlers.setdefault(event, []).append("_wechat_shipping")
        return handlers

    def _wechat_shipping(self):
        """WeChat is told how orders that were paid in the mini-program are shipped."""
        left = self.filtered(lambda event: event.event != "order.done")
        orders = self.env["sale.order"].browse(set(self.mapped("aggregate_id"))).exists()
        # e-cards come with the payment; others were told when they left
        told = orders.filtered(lambda order: order.crab_kind == "ecard" or order.id in left.mapped("aggregate_id"))
        self.env["crab.wechat.shipping"]._tell(told)
