import logging
from collections import namedtuple
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

from ..tools import answers, client

_logger = logging.getLogger(__name__)

KEPT_DAYS = 90
OF_USE = timedelta(days=1)  # what could not be sent for so long is told too late
LOST_AFTER = timedelta(minutes=5)  # longer than any call takes
UNREACHABLE_WAIT = 60
NOT_SUBSCRIBED = ("43101", "40003")

# what is sent at once: plain values, so that the call needs no database
Call = namedtuple("Call", "id app_id openid template data page")


class CrabWechatMessage(models.Model):
    """Subscribe messages: queued in the transaction of the notice, sent after its commit, each once (MB-30).

    A row is marked as in process and committed before WeChat is called, so that neither a rolled-back nor a killed
    process sends twice. WeChat cannot be asked what became of a call: what is not known is not sent again.
    """

    _name = "crab.wechat.message"
    _description = "Message by WeChat"
    _order = "id desc"
    _rec_name = "template_id"

    account_id = fields.Many2one("crab.account", "To", required=True, readonly=True, index=True, ondelete="cascade")
    template_id = fields.Many2one(
        "crab.wechat.template", "Subscribe message", required=True, readonly=True, index=True, ondelete="cascade"
    )
    data = fields.Json("Values", readonly=True, groups=NO_ACCESS)
    body = fields.Char("Text", readonly=True)
    state = fields.Selection(
        [
            ("outgoing", "To send"),
            ("process", "In process"),
            ("sent", "Sent"),
            ("not_subscribed", "Not subscribed"),
            ("error", "Failed"),
        ],
        required=True,
        readonly=True,
        default="outgoing",
    )
    code = fields.Char("Answer of WeChat", readonly=True)
    message = fields.Char("In WeChat's words", readonly=True)
    reason = fields.Char(compute="_compute_reason", help="Why it is not, or not yet, sent.")
    next_try_at = fields.Datetime("Next try on", readonly=True)
    taken_at = fields.Datetime("Sent on", readonly=True)
    tries = fields.Integer(readonly=True)

    _open_idx = models.Index("(id) WHERE state IN ('outgoing', 'process')")

    @api.depends("code", "message")
    @api.depends_context("lang")
    def _compute_reason(self):
        for row in self:
            text = answers.meaning(row.code)
            row.reason = self.env._(text) if text else row.message or row.code

    # ------------------------------------------------------------------ queueing

    @api.model
    def _queue(self, template, rows):
        """Queue a message per row in this transaction; they leave after its commit.

        :param template: ``crab.wechat.template``
        :param rows: list of ``(account, {what the values name: text})``; who does not use the mini-program gets none
        :return: the messages in sudo, in the order of ``rows``; empty ones for those without
        """
        template_sudo, own_sudo = template.sudo(), self.sudo()  # whoever causes a message need not read them
        none, accounts = own_sudo.browse(), self.env["crab.account"].union(*(account for account, _values in rows))
        known = accounts._wechat_openids(template_sudo.app_id, accounts)
        if not template_sudo.active or not template_sudo.app_id._is_ready():
            known = {}
        vals_list = []
        for account, values in rows:
            if account.id in known:
                data = template_sudo._data(values)
                text = " ".join(data.values())
                vals_list.append(
                    {"account_id": account.id, "template_id": template_sudo.id, "data": data, "body": text}
                )
        made = iter(own_sudo.create(vals_list))
        if vals_list:
            self._wake()
        return [next(made) if account.id in known else none for account, _values in rows]

    @api.model
    def _wake(self):
        self.env.ref("crab_wechat.cron_messages").sudo()._trigger()  # whoever causes a message may wake it

    # ------------------------------------------------------------------ sending

    @api.model
    def _cron_send(self):
        """Send what is due, one after the other, each between two transactions of its own."""
        run = partial(transaction.run, self.env.registry)
        while work := run(_take):
            run(partial(_finish, work=work, outcome=self._send(work)))
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _take(self):
        """Mark the next message that is due as in process; ``None`` if there is none."""
        self.env.flush_all()
        now = fields.Datetime.now()
        lost = self.search([("state", "=", "process"), ("taken_at", "<", now - LOST_AFTER)])
        lost.write({"state": "error", "code": "unknown"})
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crab_wechat_message WHERE state = 'outgoing'"
                " AND COALESCE(next_try_at, '-infinity') <= %s ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
                now,
            )
        )
        row = self.browse(found for (found,) in self.env.cr.fetchall())
        if not row:
            return None
        row.invalidate_recordset()
        row.write({"state": "process", "taken_at": now, "code": False, "message": False, "tries": row.tries + 1})
        template, app = row.template_id, row.template_id.app_id
        openid = row.account_id._wechat_openids(app, row.account_id).get(row.account_id.id)
        return Call(row.id, app.id, openid, template.template_id, row.data, template.page or app.entry_page)

    @api.model
    def _send(self, work):
        """Call WeChat; writes nothing. ``(outcome, code, WeChat's words)``."""
        app = self.env["crab.wechat.app"].browse(work.app_id)
        if not app._is_ready():
            return "refused", "unready", ""
        if not work.openid:
            return "refused", NOT_SUBSCRIBED[1], ""
        try:
            app._wechat("notice", work.openid, work.template, work.data, work.page)
        except client.Refused as refusal:
            return "refused", refusal.code, refusal.message
        except client.Unreachable:
            return "unreachable", "unreachable", ""
        except client.Unknown as error:
            _logger.info("WeChat, message %s: no usable answer (%s)", work.id, error)
            return "unknown", "unknown", ""
        return "sent", "", ""

    def _finish(self, outcome, code, message):
        """Write down what became of a call."""
        lock_rows(self)
        if self.state != "process":
            return
        now = fields.Datetime.now()
        wait = UNREACHABLE_WAIT if outcome == "unreachable" else answers.wait_seconds(code)
        values = {"code": code, "message": message, "next_try_at": False}
        if outcome == "sent":
            state = "sent"
        elif outcome != "unknown" and code in NOT_SUBSCRIBED:
            state = "not_subscribed"  # its own choice: nobody needs to look at it
        elif outcome != "unknown" and wait and now - self.create_date < OF_USE:
            state = "outgoing"
            values["next_try_at"] = now + timedelta(seconds=wait)
        else:
            state = "error"
        self.write({**values, "state": state})

    # ------------------------------------------------------------------ back office

    def action_retry(self):
        """Send failed messages again."""
        if not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service can do this."))
        self.check_access("read")
        lock_rows(self)
        rows_sudo = self.sudo()  # the right was checked
        if rows_sudo.filtered(lambda row: row.state != "error"):
            raise UserError(self.env._("Only messages that failed can be sent again."))
        rows_sudo.write({"state": "outgoing", "code": False, "message": False, "next_try_at": False})
        self._wake()

    @api.autovacuum
    def _gc_old(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", before), ("state", "!=", "process")], limit=10_000).unlink()


# What the queue does between its transactions; functions of an environment, as a transaction may be restarted.


def _take(env):
    return env["crab.wechat.message"]._take()


def _finish(env, work, outcome):
    env["crab.wechat.message"].browse(work.id)._finish(*outcome)
