from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_wechatpay.const import PAID_STATES
from odoo.addons.payment_wechatpay.tools import client
from odoo.addons.queue_job.exception import RetryableJobError

RETRY_SECONDS = 60


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model
    def _crab_start_values(self, order, provider, method):
        """Paid at WeChat Pay until the order closes, and not later."""
        values = super()._crab_start_values(order, provider, method)
        if provider.code == "wechatpay":
            values["wechatpay_expires_at"] = order.crab_pay_before
        return values

    @api.model
    def _crab_step_fields(self):
        return [*super()._crab_step_fields(), "wechatpay_is_late"]

    def _wechatpay_description(self):
        if self.crab_order_id:
            return self.crab_order_id.crab_product_names
        return super()._wechatpay_description()

    def _crab_close_at_provider(self):
        """Close at WeChat Pay first; who was faster and has paid is paid, and what comes too late goes back."""
        if self.provider_code != "wechatpay":
            return super()._crab_close_at_provider()
        try:
            self._wechatpay_cancel()
        except UserError as error:
            raise RetryableJobError(str(error), seconds=RETRY_SECONDS, ignore_retry=True) from error
        return None

    def _late_payment_received(self):
        """Money for a payment that was closed: an order that still waits for it takes it, else it goes back at once.

        Either way nobody has to look at it any more: what goes back is reported with its refund.
        """
        result = super()._late_payment_received()
        if self.crab_order_id:
            self.crab_order_id._crab_receive_payment(self)
            self.wechatpay_issue = False
        return result

    def _post_process(self):
        """Late payments were dealt with when they came."""
        late = self.filtered(lambda tx: tx.crab_order_id and tx.wechatpay_is_late)
        late.is_post_processed = True
        return super(PaymentTransaction, self - late)._post_process()

    def _wechatpay_report(self, issue, note):
        """Finance is told of what needs somebody; a late payment and a refund that failed report themselves."""
        result = super()._wechatpay_report(issue, note)
        if issue == "amount" and self.crab_order_id:
            self.crab_order_id._crab_tell_finance(note)
        elif issue == "refund" and self.state not in ("cancel", "error") and self.crab_refund_id:
            self.crab_refund_id._report(note)
        return result

    @api.model
    def _wechatpay_foreign_refund(self, provider, payment_data):
        """A refund made in WeChat's merchant platform: the order does not know of it, so finance is told."""
        refund = super()._wechatpay_foreign_refund(provider, payment_data)
        order = refund.source_transaction_id.crab_order_id
        if order:
            order._crab_tell_finance(
                self.env._(
                    "%(amount)s yuan were refunded in WeChat's merchant platform. The order and the books do not have"
                    " it: enter it in the books.",
                    amount=f"{-refund.amount:.2f}",
                )
            )
        return refund

    def _crab_give_back_other_amount(self):
        """Give back, by the way it came, what was paid in another amount than ours; a second time changes nothing.

        It asks WeChat Pay how much that is, books it as received and refunds it: the amount of this transaction becomes
        what was really paid. The order, if it still waits for its payment, is closed, as with every payment returned.

        :raise UserError: nothing was paid, or WeChat Pay gives no answer; nothing is changed then
        """
        if self.wechatpay_issue != "amount" or not self.crab_order_id:
            raise UserError(self.env._("There is no payment of another amount to give back."))
        try:
            data = self._wechatpay_ask()
        except (client.Unknown, client.Refused) as error:
            raise UserError(self.env._("WeChat Pay cannot be reached. Please try again in a moment.")) from error
        paid = data.get("amount") or {}
        if data.get("trade_state") not in PAID_STATES or paid.get("currency", "CNY") != self.currency_id.name:
            raise UserError(self.env._("WeChat Pay knows of no payment in yuan that could be given back."))
        self._wechatpay_lock()
        if self.state == "done":
            return
        self.write(
            {
                "amount": payment_utils.to_major_currency_units(paid["total"], self.currency_id),
                "provider_reference": data.get("transaction_id"),
                "wechatpay_paid_at": self._wechatpay_time(data),
                "wechatpay_check_at": False,
            }
        )
        self._set_done(extra_allowed_states=("cancel", "error"))
        self.is_post_processed = True
        self.crab_order_id._crab_receive_payment(self)
        self.wechatpay_issue = False
