import hmac
import secrets
import unicodedata
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL
from odoo.tools.misc import hmac as keyed_hash

from odoo.addons.crab_account.tools.phone import normalise
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

PURPOSES = [
    ("login", "Log in"),
    ("phone", "Change of the phone number"),
    ("password", "New password"),
    ("card", "Use of a card"),
]
MINUTES = 5
MOST_TRIES = 5
KEPT_DAYS = 30
# (name of the setting, default, window)
PER_PHONE = (
    ("code_phone_minute", 1, timedelta(minutes=1)),
    ("code_phone_hour", 5, timedelta(hours=1)),
    ("code_phone_day", 10, timedelta(days=1)),
)
PER_SOURCE = (("code_source_hour", 30, timedelta(hours=1)), ("code_source_day", 100, timedelta(days=1)))
IN_ALL = (("code_day", 20000, timedelta(days=1)),)
WRONG_PER_SOURCE = ("code_wrong_source_hour", 50)


class TooManyCodes(UserError):
    """Too many codes were asked for or guessed.

    :param int retry_after: seconds until it makes sense to try again
    """

    http_status, error_code = 429, "too_many"

    def __init__(self, detail, retry_after):
        super().__init__(detail)
        self.retry_after = retry_after


class CrabSmsCode(models.Model):
    """A code by SMS proves that somebody holds a phone (IF-01). Nobody is looked up: every number is treated alike.

    Requests and wrong tries are written in transactions of their own, which stay whatever becomes of the request. That
    a code was used is written in the caller's: if that is undone, or run again, the code is as good as before.
    """

    _name = "crab.sms.code"
    _description = "Code by SMS"
    _order = "id desc"
    _rec_name = "phone"
    _log_access = False

    phone = fields.Char(required=True, readonly=True)
    purpose = fields.Selection(PURPOSES, required=True, readonly=True)
    source = fields.Char("Asked from", readonly=True, help="Network address.")
    asked_at = fields.Datetime("Asked for on", required=True, readonly=True)
    expires_at = fields.Datetime("Good until", required=True, readonly=True)
    used_at = fields.Datetime("Used on", readonly=True)
    replaced_at = fields.Datetime("Replaced on", readonly=True, help="Another one was asked for.")
    tries = fields.Integer("Wrong tries", readonly=True)
    code_hash = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    sms_id = fields.Many2one("sms.sms", "SMS", readonly=True, index="btree_not_null", ondelete="set null")
    sms_state = fields.Selection(related="sms_id.state", string="State of the SMS")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("used", "Used"),
            ("replaced", "Replaced"),
            ("wrong", "Too many wrong tries"),
            ("expired", "Expired"),
        ],
        compute="_compute_state",
    )

    _open_idx = models.Index("(phone, purpose, id)")
    _phone_idx = models.Index("(phone, asked_at)")
    _source_idx = models.Index("(source, asked_at)")
    _asked_at_idx = models.Index("(asked_at)")

    @api.depends("used_at", "replaced_at", "tries", "expires_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for code in self:
            code.state = (
                "used"
                if code.used_at
                else "replaced"
                if code.replaced_at
                else "wrong"
                if code.tries >= MOST_TRIES
                else "expired"
                if code.expires_at <= now
                else "open"
            )

    # ------------------------------------------------------------------ services

    @api.model
    def _request(self, phone, purpose, source):
        """Send a code to ``phone``; earlier ones for the same purpose end.

        Committed at once in a transaction of its own, so that no failure of the caller makes it unseen.

        :param phone: in any writing; whether anybody has it is not looked up
        :param purpose: a key of ``PURPOSES``
        :param source: network address of who asks
        :raise UserError: for what is no phone number, or when SMS are not set up
        :raise TooManyCodes: (429) when too many were asked for
        """
        number = self._number(phone, purpose)
        source = self._source(source)
        code = f"{secrets.randbelow(10**6):06}"
        lang = self.env.lang
        transaction.run(
            self.env.registry, lambda env: env[self._name]._make(number, purpose, source, code), context={"lang": lang}
        )

    @api.model
    def _check(self, phone, purpose, code, source):
        """Use the code that was sent to ``phone``, once, in the caller's transaction.

        :raise UserError: with the same words for a wrong code, an expired one, one that was used, and none at all
        :raise TooManyCodes: (429) when this source was wrong too often
        """
        number = self._number(phone, purpose)
        source = self._source(source)
        given = "".join(unicodedata.normalize("NFKC", str(code or "")).split())[:16]
        context = {"lang": self.env.lang}
        found = transaction.run(
            self.env.registry, lambda env: env[self._name]._judge(number, purpose, given, source), context=context
        )
        row = self.sudo().browse(found)  # whoever shows a code has no user
        if row and not lock_rows(row):
            raise ConcurrencyError(self.env._("The code was sent just now. Please try again."))
        if not row or row.used_at:
            raise UserError(self.env._("The code is wrong or has expired. Please ask for a new one."))
        row.used_at = fields.Datetime.now()

    # ------------------------------------------------------------------ making and judging

    @api.model
    def _number(self, phone, purpose):
        if purpose not in dict(PURPOSES):
            raise ValueError(purpose)
        number = normalise(phone)
        if not number:
            raise UserError(self.env._("This is not a phone number."))
        return number

    @api.model
    def _source(self, source):
        return (source or "").replace("\0", "")[:64]

    @api.model
    def _hash(self, number, purpose, code):
        # sudo: the server's secret
        return keyed_hash(self.env(su=True), "crab_sms.code", f"{number}\0{purpose}\0{code}")

    @api.model
    def _limit(self, name, default):
        value = self.env["ir.config_parameter"].sudo().get_param(f"crab_sms.{name}")  # settings are no secret
        return int(value) if value and value.isdecimal() else default

    @api.model
    def _make(self, number, purpose, source, code):
        template_sudo = self.env["crab.sms.template"]._for("code")
        if not template_sudo.account_id._is_ready():
            raise UserError(self.env._("SMS are not set up yet. Please contact customer service."))
        for key in sorted({f"phone {number}", f"source {source}"}):
            self.env["crab.sms.limit"]._count(key)  # whoever asks for the same at once waits, and counts anew
        self._ensure_within(PER_PHONE, SQL("phone = %s", number))
        self._ensure_within(PER_SOURCE, SQL("source = %s", source))
        self._ensure_within(IN_ALL, SQL("true"))
        now = fields.Datetime.now()
        self.search([("phone", "=", number), ("purpose", "=", purpose), ("replaced_at", "=", False)]).write(
            {"replaced_at": now}
        )
        until = now + timedelta(minutes=MINUTES)
        values = {"code": code, "minutes": str(MINUTES)}
        self.create(
            {
                "phone": number,
                "purpose": purpose,
                "source": source,
                "asked_at": now,
                "expires_at": until,
                "code_hash": self._hash(number, purpose, code),
                "sms_id": self.env["sms.sms"]._crab_queue(template_sudo, [(number, values)], expires_at=until).id,
            }
        )

    @api.model
    def _ensure_within(self, rules, condition):
        now = fields.Datetime.now()
        counts = SQL(", ").join(
            SQL("count(*) FILTER (WHERE asked_at > %s)", now - window) for _name, _default, window in rules
        )
        self.env.cr.execute(
            SQL("SELECT %s FROM crab_sms_code WHERE asked_at > %s AND %s", counts, now - rules[-1][2], condition)
        )
        for (name, default, window), count in zip(rules, self.env.cr.fetchone(), strict=True):
            if count >= self._limit(name, default):
                words = self.env._(
                    "Too many codes were asked for. Please try again later, or contact customer service."
                )
                if window <= timedelta(minutes=1):
                    words = self.env._("A code was sent a moment ago. Please wait a minute for the next.")
                raise TooManyCodes(words, int(window.total_seconds()))

    @api.model
    def _judge(self, number, purpose, given, source):
        """The id of the open code if ``given`` is it; else a wrong try is counted. Those who try at once wait.

        :raise TooManyCodes: (429) when this source was wrong too often
        """
        now = fields.Datetime.now()
        key, (name, default) = f"wrong {source} {now:%Y%m%d%H}", WRONG_PER_SOURCE
        if self.env["crab.sms.limit"].search([("key", "=", key)]).count >= self._limit(name, default):
            raise TooManyCodes(
                self.env._("There were too many wrong codes from this network. Please try again in an hour."), 3600
            )
        self.env.cr.execute(
            SQL(
                "SELECT id, code_hash FROM crab_sms_code WHERE phone = %s AND purpose = %s AND used_at IS NULL"
                " AND replaced_at IS NULL AND expires_at > %s AND COALESCE(tries, 0) < %s"
                " ORDER BY id DESC LIMIT 1 FOR NO KEY UPDATE",
                number,
                purpose,
                now,
                MOST_TRIES,
            )
        )
        code_id, stored = self.env.cr.fetchone() or (None, "")
        if hmac.compare_digest(self._hash(number, purpose, given), stored):
            return code_id
        self.env["crab.sms.limit"]._count(key)
        self.env.cr.execute(SQL("UPDATE crab_sms_code SET tries = COALESCE(tries, 0) + 1 WHERE id = %s", code_id or 0))
        self.browse(code_id).invalidate_recordset(["tries"])
        return None

    @api.autovacuum
    def _gc_old(self):
        self.search([("asked_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))], limit=10000).unlink()
