import json
from functools import partial

from odoo import SUPERUSER_ID, api, fields, models
from odoo.service import model as service_model
from odoo.tools import SQL

from odoo.addons.payment import utils as payment_utils

KEEP_DAYS = {"refused": 90, "done": 400, "ignored": 400}


class PaymentWechatpayNotification(models.Model):
    """What came in the name of WeChat Pay: each notification once, however often it is sent, and what was refused."""

    _name = "payment.wechatpay.notification"
    _description = "WeChat Pay Notification"
    _order = "last_received_at desc, id desc"
    _rec_name = "reference"

    provider_id = fields.Many2one("payment.provider", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    notification_id = fields.Char(string="Number of the Notification", required=True, readonly=True)
    event_type = fields.Char(string="Event", readonly=True)
    state = fields.Selection(
        [
            ("done", "Applied"),
            ("unmatched", "No transaction of ours"),
            ("ignored", "Not for us to act on"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Selection(
        [
            ("unsigned", "Not signed"),
            ("scheme", "Other kind of signature"),
            ("probe", "Test of WeChat whether signatures are checked"),
            ("stale", "Older than five minutes, or sent again by somebody"),
            ("serial", "Signed with an unknown key"),
            ("signature", "The signature does not fit"),
            ("key", "Encrypted with another APIv3 key"),
            ("form", "Not in the form of a notification"),
            ("merchant", "For another merchant"),
            ("unready", "The keys of the provider are missing"),
        ],
        string="Refused Because",
        readonly=True,
    )
    reference = fields.Char(string="Our Number", readonly=True, index=True)
    transaction_id = fields.Many2one("payment.transaction", readonly=True, index="btree_not_null", ondelete="set null")
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    content = fields.Text(readonly=True, groups="base.group_system", help="What WeChat Pay said, decrypted.")
    source = fields.Char(string="Sent From", readonly=True)
    count = fields.Integer(string="Times", readonly=True, default=1)
    first_received_at = fields.Datetime(string="First Received On", readonly=True)
    last_received_at = fields.Datetime(string="Received On", readonly=True)

    _notification_uniq = models.Constraint("UNIQUE(provider_id, notification_id)", "A notification is kept once.")

    # === BUSINESS METHODS === #

    @api.model
    def _refuse(self, provider, reason, source):
        """Record a refused message for good, in a transaction of its own, whatever becomes of the request.

        One line per reason and hour, with a count: a flood of forgeries fills no table.
        """
        hour = fields.Datetime.now().strftime("%Y%m%d%H")
        values = {"notification_id": f"refused-{reason}-{hour}", "state": "refused", "reason": reason}
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            service_model.retrying(partial(env[self._name]._count, provider.id, values, source), env)

    @api.model
    def _count(self, provider_id, values, source):
        """Insert a line, or count one that is there; ``(id, whether it is new)``."""
        now = fields.Datetime.now()
        row = {
            "provider_id": provider_id,
            "company_id": self.env["payment.provider"].sudo().browse(provider_id).company_id.id,
            **values,
            "source": source,
            "count": 1,
            "first_received_at": now,
            "last_received_at": now,
            "create_date": now,
            "write_date": now,
        }
        self.env.cr.execute(
            SQL(
                "INSERT INTO payment_wechatpay_notification AS line (%s) VALUES %s"
                " ON CONFLICT (provider_id, notification_id) DO UPDATE SET count = line.count + 1,"
                " source = excluded.source, last_received_at = excluded.last_received_at"
                " RETURNING id, count = 1",
                SQL(", ").join(SQL.identifier(name) for name in row),
                tuple(row.values()),
            )
        )
        line_id, is_new = self.env.cr.fetchone()
        self.browse(line_id).invalidate_recordset()
        return line_id, is_new

    @api.model
    def _receive(self, provider, notification, source):
        """Apply a genuine notification, once.

        :param notification: what ``provider._wechatpay_open_notification`` gives
        :return: whether WeChat Pay may stop sending it
        """
        line_id, _is_new = self._count(
            provider.id, {"notification_id": notification["id"][:64], "state": "unmatched"}, source
        )
        line = self.browse(line_id)
        if line.state != "unmatched":
            return True
        data = notification["resource"]
        line.write(
            {
                "event_type": notification["event_type"],
                "reference": data.get("out_refund_no") or data.get("out_trade_no"),
                "content": json.dumps(data, ensure_ascii=False, sort_keys=True),
            }
        )
        kind = (notification["event_type"].partition(".")[0], notification["original_type"])
        if kind not in (("TRANSACTION", "transaction"), ("REFUND", "refund")):
            line.state = "ignored"  # e.g. profit sharing, which comes as TRANSACTION.SUCCESS too
            return True
        line._apply(kind[1], data)
        return line.state == "done"

    def _apply(self, kind, data):
        self.ensure_one()
        Transaction = self.env["payment.transaction"]
        currency = self.env.ref("base.CNY")
        fen = (data.get("amount") or {}).get("refund" if kind == "refund" else "total")
        if isinstance(fen, int):
            self.write({"currency_id": currency.id, "amount": payment_utils.to_major_currency_units(fen, currency)})
        tx = Transaction.search([("reference", "=", self.reference), ("provider_id", "=", self.provider_id.id)])
        if not tx and kind == "refund":
            tx = Transaction._wechatpay_foreign_refund(self.provider_id, data)
        if tx:
            tx._process("wechatpay", data)
            self.write({"transaction_id": tx.id, "state": "done"})

    # === CRON METHODS === #

    @api.autovacuum
    def _gc_notifications(self):
        """Forget old lines; what no transaction was found for stays until somebody has cleared it up."""
        for state, days in KEEP_DAYS.items():
            before = fields.Datetime.subtract(fields.Datetime.now(), days=days)
            self.search([("state", "=", state), ("last_received_at", "<", before)], limit=10000).unlink()
