import base64
import logging
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const
from ..tools import bill, client

_logger = logging.getLogger(__name__)

CHINA = timezone(timedelta(hours=8))
READY_AT = time(10, 0)  # when WeChat has made the bill of the day before, in China
LOOK_BACK = 7  # days that are fetched later when a day was missed


class PaymentWechatpayBill(models.Model):
    """The trade bill of a day as WeChat Pay made it, and how it compares with our transactions."""

    _name = "payment.wechatpay.bill"
    _description = "WeChat Pay Bill"
    _order = "date desc, id desc"
    _rec_name = "date"

    provider_id = fields.Many2one(
        "payment.provider",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        domain=[("code", "=", "wechatpay")],
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.ref("base.CNY"), required=True)
    date = fields.Date(string="Day", required=True, readonly=True, help="In China, as WeChat counts.")
    state = fields.Selection(
        [("waiting", "Not made yet"), ("loaded", "Loaded"), ("empty", "Nothing happened"), ("failed", "Not readable")],
        default="waiting",
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)
    file = fields.Binary(string="Bill of WeChat Pay", readonly=True, attachment=True)
    file_name = fields.Char(compute="_compute_file_name")
    file_hash = fields.Char(string="SHA-1", readonly=True)
    fetched_at = fields.Datetime(string="Fetched On", readonly=True)
    line_ids = fields.One2many("payment.wechatpay.bill.line", "bill_id", readonly=True)
    line_count = fields.Integer(string="Lines", readonly=True)
    amount_in = fields.Monetary(string="Paid", readonly=True)
    amount_out = fields.Monetary(string="Refunded", readonly=True)
    amount_fee = fields.Monetary(string="Fees", readonly=True, help="What WeChat Pay keeps, less what it gives back.")
    difference_count = fields.Integer(string="Differences", readonly=True)

    _day_uniq = models.Constraint("UNIQUE(provider_id, date)", "There is a bill of this day already.")

    @api.depends("date", "provider_id")
    def _compute_file_name(self):
        for one in self:
            one.file_name = f"wechatpay-{one.provider_id.id}-{one.date}.csv"

    # === ACTION METHODS === #

    def action_fetch(self):
        """Fetch these bills again, and compare."""
        self.check_access("read")
        self.env["payment.provider"]._wechatpay_check_may_reconcile()
        for one in self:
            try:
                one.sudo()._fetch()
            except (client.Unknown, client.Refused) as error:
                raise UserError(
                    self.env._("The bill of %(day)s cannot be fetched: %(error)s", day=one.date, error=error)
                ) from error

    def action_compare(self):
        """Compare these bills with our transactions as they are now."""
        self.check_access("read")
        self.env["payment.provider"]._wechatpay_check_may_reconcile()
        for one in self.sudo():
            one._compare()

    def action_differences(self):
        """The lines of this bill that differ."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("payment_wechatpay.payment_wechatpay_bill_line_action")
        return {**action, "domain": [("bill_id", "=", self.id)], "context": {"search_default_differences": 1}}

    # === BUSINESS METHODS === #

    def _fetch(self):
        """Ask WeChat Pay for the bill, keep the file, replace the lines, compare. It can be repeated.

        :raise client.Unknown, client.Refused: when there is no answer
        """
        self.ensure_one()
        self.fetched_at = fields.Datetime.now()
        provider = self.provider_id
        try:
            answer = provider._wechatpay_call("trade_bill", bill_date=self.date.isoformat())
        except client.Refused as error:
            if error.code in const.BILL_LATER:
                self.write({"state": "waiting", "note": str(error)})
                return
            if error.code not in const.NO_BILL:
                raise
            self._load([], "", "")
            return
        content = provider._wechatpay_call("bill_file", url=answer.get("download_url") or "")
        try:
            text = bill.unpacked(content if isinstance(content, bytes) else b"", answer.get("hash_value"))
            rows, _totals = bill.parse(text)
        except (bill.Unreadable, UnicodeDecodeError) as error:
            _logger.warning("The WeChat Pay bill of %s cannot be read: %s", self.date, error)
            self.write({"state": "failed", "note": self.env._("The file cannot be read: %s", error)})
            return
        self._load(rows, text, answer["hash_value"])

    def _load(self, rows, text, file_hash):
        """Replace the lines by these rows and compare them."""
        self.line_ids.unlink()
        Line = self.env["payment.wechatpay.bill.line"]
        Line.create([{**Line._values_of(row), "bill_id": self.id} for row in rows])
        self.write(
            {
                "state": "loaded" if rows else "empty",
                "note": False,
                "file": base64.b64encode(text.encode()) if text else False,
                "file_hash": file_hash,
            }
        )
        self._compare()

    def _bounds(self):
        """The day as naive UTC times, from and to (exclusive)."""
        start = datetime.combine(self.date, time(), CHINA).astimezone(timezone.utc).replace(tzinfo=None)
        return start, start + timedelta(days=1)

    def _compare(self):
        """Put each line beside our transaction, and add a line for each transaction of ours that the bill lacks."""
        self.ensure_one()
        lines = self.line_ids
        lines.filtered(lambda line: line.difference == "missing").unlink()
        lines = lines.exists()
        numbers = [line.our_number for line in lines]
        provider = [("provider_id", "=", self.provider_id.id)]
        Transaction = self.env["payment.transaction"]
        by_number = {tx.reference: tx for tx in Transaction.search([*provider, ("reference", "in", numbers)])}
        for line in lines:
            line._compare(by_number.get(line.our_number, Transaction))
        first, after = self._bounds()
        ours = Transaction.search(
            [
                *provider,
                ("state", "=", "done"),
                ("wechatpay_paid_at", ">=", first),
                ("wechatpay_paid_at", "<", after),
                ("reference", "not in", numbers),
            ]
        )
        lines |= lines.create([{**lines._values_of_missing(tx), "bill_id": self.id} for tx in ours])
        real = lines.filtered(lambda line: line.difference != "missing")
        self.write(
            {
                "line_count": len(real),
                "amount_in": sum(real.mapped("amount_in")),
                "amount_out": sum(real.mapped("amount_out")),
                "amount_fee": sum(real.mapped("fee")),
                "difference_count": len(lines.filtered("difference")),
            }
        )

    # === CRON METHODS === #

    @api.model
    def _cron_fetch(self):
        """Fetch the bills of the last days that are due and not there yet."""
        now = fields.Datetime.now().replace(tzinfo=timezone.utc).astimezone(CHINA)
        last = now.date() - timedelta(days=1 if now.time() >= READY_AT else 2)
        days = [last - timedelta(days=back) for back in range(LOOK_BACK)]
        providers = self.env["payment.provider"].search([("code", "=", "wechatpay"), ("state", "!=", "disabled")])
        there = {
            (one.provider_id, one.date): one
            for one in self.search([("provider_id", "in", providers.ids), ("date", "in", days)])
        }
        for provider in providers:
            for day in days:
                one = there.get((provider, day))
                if one and one.state in ("loaded", "empty"):
                    continue
                try:
                    (one or self.create({"provider_id": provider.id, "date": day}))._fetch()
                except (client.Unknown, client.Refused) as error:
                    self.env.cr.rollback()
                    _logger.info("The WeChat Pay bill of %s cannot be fetched: %s", day, error)
                    break
                self.env["ir.cron"]._commit_progress(1)
