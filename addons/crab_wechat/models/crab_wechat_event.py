from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools import transaction

from ..tools.callback import Callback

KEPT_DAYS = 90
MOST_REFUSED = 1000  # rows per day that strangers can make
MESSAGES = ("text", "image", "link", "miniprogrampage", "voice", "video", "shortvideo", "location")


class CrabWechatEvent(models.Model):
    """What WeChat sent: each message once, however often it is sent, and what was refused.

    What members write is not kept: WeChat customer service has it, to which it is passed on (MB-29).
    """

    _name = "crab.wechat.event"
    _description = "Message of WeChat"
    _order = "id desc"
    _log_access = False
    _rec_name = "event"

    key = fields.Char("Number of the message", required=True, readonly=True)
    event = fields.Char("Kind", required=True, readonly=True)
    state = fields.Selection(
        [("passed_on", "Passed on to customer service"), ("noted", "Noted"), ("refused", "Refused")],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("form", "Not in the form of a message"),
            ("signature", "The signature does not fit"),
            ("key", "Encrypted with another key"),
            ("app", "For another mini-program"),
            ("stale", "Too old, or sent again by somebody"),
        ],
        "Refused because",
        readonly=True,
    )
    source = fields.Char("Sent from", readonly=True, help="Network address; only of what was refused.")
    count = fields.Integer("Times", readonly=True, default=1)
    received_at = fields.Datetime("Received on", required=True, readonly=True, index=True)

    _key_uniq = models.Constraint("UNIQUE(key)", "A message counts once.")

    @api.model
    def _callback(self):
        """What opens the messages of the active mini-program; ``None`` where none can be received."""
        app_sudo = self.env["crab.wechat.app"]._active()
        if not app_sudo.has_callback:
            return None
        return Callback(app_sudo.message_token, app_sudo.aes_key, app_sudo.app_id)

    @api.model
    def _receive(self, message):
        """Take a message that is WeChat's; a repetition is counted and gets the same answer.

        :param dict message: as WeChat has it
        :return: the answer as a dict, or ``None`` where WeChat wants none
        """
        sender, kind = str(message.get("FromUserName") or ""), str(message.get("MsgType") or "?")
        made = str(message.get("CreateTime") or "")
        event = str(message.get("Event") or "") if kind == "event" else ""
        is_message = kind in MESSAGES
        key = str(message.get("MsgId") or "") if is_message else ""
        self._count(
            {
                "key": (key and f"m {key}") or f"e {sender} {made} {event or kind}",
                "event": event or kind,
                "state": "passed_on" if is_message else "noted",
            }
        )
        if not is_message:
            return None
        return {
            "ToUserName": sender,
            "FromUserName": str(message.get("ToUserName") or ""),
            "CreateTime": int(made) if made.isascii() and made.isdigit() else 0,
            "MsgType": "transfer_customer_service",
        }

    @api.model
    def _refuse(self, reason, source):
        """Note what was refused, in a transaction of its own: it stays, though the request ends in an error."""
        transaction.run(self.env.registry, lambda env: env[self._name]._note_refused(reason, source))

    @api.model
    def _note_refused(self, reason, source):
        """Those of one address, reason and hour are one row; there are not endlessly many."""
        now = fields.Datetime.now()
        refused_today = [("state", "=", "refused"), ("received_at", ">", now - timedelta(days=1))]
        full = self.search_count(refused_today, limit=MOST_REFUSED) == MOST_REFUSED
        source = "" if full else (source or "")[:64]
        key = f"r {reason} {source} {now:%Y%m%d%H}"
        self._count({"key": key, "event": "?", "state": "refused", "reason": reason, "source": source})

    @api.model
    def _count(self, values):
        values = {**values, "received_at": fields.Datetime.now(), "count": 1}
        values = {
            name: value[:200].replace("\0", "") if isinstance(value, str) else value for name, value in values.items()
        }
        names = SQL(", ").join(SQL.identifier(name) for name in values)
        self.env.cr.execute(
            SQL(
                "INSERT INTO crab_wechat_event AS own (%s) VALUES %s"
                " ON CONFLICT (key) DO UPDATE SET count = own.count + 1",
                names,
                tuple(values.values()),
            )
        )
        self.invalidate_model(["count"])

    @api.autovacuum
    def _gc_old(self):
        self.search([("received_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))], limit=10_000).unlink()
