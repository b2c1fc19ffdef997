from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_other_amount_id = fields.Many2one(
        "payment.transaction", "Payment of another amount", compute="_compute_crab_other_amount_id", compute_sudo=True
    )

    @api.depends("transaction_ids.wechatpay_issue")
    def _compute_crab_other_amount_id(self):
        for order in self:
            order.crab_other_amount_id = order.transaction_ids.filtered(
                lambda tx: tx.wechatpay_issue == "amount" and tx.state != "done"
            )[:1]

    def action_crab_give_back_other_amount(self):
        """Give back, by the way it came, a payment that was not the order's amount; needs the right to reconcile."""
        self.ensure_one()
        self.check_access("read")
        self.env["payment.provider"]._wechatpay_check_may_reconcile()
        self.sudo().crab_other_amount_id._crab_give_back_other_amount()

    def _crab_wechat_payment(self, trade_type):
        """The payment of this order to begin with ``_wechatpay_prepay(trade_type, …)``, in a transaction after this.

        One that is open is used again, so that a payer who tries again after a lost answer pays under the same number.

        :param trade_type: ``jsapi``, ``native`` or ``h5``
        :raise UserError: the order cannot be paid (any more), or WeChat Pay is not set up
        :return: ``payment.transaction`` in sudo
        """
        self.ensure_one()
        order_sudo = self._crab_locked()  # the order was checked by the caller to be the member's
        order_sudo._crab_ensure_state("to_pay")
        open_tx = order_sudo.transaction_ids.filtered(
            lambda tx: tx.state in ("draft", "pending") and tx.wechatpay_trade_type in (False, trade_type)
        )
        if open_tx:
            return open_tx[-1:]
        provider = order_sudo.env["payment.provider"].search(
            [
                ("code", "=", "wechatpay"),
                ("state", "in", ("enabled", "test")),
                ("company_id", "=", order_sudo.company_id.id),
            ],
            limit=1,
        )
        if not provider:
            raise UserError(self.env._("WeChat Pay is not set up yet."))
        return order_sudo.env["payment.transaction"]._crab_start(order_sudo, provider)

    def _crab_tell_finance(self, text):
        """An activity for finance on this order."""
        for user in self.env["crab.ledger.check"]._finance_users():
            self.activity_schedule("mail.mail_activity_data_warning", user_id=user.id, summary=text)
