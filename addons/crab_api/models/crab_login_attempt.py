from datetime import timedelta

from odoo import api, fields, models
from odoo.http import request
from odoo.tools import SQL, config

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.subject import Subject

from ..errors import ApiError

KEPT_DAYS = 180
# wrong passwords: (window, most, asks for an SMS code)
PER_PHONE_AND_SOURCE = (timedelta(minutes=15), 5)
PER_PHONE = (timedelta(days=1), 20)
PER_SOURCE = (timedelta(hours=1), 100)
SLOTS_LOCK = 0x43524142  # first key of the advisory locks that count passwords being checked


class CrabLoginAttempt(models.Model):
    """Who tried to log in, and what became of it (MB-05): the limits of wrong passwords are counted from it.

    A try is written before the password is looked at, in a transaction of its own, so that many at once are counted
    too. Unknown phones are treated like known ones.
    """

    _name = "crab.login.attempt"
    _description = "Login"
    _order = "id desc"
    _log_access = False
    _rec_name = "phone"

    phone = fields.Char(required=True, readonly=True)
    account_id = fields.Many2one("crab.account", readonly=True, index="btree_not_null", ondelete="set null")
    method = fields.Selection(
        [("sms", "SMS code"), ("password", "Password"), ("wechat", "WeChat")], required=True, readonly=True
    )
    outcome = fields.Selection(
        [("tried", "Wrong"), ("ok", "Logged in"), ("refused", "Refused")], required=True, readonly=True
    )
    source = fields.Char("Network address", readonly=True)
    device = fields.Char(readonly=True)
    tried_at = fields.Datetime("Tried on", required=True, readonly=True, index=True)
    lifted_at = fields.Datetime("Lifted on", readonly=True, help="Does not count against the limits any more.")
    lifted_by_kind = fields.Char(readonly=True)
    lifted_by_id = fields.Integer(readonly=True)

    _phone_idx = models.Index("(phone, tried_at) WHERE outcome = 'tried' AND lifted_at IS NULL")
    _source_idx = models.Index("(source, tried_at) WHERE outcome = 'tried' AND lifted_at IS NULL")

    @api.model
    def _try(self, phone, source, device):
        """Count a try with a password; committed at once, and once where a request is run again.

        :return: id of the row, to be given to ``_settle``
        :raise ApiError: (429) after too many wrong ones; where an SMS code helps, its code says so
        """
        notes = request.crab_api if request else {}
        if "login attempt" not in notes:
            found, error = transaction.run(
                self.env.registry,
                lambda env: env[self._name]._count_try(phone, (source or "")[:64], (device or "")[:200]),
                context={"lang": self.env.lang},
            )
            if error:
                raise ApiError(429, *error)
            notes["login attempt"] = found
        return notes["login attempt"]

    @api.model
    def _settle(self, attempt_id, account, is_in):
        """The password of this try was right: it does not count. Committed at once, as the caller's transaction does
        not see what ``_try`` wrote.

        :param is_in: whether the person gets in with it
        """
        values = {"outcome": "ok" if is_in else "refused", "account_id": account.id}
        transaction.run(self.env.registry, lambda env: env[self._name].browse(attempt_id).write(values))

    @api.model
    def _count_try(self, phone, source, device):
        for key in sorted({f"login phone {phone}", f"login source {source}"}):
            self.env["crab.sms.limit"]._count(key)  # whoever tries the same at once waits, and counts anew
        values = {"phone": phone, "source": source, "device": device, "method": "password"}
        error = self._over_limit(phone, source)
        row = self.create({**values, "outcome": "refused" if error else "tried", "tried_at": fields.Datetime.now()})
        return row.id, error

    @api.model
    def _over_limit(self, phone, source):
        """``(code, words, seconds to wait)`` when another password may not be tried now, else None."""
        now = fields.Datetime.now()
        asks_code = self.env._("Too many wrong passwords. Please log in with an SMS code.")
        for (window, most), condition, code, words in (
            (PER_PHONE, SQL("phone = %s", phone), "sms_code_required", asks_code),
            (
                PER_PHONE_AND_SOURCE,
                SQL("phone = %s AND source = %s", phone, source),
                "too_many",
                self.env._("Too many wrong passwords. Please wait a quarter of an hour, or log in with an SMS code."),
            ),
            (PER_SOURCE, SQL("source = %s", source), "sms_code_required", asks_code),
        ):
            self.env.cr.execute(
                SQL(
                    "SELECT count(*) FROM crab_login_attempt WHERE outcome = 'tried' AND lifted_at IS NULL"
                    " AND tried_at > %s AND %s",
                    now - window,
                    condition,
                )
            )
            if self.env.cr.fetchone()[0] >= most:
                return code, words, int(window.total_seconds())
        return None

    @api.model
    def _take_slot(self):
        """Wait for nobody: at most half of the processes check passwords at a time, the others serve everybody else.

        :raise ApiError: (429) when none is free
        """
        slots = max(1, (config["workers"] or 2) // 2)
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM generate_series(1, %s) AS slot WHERE pg_try_advisory_xact_lock(%s, slot) LIMIT 1",
                slots,
                SLOTS_LOCK,
            )
        )
        if not self.env.cr.fetchone():
            raise ApiError(429, "busy", self.env._("Many people are logging in. Please try again in a moment."), 1)

    @api.model
    def _succeed(self, account, method, source, device):
        """A login without password that worked, in the caller's transaction."""
        self.sudo().create(  # sudo: nobody writes it
            {
                "phone": account.phone or "-",
                "account_id": account.id,
                "method": method,
                "outcome": "ok",
                "source": (source or "")[:64],
                "device": (device or "")[:200],
                "tried_at": fields.Datetime.now(),
            }
        )

    def action_lift(self):
        """Let this phone try passwords again: what was wrong before does not count any more."""
        self.env["crab.account"].check_access("write")
        subject = Subject.of(self.env)
        wrong_sudo = self.sudo().search(  # sudo: read-only for everybody, this is its one change
            [("phone", "in", self.mapped("phone")), ("outcome", "=", "tried"), ("lifted_at", "=", False)]
        )
        wrong_sudo.write(
            {"lifted_at": fields.Datetime.now(), "lifted_by_kind": subject.kind, "lifted_by_id": subject.id}
        )

    @api.autovacuum
    def _gc_old(self):
        self.search([("tried_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))], limit=10_000).unlink()
