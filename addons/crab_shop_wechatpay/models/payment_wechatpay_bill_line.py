from odoo import api, fields, models


class PaymentWechatpayBillLine(models.Model):
    """The order behind a line (HQ-54)."""

    _inherit = "payment.wechatpay.bill.line"

    crab_order_id = fields.Many2one("sale.order", "Order", compute="_compute_crab_order_id", store=True, index=True)
    crab_order_kind = fields.Selection(related="crab_order_id.crab_kind", string="Kind of order", store=True)

    @api.depends("transaction_id")
    def _compute_crab_order_id(self):
        for line in self:
            transaction = line.transaction_id
            line.crab_order_id = (
                transaction.crab_order_id
                or transaction.crab_refund_id.order_id
                or transaction.source_transaction_id.crab_order_id
            )

    def action_crab_give_back(self):
        """Give back a payment of another amount; needs the right to reconcile."""
        self.ensure_one()
        self.check_access("read")
        self.env["payment.provider"]._wechatpay_check_may_reconcile()
        self.sudo().transaction_id._crab_give_back_other_amount()
        self.sudo().bill_id._compare()
