import logging
import re
import secrets
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..tools import client

_logger = logging.getLogger(__name__)

CHINA = timezone(timedelta(hours=8))
FIRST_CHECK = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)
BATCH = 100
GIVE_UP_AFTER = 3  # calls in a row without an answer: WeChat Pay is away, the rest of the batch waits


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    wechatpay_trade_type = fields.Selection(
        [("jsapi", "Mini-program"), ("native", "QR code"), ("h5", "Browser of a phone")],
        string="Way of Paying",
        readonly=True,
        copy=False,
    )
    wechatpay_prepay = fields.Char(
        string="Begun Payment",
        help="What the payer's side opens: a prepay_id, the content of the QR code, or an address.",
        readonly=True,
        copy=False,
    )
    wechatpay_expires_at = fields.Datetime(
        string="To Be Paid Before", readonly=True, copy=False, help="WeChat Pay takes no money for it later."
    )
    wechatpay_paid_at = fields.Datetime(
        string="Paid or Refunded On", readonly=True, copy=False, help="The time by WeChat Pay, whose bills go by it."
    )
    wechatpay_check_at = fields.Datetime(string="Next Query", readonly=True, copy=False)
    wechatpay_checks = fields.Integer(string="Queries", readonly=True, copy=False)
    wechatpay_is_late = fields.Boolean(
        string="Paid After It Was Cancelled",
        help="The money came when the document was closed already: nothing is delivered for it, it goes back.",
        readonly=True,
        copy=False,
    )
    wechatpay_issue = fields.Selection(
        [
            ("amount", "Another amount"),
            ("late", "Paid after it was cancelled"),
            ("refund", "Refund does not go through"),
        ],
        string="To Be Looked At",
        readonly=True,
        copy=False,
    )
    wechatpay_issue_note = fields.Text(string="What Happened", readonly=True, copy=False)

    _wechatpay_check_at_idx = models.Index("(wechatpay_check_at) WHERE wechatpay_check_at IS NOT NULL")
    _wechatpay_issue_idx = models.Index("(wechatpay_issue) WHERE wechatpay_issue IS NOT NULL")

    # === ACTION METHODS === #

    def action_wechatpay_query(self):
        """Ask WeChat Pay now what became of these transactions."""
        self.check_access("write")
        for tx in self.filtered(lambda tx: tx.provider_code == "wechatpay"):
            try:
                tx.sudo()._wechatpay_settle()
            except (client.Unknown, client.Refused) as error:
                raise UserError(
                    self.env._("WeChat Pay gives no answer on %(ref)s: %(error)s", ref=tx.reference, error=error)
                ) from error

    def action_wechatpay_issue_done(self):
        """Somebody has looked at it."""
        self.check_access("write")
        self.sudo().wechatpay_issue = False

    # === BUSINESS METHODS - PRE-PROCESSING === #

    @api.model
    def _compute_reference(self, provider_code, prefix=None, separator="-", **kwargs):
        """Override of `payment`: letters that WeChat Pay takes, and never a number that was used before.

        WeChat knows a number for ever, also one of a database that was restored from a backup or thrown away.
        """
        if provider_code != "wechatpay":
            return super()._compute_reference(provider_code, prefix=prefix, separator=separator, **kwargs)
        prefix = prefix or self.sudo()._compute_reference_prefix("-", **kwargs)
        words = re.sub(r"[^0-9A-Za-z_]+", "-", prefix or "").strip("-")[: const.REFERENCE_WORDS] or "tx"
        random = "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(const.REFERENCE_RANDOM))
        return super()._compute_reference(provider_code, prefix=f"{words}-{random}", separator="-")

    @api.model
    def _get_specific_create_values(self, provider_code, values):
        """Override of `payment`: the time until which it can be paid is fixed with the transaction."""
        res = super()._get_specific_create_values(provider_code, values)
        if (
            provider_code == "wechatpay"
            and not values.get("wechatpay_expires_at")
            and values.get("operation") != "refund"
        ):
            provider_sudo = self.env["payment.provider"].sudo().browse(values["provider_id"])
            minutes = provider_sudo.wechatpay_minutes or 30
            res["wechatpay_expires_at"] = fields.Datetime.now() + timedelta(minutes=minutes)
        return res

    def _get_specific_rendering_values(self, processing_values):
        """Override of `payment`: the page that shows the QR code, or leads a phone to WeChat."""
        res = super()._get_specific_rendering_values(processing_values)
        if self.provider_code != "wechatpay":
            return res
        return {"api_url": "/payment/wechatpay/pay", **self._wechatpay_pay_values()}

    def _wechatpay_pay_values(self):
        """What shows the payer's page that this is the payer."""
        token = payment_utils.generate_access_token(self.reference, env=self.env)
        return {"reference": self.reference, "access_token": token}

    def _wechatpay_pay_url(self):
        """The payer's page, to begin the payment again after WeChat Pay could not be reached."""
        return f"/payment/wechatpay/pay?{urlencode(self._wechatpay_pay_values())}"

    def _wechatpay_description(self):
        """What the payer reads in WeChat. Hook: it must say the same each time it is asked for one transaction."""
        self.ensure_one()
        return f"{self.company_id.name} {self.reference}"

    def _wechatpay_fen(self):
        """The amount in fen, positive also for a refund."""
        self.ensure_one()
        return abs(payment_utils.to_minor_currency_units(self.amount, self.currency_id))

    def _wechatpay_prepay(self, trade_type, openid=None, client_ip=None):
        """Begin the payment at WeChat Pay, once; begun again it returns the same.

        It calls WeChat Pay, but locks nothing meanwhile, and may be repeated: by the payer after a lost answer, and by
        the transaction runner after a lost race. Keep it out of transactions that take stock or money.

        :param trade_type: ``jsapi`` (mini-program; needs ``openid``), ``native`` (QR code) or ``h5`` (browser of a
            phone; needs ``client_ip``)
        :return: ``jsapi``: parameters of ``wx.requestPayment``; ``native``: ``{"code_url"}``; ``h5``: ``{"h5_url"}``
        :raise UserError: with the reason, when it cannot be paid (any more), or WeChat Pay refuses or is away
        """
        self.ensure_one()
        self._wechatpay_ensure_payable(trade_type)
        if not self.wechatpay_prepay:
            answer = self._wechatpay_try("pay", **self._wechatpay_prepay_values(trade_type, openid, client_ip))
            key = {"jsapi": "prepay_id", "native": "code_url", "h5": "h5_url"}[trade_type]
            self.write(
                {
                    "wechatpay_trade_type": trade_type,
                    "wechatpay_prepay": answer[key],
                    "wechatpay_check_at": fields.Datetime.now() + FIRST_CHECK,
                }
            )
        if trade_type == "jsapi":
            return self.provider_id._wechatpay_jsapi_values(self.wechatpay_prepay)
        return {"code_url" if trade_type == "native" else "h5_url": self.wechatpay_prepay}

    def _wechatpay_ensure_payable(self, trade_type):
        self._ensure_provider_is_not_disabled()
        if self.state == "done":
            raise UserError(self.env._("This payment is made already."))
        if self.state not in ("draft", "pending") or self.operation == "refund":
            raise UserError(self.env._("This payment is closed. Please begin a new one."))
        if self.wechatpay_expires_at and self.wechatpay_expires_at <= fields.Datetime.now():
            raise UserError(self.env._("The time to pay is over. Please begin a new payment."))
        if self.wechatpay_trade_type and self.wechatpay_trade_type != trade_type:
            # for WeChat Pay the way of paying belongs to the number
            raise UserError(self.env._("This payment was begun in another way. Please begin a new one."))
        if self.currency_id.name not in const.CURRENCIES or self._wechatpay_fen() < 1:
            raise UserError(self.env._("WeChat Pay takes amounts in yuan, at least 0.01."))
        if not re.fullmatch(const.REFERENCE, self.reference):
            raise UserError(
                self.env._(
                    "WeChat Pay does not take the number %(ref)s: 6 to 32 letters, digits, - and _.", ref=self.reference
                )
            )

    def _wechatpay_prepay_values(self, trade_type, openid, client_ip):
        values = {
            "pay_type": client.TYPES[trade_type],
            "description": self._wechatpay_description().encode()[:127].decode(errors="ignore"),
            "out_trade_no": self.reference,
            "amount": {"total": self._wechatpay_fen(), "currency": self.currency_id.name},
            "notify_url": self.provider_id.sudo().wechatpay_notify_url,
            "time_expire": self.wechatpay_expires_at.replace(tzinfo=timezone.utc).astimezone(CHINA).isoformat(),
        }
        if trade_type == "jsapi":
            if not openid:
                raise UserError(self.env._("Please log in with WeChat to pay."))
            values["payer"] = {"openid": openid}
        if trade_type == "h5":
            values["scene_info"] = {"payer_client_ip": client_ip or "127.0.0.1", "h5_info": {"type": "Wap"}}
        return values

    def _wechatpay_try(self, name, **values):
        """A call on behalf of the person who waits for it.

        :raise UserError: in words for that person
        """
        try:
            return self.provider_id._wechatpay_call(name, **values)
        except client.Unknown as error:
            raise UserError(self.env._("WeChat Pay cannot be reached. Please try again in a moment.")) from error
        except client.Refused as error:
            _logger.warning("WeChat Pay refuses %s for %s: %s %s", name, self.reference, error.code, error)
            raise UserError(self.env._("WeChat Pay refuses: %s", error)) from error

    # === BUSINESS METHODS - PROCESSING === #

    def _wechatpay_lock(self):
        """Let one transaction at a time work on these rows.

        The row is written, not only locked: whoever waited for it with an older picture of the database fails (40001)
        and is restarted with a new one.
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL("UPDATE payment_transaction SET write_date = write_date WHERE id = ANY(%s)", sorted(self.ids))
        )
        self.invalidate_recordset()

    def _process(self, provider_code, payment_data):
        """Override of `payment`: one at a time per transaction; data about another amount change nothing."""
        if provider_code != "wechatpay":
            return super()._process(provider_code, payment_data)
        tx = self or self._search_by_reference(provider_code, payment_data)
        if not tx:
            return tx
        tx._wechatpay_lock()
        if tx._wechatpay_differs(payment_data):
            return tx
        tx = super(PaymentTransaction, tx)._process(provider_code, payment_data)
        tx._wechatpay_schedule()
        return tx

    def _wechatpay_differs(self, payment_data):
        """Whether amount or currency are not ours; then it is reported, and an open transaction ends in an error.

        The core's own check lets the same data pass when they come a second time, so this one stands before it.
        """
        amounts = self._extract_amount_data(payment_data)
        if amounts is None:
            return False
        same = self.currency_id.compare_amounts(amounts["amount"], abs(self.amount)) == 0
        if same and amounts["currency_code"] == self.currency_id.name:
            return False
        note = self.env._(
            "WeChat Pay names %(theirs)s %(currency)s, we have %(ours)s %(own_currency)s. Nothing was booked."
            " Clear it up with the bill and refund what was paid in WeChat's merchant platform.",
            theirs=amounts["amount"],
            currency=amounts["currency_code"],
            ours=abs(self.amount),
            own_currency=self.currency_id.name,
        )
        if self.state in ("draft", "pending", "authorized"):
            self._validate_amount(payment_data)
        self._wechatpay_report("amount", note)
        self.wechatpay_check_at = False
        return True

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        """Override of `payment`: a refund goes by its own number."""
        if provider_code != "wechatpay":
            return super()._extract_reference(provider_code, payment_data)
        return payment_data.get("out_refund_no") or payment_data.get("out_trade_no")

    def _extract_amount_data(self, payment_data):
        """Override of `payment`. What the payer paid after coupons (payer_total) is WeChat's matter, not ours."""
        if self.provider_code != "wechatpay":
            return super()._extract_amount_data(payment_data)
        amounts = payment_data.get("amount") or {}
        if self.operation == "refund":
            fen = amounts.get("refund")
        elif payment_data.get("trade_state") in const.PAID_STATES:
            fen = amounts.get("total")
        else:
            return None  # nothing was paid
        fen = fen if isinstance(fen, int) else 0
        currency = amounts.get("currency") or const.CURRENCIES[0]  # notifications of refunds name none
        return {"amount": payment_utils.to_major_currency_units(fen, self.currency_id), "currency_code": currency}

    def _apply_updates(self, payment_data):
        """Override of `payment`."""
        if self.provider_code != "wechatpay":
            return super()._apply_updates(payment_data)
        if self.operation == "refund":
            return self._wechatpay_apply_refund(payment_data)
        state = payment_data.get("trade_state")
        if state in const.PAID_STATES:
            self._wechatpay_apply_paid(payment_data)
        elif state in ("CLOSED", "REVOKED") and self._wechatpay_is_open():
            self._set_canceled(extra_allowed_states=("error",))
            self._wechatpay_trigger_post_processing()
        elif state == "PAYERROR" and self.state in ("draft", "pending"):
            self._set_error(self.env._("The payment failed: %s", payment_data.get("trade_state_desc") or state))
        elif state == "USERPAYING" and self.state == "draft":
            self._set_pending()
        return None

    def _wechatpay_is_open(self):
        """Whether it can still be paid; an attempt that failed can be repeated, another amount ends it."""
        return self.state in ("draft", "pending") or (self.state == "error" and not self.wechatpay_issue)

    def _wechatpay_apply_paid(self, payment_data):
        if self.state == "done":
            return
        late = self.state == "cancel"
        self.write(
            {
                "provider_reference": payment_data.get("transaction_id"),
                "wechatpay_paid_at": self._wechatpay_time(payment_data),
                "wechatpay_is_late": late,
            }
        )
        self._set_done(extra_allowed_states=("cancel",))
        if late:
            self._wechatpay_report(
                "late",
                self.env._("The payment came when the transaction was cancelled already. It has to be refunded."),
            )
            self._late_payment_received()
        self._wechatpay_trigger_post_processing()

    def _late_payment_received(self):
        """Hook: money has come for a transaction that was cancelled before.

        It is called once per transaction, in the database transaction that books the money: the state is ``done``,
        ``wechatpay_is_late`` is set and the case is reported. The document is closed, so nothing may be delivered: who
        overrides ``_post_process`` must leave late transactions out. The shop overrides this to refund by itself, with
        ``self._refund()``; here the case waits for a person.
        """
        self.ensure_one()

    @api.model
    def _wechatpay_time(self, payment_data):
        """``success_time`` (RFC 3339) as Odoo stores times; now, when it cannot be read."""
        try:
            moment = datetime.fromisoformat(payment_data.get("success_time") or "")
        except ValueError:
            return fields.Datetime.now()
        return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)

    def _wechatpay_trigger_post_processing(self):
        """What follows a payment begins at once, by the core's scheduled action: nobody may be at the portal."""
        self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()

    def _wechatpay_report(self, issue, note):
        """Make visible that somebody has to look at a transaction. Hook: the suite also tells finance."""
        self.ensure_one()
        self.write({"wechatpay_issue": issue, "wechatpay_issue_note": note})
        self._log_message_on_linked_documents(note)
        _logger.warning("WeChat Pay, transaction %s: %s", self.reference, issue)

    # === BUSINESS METHODS - QUERY AND CLOSE === #

    def _wechatpay_settle(self):
        """Ask WeChat Pay how the transaction stands and bring it up to date; an expired one is closed.

        It calls WeChat Pay: never within a transaction that takes stock or money.

        :raise client.Unknown, client.Refused: when there is no answer; nothing is changed then
        """
        self.ensure_one()
        if self.operation == "refund":
            return self._wechatpay_settle_refund()
        data = self._wechatpay_ask()
        expired = self.wechatpay_expires_at and self.wechatpay_expires_at <= fields.Datetime.now()
        if expired and data.get("trade_state") in ("NOTPAY", "PAYERROR", None):
            data = self._wechatpay_close_there(data)
        return self._process("wechatpay", {"out_trade_no": self.reference, **data})

    def _wechatpay_ask(self):
        """What WeChat Pay knows of the payment; ``{}``: nothing."""
        try:
            return self.provider_id._wechatpay_call("query", out_trade_no=self.reference)
        except client.Refused as error:
            if error.code not in const.NOT_FOUND:
                raise
            return {}

    def _wechatpay_close_there(self, data):
        """Close at WeChat Pay; if it does not let itself be closed, the payer was faster: ask again."""
        if data:
            try:
                self.provider_id._wechatpay_call("close", out_trade_no=self.reference)
            except client.Refused:
                return self._wechatpay_ask()
        return {"trade_state": "CLOSED"}

    def _wechatpay_cancel(self):
        """Close the payment, so that it cannot be made any more, then cancel the transaction.

        Call it before the document is cancelled, in a transaction of its own (it calls WeChat Pay): cancel the document
        only when this says so.

        :return: whether it is cancelled; ``False``: the payer was faster, it is paid
        :raise UserError: WeChat Pay is away or does not close it: nothing is known, try again later
        """
        self.ensure_one()
        if self._wechatpay_is_open():
            try:
                data = self._wechatpay_close_there(self.wechatpay_prepay or self._wechatpay_ask())
            except (client.Unknown, client.Refused) as error:
                raise UserError(self.env._("WeChat Pay cannot be reached. Please try again in a moment.")) from error
            self._process("wechatpay", {"out_trade_no": self.reference, **data})
        if self._wechatpay_is_open():
            raise UserError(self.env._("WeChat Pay has not closed the payment. Please try again in a moment."))
        return self.state != "done"

    def _wechatpay_schedule(self):
        """Set the time of the next query: ever later while nothing changes, and just after the payment expires."""
        for tx in self:
            if not tx._wechatpay_is_open() or (tx.operation == "refund" and tx.state == "error"):
                tx.wechatpay_check_at = False
                continue
            now = fields.Datetime.now()
            tx.wechatpay_checks += 1
            at = now + min(FIRST_CHECK * 2 ** min(tx.wechatpay_checks, 10), LONGEST_WAIT)
            if tx.wechatpay_expires_at and now < tx.wechatpay_expires_at < at:
                at = tx.wechatpay_expires_at + timedelta(seconds=5)
            tx.wechatpay_check_at = at

    @api.model
    def _cron_wechatpay_settle(self):
        """Settle what is open: payments whose notification did not come, refunds to be sent. In bounded batches."""
        domain = [("provider_code", "=", "wechatpay"), ("wechatpay_check_at", "<=", fields.Datetime.now())]
        txs = self.search(domain, order="wechatpay_check_at, id", limit=BATCH)
        waiting = self.search_count(domain)
        self.env["ir.cron"]._commit_progress(remaining=waiting)
        silent = 0
        for tx in txs:
            try:
                tx._wechatpay_settle()
                silent = 0
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # somebody else works on it: the next run sees
            except (client.Unknown, client.Refused) as error:
                self.env.cr.rollback()
                _logger.info("WeChat Pay gives no answer on %s: %s", tx.reference, error)
                tx._wechatpay_schedule()
                silent += isinstance(error, client.Unknown)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Transaction %s cannot be settled", tx.reference)
                tx._wechatpay_schedule()
            if silent >= GIVE_UP_AFTER:
                self.env["ir.cron"]._commit_progress(1, remaining=0)  # this run ends; the next one tries again
                break
            if not self.env["ir.cron"]._commit_progress(1):
                break
