from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..tools import client


class PaymentTransaction(models.Model):
    """Refunds: a transaction each, sent by the scheduled action, under one number until its outcome is known."""

    _inherit = "payment.transaction"

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """Override of `payment`: never more is refunded than was paid, also by two at the same time."""
        self.ensure_one()
        if is_refund and self.provider_code == "wechatpay":
            amount = self.currency_id.round(amount)
            self._wechatpay_lock()
            refunds = self.child_transaction_ids.filtered(
                lambda tx: tx.operation == "refund" and tx.state not in ("cancel", "error")
            )
            rest = self.currency_id.round(self.amount + sum(refunds.mapped("amount"))) if self.state == "done" else 0.0
            if amount <= 0 or self.currency_id.compare_amounts(amount, rest) > 0:
                raise UserError(
                    self.env._(
                        "%(amount)s cannot be refunded: of %(ref)s at most %(rest)s is left.",
                        amount=self.currency_id.format(amount),
                        ref=self.reference,
                        rest=self.currency_id.format(rest),
                    )
                )
        return super()._create_child_transaction(amount, is_refund=is_refund, **custom_create_values)

    def _send_refund_request(self):
        """Override of `payment`: the refund is sent after this database transaction, by the scheduled action.

        So a transaction that is rolled back or restarted refunds nothing, and a refund whose answer is lost is asked
        for again under the same number.
        """
        if self.provider_code != "wechatpay":
            return super()._send_refund_request()
        self._set_pending()
        self.wechatpay_check_at = fields.Datetime.now()
        self.env.ref("payment_wechatpay.cron_settle").sudo()._trigger()
        return None

    def _wechatpay_settle_refund(self):
        """Send the refund, or ask what became of it; WeChat Pay refunds once per number, however often it is sent."""
        provider, data = self.provider_id, None
        if self.wechatpay_checks:
            try:
                data = provider._wechatpay_call("query_refund", out_refund_no=self.reference)
            except client.Refused as error:
                if error.code not in const.NOT_FOUND:
                    raise
        if data is None:
            source = self.source_transaction_id
            try:
                data = provider._wechatpay_call(
                    "refund",
                    out_refund_no=self.reference,
                    out_trade_no=source.reference,
                    amount={
                        "refund": self._wechatpay_fen(),
                        "total": source._wechatpay_fen(),
                        "currency": self.currency_id.name,
                    },
                    notify_url=provider.sudo().wechatpay_notify_url,
                )
            except client.Refused as error:
                self._wechatpay_refund_refused(error)
                return
        self._process("wechatpay", data)

    def _wechatpay_refund_refused(self, error):
        self._wechatpay_lock()
        if self.state not in ("draft", "pending"):
            return
        note = self.env._("WeChat Pay refuses the refund: %(message)s (%(code)s)", message=error, code=error.code)
        if error.code in const.FINAL_REFUND_REFUSALS:
            self._set_error(note)
        if self.wechatpay_issue_note != note:
            self._wechatpay_report("refund", note)
        self._wechatpay_schedule()

    @api.model
    def _wechatpay_foreign_refund(self, provider, payment_data):
        """A transaction for a refund made in WeChat's merchant platform; none if its payment is not ours."""
        source = self.search(
            [("reference", "=", payment_data.get("out_trade_no")), ("provider_id", "=", provider.id)], limit=1
        )
        fen = (payment_data.get("amount") or {}).get("refund")
        if not source or not isinstance(fen, int) or fen < 1:
            return self.browse()
        source._wechatpay_lock()
        return source.create(
            {
                "provider_id": provider.id,
                "payment_method_id": source.payment_method_id.id,
                "reference": payment_data["out_refund_no"],
                "amount": -payment_utils.to_major_currency_units(fen, source.currency_id),
                "currency_id": source.currency_id.id,
                "operation": "refund",
                "source_transaction_id": source.id,
                "partner_id": source.partner_id.id,
            }
        )

    def _wechatpay_apply_refund(self, payment_data):
        state = payment_data.get("refund_status") or payment_data.get("status")
        if payment_data.get("refund_id"):
            self.provider_reference = payment_data["refund_id"]
        if state == "SUCCESS" and self.state != "done":
            self.wechatpay_paid_at = self._wechatpay_time(payment_data)
            self._set_done(extra_allowed_states=("cancel",))
            self._wechatpay_trigger_post_processing()
        elif state == "CLOSED" and self.state in ("draft", "pending", "error"):
            note = self.env._("WeChat Pay has closed the refund. The money is still with us; refund it again.")
            self._set_canceled(state_message=note, extra_allowed_states=("error",))
            self._wechatpay_report("refund", note)
            self._wechatpay_trigger_post_processing()
        elif state == "ABNORMAL" and self.wechatpay_issue != "refund" and self.state != "done":
            self._wechatpay_report(
                "refund",
                self.env._(
                    "WeChat Pay cannot pay the refund out to the payer's account. Have it paid to another account in"
                    " WeChat's merchant platform."
                ),
            )
