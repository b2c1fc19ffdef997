import logging
from collections import namedtuple
from datetime import UTC, timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.crab_account.tools.phone import masked
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.timezone import SHANGHAI

from ..tools import answers, client

_logger = logging.getLogger(__name__)

WAIT_MINUTES = (1, 5, 15, 60, 180, 360)
MOST_TRIES = 30  # some days; WeChat holds the money meanwhile
LONGEST_GOODS = 120
MOST_PARCELS = 10
SAME_ALREADY = "10060023"  # nothing new in it
EXPRESS, LOCAL, VIRTUAL = 1, 2, 3
UNIFIED, SPLIT = 1, 2

# what is told at once: plain values, so that the call needs no database
Call = namedtuple("Call", "id app_id wanted values problem")


class CrabWechatShipping(models.Model):
    """How an order that was paid in the mini-program is shipped, told to WeChat, which holds the money until then.

    One row per order. A parcel more makes it due again; what is told replaces what was told before, so that it may be
    told again after a lost answer.
    """

    _name = "crab.wechat.shipping"
    _description = "Shipping told to WeChat"
    _inherit = ["mail.activity.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    transaction_id = fields.Many2one("payment.transaction", "Payment", required=True, readonly=True, index=True)
    reference = fields.Char(related="transaction_id.reference")
    state = fields.Selection(
        [("waiting", "To tell"), ("done", "Told"), ("error", "Failed")], required=True, readonly=True, default="waiting"
    )
    is_split = fields.Boolean("In several parcels", readonly=True)
    wanted = fields.Integer(readonly=True, default=1, help="Counted up whenever there is something new to tell.")
    code = fields.Char("Answer of WeChat", readonly=True)
    message = fields.Char("In WeChat's words", readonly=True)
    reason = fields.Char(compute="_compute_reason", help="Why it is not told, or not yet.")
    tries = fields.Integer(readonly=True)
    next_try_at = fields.Datetime("Next try on", readonly=True, default=fields.Datetime.now)
    told_at = fields.Datetime("Told on", readonly=True)

    _order_uniq = models.Constraint("UNIQUE(order_id)", "An order is told once.")
    _due_idx = models.Index("(next_try_at) WHERE state = 'waiting'")

    @api.depends("code", "message")
    @api.depends_context("lang")
    def _compute_reason(self):
        for row in self:
            text = answers.meaning(row.code)
            row.reason = self.env._(text) if text else row.message or row.code

    # ------------------------------------------------------------------ what is to be told

    @api.model
    def _tell(self, orders):
        """Have WeChat told how ``orders`` are shipped; those that were not paid in the mini-program are left out."""
        app_sudo = self.env["crab.wechat.app"]._active()
        due = orders.filtered(
            lambda order: (
                order.crab_transaction_id.provider_code == "wechatpay"
                and order.crab_transaction_id.wechatpay_trade_type == "jsapi"
                and order.crab_transaction_id.provider_id.sudo().wechatpay_appid == app_sudo.app_id
            )
        )
        if not due:
            return
        rows = self.sudo().search([("order_id", "in", due.ids)])
        lock_rows(rows)
        for row in rows:
            row.write({"state": "waiting", "wanted": row.wanted + 1, "tries": 0, "next_try_at": fields.Datetime.now()})
        new = due - rows.order_id
        rows.create([{"order_id": order.id, "transaction_id": order.crab_transaction_id.id} for order in new])
        self.env.ref("crab_wechat.cron_shipping").sudo()._trigger()  # whoever ships may wake it

    def _values(self):
        """What is told, or the code of what keeps it from being told: ``(values, None)`` or ``(None, code)``."""
        self.ensure_one()
        order, transaction_sudo = self.order_id, self.transaction_id.sudo()  # the merchant number is in the settings
        app_sudo, account = self.env["crab.wechat.app"]._active(), order.crab_member_id._now().account_id
        openid = account._wechat_openids(app_sudo, account).get(account.id)
        if not openid:
            return None, "no_person"
        parcels = self._parcels()
        kind = VIRTUAL if order.crab_kind == "ecard" else EXPRESS if any(t for _c, t, _g in parcels) else LOCAL
        codes = self._carrier_codes({carrier for carrier, _tracking, _goods in parcels})
        shipping_list = []
        for carrier, tracking, goods in parcels:
            parcel = {"item_desc": goods[:LONGEST_GOODS]}
            if kind == EXPRESS:
                if not tracking:
                    continue
                if not codes.get(carrier):
                    return None, "carrier"
                parcel |= {"tracking_no": tracking, "express_company": codes[carrier]}
                parcel["contact"] = {"receiver_contact": masked(order.crab_receiver_phone)}
            shipping_list.append(parcel)
        is_all = order.crab_state != "partly_shipped"
        split = self.is_split or len(shipping_list) > 1 or not is_all
        values = {
            "order_key": {
                "order_number_type": 1,
                "mchid": transaction_sudo.provider_id.wechatpay_mchid,
                "out_trade_no": transaction_sudo.reference,
            },
            "logistics_type": kind,
            "delivery_mode": SPLIT if split else UNIFIED,
            "shipping_list": shipping_list[:MOST_PARCELS],
            "upload_time": self._moment(fields.Datetime.now()),
            "payer": {"openid": openid},
        }
        if split:
            values["is_all_delivered"] = is_all
        return values, None

    def _parcels(self):
        """``[(carrier, tracking number, goods)]`` that have left."""
        order = self.order_id
        if order.crab_kind == "ecard":
            return [("", "", order.crab_product_names)]
        sale = order.crab_card_order_ids
        if sale:
            return [(one.carrier or "", one.tracking_reference or "", order.crab_product_names) for one in sale]
        deliveries = self.env["crab.delivery"].search(
            [("order_id", "=", order.id), ("state", "=", "shipped")], order="shipped_at, id"
        )
        return [(one.carrier_name, one.tracking_reference or "", one.goods) for one in deliveries]

    @api.model
    def _carrier_codes(self, names):
        """``{name of a carrier: its code}``; a name that is itself a code stands for itself."""
        carriers = self.env["crab.carrier"].with_context(active_test=False).search([("code", "!=", False)])
        known = {carrier.code: carrier.code for carrier in carriers} | {one.name: one.code for one in carriers}
        return {name: known.get(name) for name in names}

    @api.model
    def _moment(self, moment):
        return moment.replace(tzinfo=UTC).astimezone(SHANGHAI).isoformat(timespec="milliseconds")

    # ------------------------------------------------------------------ telling

    @api.model
    def _cron_tell(self):
        """Tell what is due, one order after the other, each between two transactions of its own."""
        run = partial(transaction.run, self.env.registry)
        while work := run(_take):
            run(partial(_finish, work=work, outcome=self._call(work)))
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _take(self):
        """What is told next; put off, so that a process that is killed meanwhile leaves it due a little later."""
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crab_wechat_shipping WHERE state = 'waiting' AND next_try_at <= %s"
                " ORDER BY next_try_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
                now,
            )
        )
        row = self.browse(found for (found,) in self.env.cr.fetchall())
        if not row:
            return None
        row.invalidate_recordset()
        row.next_try_at = now + timedelta(minutes=WAIT_MINUTES[min(row.tries, len(WAIT_MINUTES) - 1)])
        row.tries += 1
        app_sudo = self.env["crab.wechat.app"]._active()
        values, problem = row._values() if app_sudo._is_ready() else (None, "unready")
        return Call(row.id, app_sudo.id, row.wanted, values, problem)

    @api.model
    def _call(self, work):
        """Call WeChat; writes nothing. ``(outcome, code, WeChat's words)``."""
        if work.problem:
            return "refused", work.problem, ""
        try:
            self.env["crab.wechat.app"].browse(work.app_id)._wechat("shipping", work.values)
        except client.Refused as refusal:
            if refusal.code == SAME_ALREADY:
                return "done", "", ""
            return "refused", refusal.code, refusal.message
        except (client.Unreachable, client.Unknown) as error:
            _logger.info("WeChat, shipping %s: no usable answer (%s)", work.id, error)
            return "again", "no_answer", ""
        return "done", "", ""

    def _finish(self, work, outcome, code, message):
        """Write down what became of a call; what fails for good is an activity for customer service."""
        lock_rows(self)
        if self.wanted != work.wanted:
            return  # there is news: it is told anyway
        values = {"code": code, "message": message}
        if outcome == "done":
            split = work.values["delivery_mode"] == SPLIT
            self.write({**values, "state": "done", "told_at": fields.Datetime.now(), "is_split": split})
            self.activity_unlink(["mail.mail_activity_data_warning"])
        elif self.tries < MOST_TRIES and (outcome == "again" or answers.wait_seconds(code)):
            self.write(values)
        else:
            self.write({**values, "state": "error"})
            self._report()

    def _report(self):
        for user in self.env["crab.ledger.check"]._finance_users():
            if self.company_id in user.company_ids:
                self.activity_schedule(
                    "mail.mail_activity_data_warning",
                    user_id=user.id,
                    summary=self.with_context(lang=user.lang).env._(
                        "WeChat does not know that %(order)s was shipped, and holds the money.",
                        order=self.order_id.name,
                    ),
                )

    # ------------------------------------------------------------------ back office

    def action_retry(self):
        """Tell it again now."""
        groups = ("crab_base.group_finance", "crab_base.group_customer_service")
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(self.env._("Only finance and customer service can do this."))
        self.check_access("read")
        lock_rows(self)
        rows_sudo = self.sudo()  # the right was checked
        if rows_sudo.filtered(lambda row: row.state == "done"):
            raise UserError(self.env._("This is told already."))
        rows_sudo.write({"state": "waiting", "tries": 0, "next_try_at": fields.Datetime.now()})
        self.env.ref("crab_wechat.cron_shipping").sudo()._trigger()  # whoever may tell again may wake it

    def action_open_order(self):
        """The order, with the user's own rights."""
        self.ensure_one()
        form = self.env.ref("crab_shop.sale_order_view_form")
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
            "views": [(form.id, "form")],
        }


# What the job does between its transactions; functions of an environment, as a transaction may be restarted.


def _take(env):
    return env["crab.wechat.shipping"]._take()


def _finish(env, work, outcome):
    env["crab.wechat.shipping"].browse(work.id)._finish(work, *outcome)
