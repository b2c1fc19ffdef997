from datetime import timedelta

from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_staff_ratio = fields.Float("Staff's share", digits=(5, 4), readonly=True, copy=False, aggregator=None)
    crab_credit_due_at = fields.Datetime(
        "Earnings credited from", readonly=True, copy=False, help="End of the after-sales days."
    )
    crab_credited_at = fields.Datetime("Earnings credited on", readonly=True, copy=False)

    _crab_credit_idx = models.Index("(crab_credit_due_at) WHERE crab_credited_at IS NULL")

    def _crab_on_paid(self):
        result = super()._crab_on_paid()
        self.env["crab.earning"]._share(self)
        self.env["crab.staff.earning"]._follow(self.filtered("crab_staff_id"))
        return result

    def _crab_on_refunded(self, refund):
        result = super()._crab_on_refunded(refund)
        self.env["crab.earning"]._give_back(refund)
        self.env["crab.staff.earning"]._follow(self)
        return result

    def _crab_on_received(self):
        """The after-sales days begin: what the dealers earned is credited when they are over."""
        result = super()._crab_on_received()
        for kind, orders in self.grouped("crab_kind").items():
            days = self.env["crab.shop"]._setting(f"after_sales_days_{kind}")
            orders.write({"crab_credit_due_at": orders[0].crab_received_at + timedelta(days=days)})
        return result
