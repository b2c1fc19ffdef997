from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment import utils as payment_utils

CHINA = timezone(timedelta(hours=8))


class PaymentWechatpayBillLine(models.Model):
    """One payment or refund of a bill, beside our transaction."""

    _name = "payment.wechatpay.bill.line"
    _description = "WeChat Pay Bill Line"
    _order = "traded_at desc, id desc"
    _rec_name = "out_trade_no"

    bill_id = fields.Many2one("payment.wechatpay.bill", required=True, readonly=True, index=True, ondelete="cascade")
    provider_id = fields.Many2one(related="bill_id.provider_id", store=True, index=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    traded_at = fields.Datetime(string="Time", readonly=True, index=True)
    direction = fields.Selection([("in", "Income"), ("out", "Expense")], required=True, readonly=True)
    wechat_number = fields.Char(string="WeChat Number", readonly=True, index=True, help="Of the payment.")
    out_trade_no = fields.Char(string="Our Number", readonly=True, index=True)
    refund_id = fields.Char(string="WeChat Refund Number", readonly=True)
    out_refund_no = fields.Char(string="Our Refund Number", readonly=True, index=True)
    trade_type = fields.Char(string="Way of Paying", readonly=True)
    trade_state = fields.Char(string="State at WeChat Pay", readonly=True)
    description = fields.Char(readonly=True)
    amount_in = fields.Monetary(string="Amount In", readonly=True)
    amount_out = fields.Monetary(string="Amount Out", readonly=True)
    fee = fields.Monetary(readonly=True, help="What WeChat Pay keeps; negative: given back with a refund.")
    rate = fields.Char(string="Rate of the Fee", readonly=True)
    our_number = fields.Char(compute="_compute_our_number")
    transaction_id = fields.Many2one(
        "payment.transaction", string="Our Transaction", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(related="transaction_id.partner_id", string="Payer")
    difference = fields.Selection(
        [
            ("unknown", "Unknown to us"),
            ("amount", "Another amount"),
            ("state", "Not booked by us"),
            ("missing", "Not in the bill"),
        ],
        readonly=True,
        index="btree_not_null",
    )

    @api.depends("direction", "out_trade_no", "out_refund_no")
    def _compute_our_number(self):
        for line in self:
            line.our_number = line.out_refund_no if line.direction == "out" else line.out_trade_no

    # === ACTION METHODS === #

    def action_record_refund(self):
        """Enter a refund that was made in WeChat's merchant platform, as a transaction of ours."""
        self.ensure_one()
        self.check_access("read")
        self.env["payment.provider"]._wechatpay_check_may_reconcile()
        if self.difference != "unknown" or self.direction != "out":
            raise UserError(self.env._("Only a refund that is unknown to us can be recorded."))
        line_sudo = self.sudo()
        data = {
            "out_trade_no": self.out_trade_no,
            "out_refund_no": self.out_refund_no,
            "refund_id": self.refund_id,
            "status": "SUCCESS",
            "success_time": self.traded_at.replace(tzinfo=timezone.utc).isoformat(),
            "amount": {
                "refund": payment_utils.to_minor_currency_units(self.amount_out, self.currency_id),
                "currency": self.currency_id.name,
            },
        }
        tx_sudo = line_sudo.env["payment.transaction"]._wechatpay_foreign_refund(line_sudo.provider_id, data)
        if not tx_sudo:
            raise UserError(self.env._("The payment that was refunded is unknown to us as well."))
        tx_sudo._process("wechatpay", data)
        line_sudo.bill_id._compare()

    # === BUSINESS METHODS === #

    @api.model
    def _values_of(self, row):
        """The values of a line from a row of :func:`tools.bill.parse`."""
        refund = row["trade_state"] == "REFUND"
        return {
            "currency_id": self.env.ref("base.CNY").id,
            "traded_at": row["traded_at"].replace(tzinfo=CHINA).astimezone(timezone.utc).replace(tzinfo=None),
            "direction": "out" if refund else "in",
            "wechat_number": row["transaction_id"],
            "out_trade_no": row["out_trade_no"],
            "refund_id": row["refund_id"] if refund else False,
            "out_refund_no": row["out_refund_no"] if refund else False,
            "trade_type": row["trade_type"],
            "trade_state": row["refund_state"] if refund else row["trade_state"],
            "description": row["description"],
            "amount_in": 0 if refund else row["order_amount"],
            "amount_out": abs(row["refund_amount"]) if refund else 0,
            "fee": row["fee"],
            "rate": row["rate"],
        }

    @api.model
    def _values_of_missing(self, tx):
        """The values of a line for a transaction of ours that the bill lacks."""
        refund = tx.operation == "refund"
        return {
            "currency_id": tx.currency_id.id,
            "traded_at": tx.wechatpay_paid_at,
            "direction": "out" if refund else "in",
            "out_trade_no": tx.source_transaction_id.reference if refund else tx.reference,
            "out_refund_no": tx.reference if refund else False,
            "amount_in": 0 if refund else tx.amount,
            "amount_out": -tx.amount if refund else 0,
            "transaction_id": tx.id,
            "difference": "missing",
        }

    def _compare(self, tx):
        """Find what differs between this line and our transaction, if there is one."""
        self.ensure_one()
        amount = self.amount_out if self.direction == "out" else self.amount_in
        if not tx:
            difference = "unknown"
        elif self.currency_id.compare_amounts(amount, abs(tx.amount)) != 0:
            difference = "amount"
        elif tx.state != "done" and not (self.direction == "out" and self.trade_state != "SUCCESS"):
            difference = "state"
        else:
            difference = False
        self.write({"transaction_id": tx.id, "difference": difference})
