from contextlib import contextmanager
from datetime import timedelta

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_account.tools.phone import normalise as normalise_phone
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import LOCK_TIMEOUT
from odoo.addons.crab_base.tools.subject import names_of_subjects

from ..tools import normalise
from ..tools.refusals import CardLocked, SmsCodeRequired

KEPT_DAYS = 90
# (name of the setting, default, window): decisions.md, "Guess limits must not be a weapon"
PER_NUMBER_AND_SOURCE = ("guess_number_source", 5, timedelta(hours=1))
PER_NUMBER = ("guess_number", 15, timedelta(days=1))
PER_SUBJECT = ("guess_subject", 20, timedelta(hours=1))
PER_PHONE = ("guess_phone", 5, timedelta(hours=1))
PER_ADDRESS = ("guess_address", 300, timedelta(hours=1))
BY_CODE = {"number", "address"}  # strangers can reach these: whoever shows a code by SMS goes beyond them


class CrabCardGuess(models.Model):
    """Wrong pairs of number and password: counted to stop guessing, shown to the back office.

    Each is written in a transaction of its own, which stays whatever becomes of the request. Numbers that do not exist
    are counted like those that do, so that the answers tell nothing.
    """

    _name = "crab.card.guess"
    _description = "Wrong card password"
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    number = fields.Char(readonly=True, required=True)
    source = fields.Char(
        readonly=True, required=True, help="Network address, or whoever entered it in the back office."
    )
    is_address = fields.Boolean("Network address", readonly=True)
    subject_kind = fields.Char("Entered by (kind)", readonly=True)
    subject_id = fields.Integer("Entered by (id)", readonly=True)
    subject_name = fields.Char("Entered by", compute="_compute_subject_name")
    phone = fields.Char("Phone of the code", readonly=True, help="To which a code by SMS was sent, and shown.")
    attempted_at = fields.Datetime("When", readonly=True, required=True)
    lifted_at = fields.Datetime("Lifted", readonly=True, help="No longer counted since then.")
    lifted_by_id = fields.Many2one("res.users", "Lifted by", readonly=True, ondelete="restrict")
    lock = fields.Selection(
        [
            ("number", "Number, for the day"),
            ("source", "Number from this source"),
            ("subject", "Person"),
            ("phone", "Phone"),
            ("address", "Network address"),
        ],
        "Locked now",
        compute="_compute_lock",
        help="What is not accepted by password at this moment because of too many wrong entries.",
    )

    _number_idx = models.Index("(number, attempted_at)")
    _source_idx = models.Index("(source, attempted_at) WHERE is_address")
    _subject_idx = models.Index("(subject_kind, subject_id, attempted_at)")
    _phone_idx = models.Index("(phone, attempted_at) WHERE phone IS NOT NULL")

    @api.depends("subject_kind", "subject_id")
    def _compute_subject_name(self):
        names = names_of_subjects(self.env, ((guess.subject_kind, guess.subject_id) for guess in self))
        for guess in self:
            guess.subject_name = names.get((guess.subject_kind, guess.subject_id)) or ""

    @api.depends("number", "source", "subject_kind", "subject_id", "phone", "is_address", "lifted_at")
    def _compute_lock(self):
        self.flush_model(["lifted_at"])
        columns = ("number", "source", "is_address", "subject_kind", "subject_id", "phone")
        attempts = {tuple(guess[column] for column in columns) for guess in self if not guess.lifted_at}
        exceeded = {
            attempt: self._exceeded(dict(zip(columns, attempt, strict=True)), self.env.cr) for attempt in attempts
        }
        for guess in self:
            guess.lock = next(iter(exceeded.get(tuple(guess[column] for column in columns), ())), None)

    # === Limits === #

    @api.model
    def _limit(self, rule):
        name, default, _window = rule
        value = self.env["ir.config_parameter"].sudo().get_param(f"crab_card.{name}")  # settings are no secret
        return int(value) if value and value.isdecimal() else default

    @api.model
    def _identify(self, number, source, subject):
        """The columns of an attempt; ``source`` is the address, else whoever asks."""
        return {
            "number": normalise.number(number).replace("\0", "")[:32],
            "source": (source or f"{subject.kind}:{subject.id}")[:64],
            "is_address": bool(source),
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "phone": None,  # until a code is shown
        }

    @api.model
    @contextmanager
    def _one_at_a_time(self, attempt, phone=None):
        """Inside, no other attempt at this number, of this person or phone is judged: parallel ones pass no limit.

        Locks of the connection, not of the transaction: they end with the block, long before the redemption does, and
        whoever waited counts anew (``_exceeded`` looks from a transaction of its own). The block keeps the transaction
        usable, whatever happens in it: an unlock in an aborted one would fail.

        :raise LockError: when others keep it for too long
        """
        keys = {f"number {attempt['number']}"}
        if attempt["subject_kind"] != "system":
            keys.add(f"{attempt['subject_kind']} {attempt['subject_id']}")
        if phone:
            keys.add(f"phone {normalise_phone(phone)}")
        cr, names = self.env.cr, SQL("unnest(%s) AS name", [f"crab.card.guess {key}" for key in sorted(keys)])
        try:
            with cr.savepoint(flush=False):
                cr.execute(
                    SQL(
                        """
                        SET LOCAL lock_timeout = %s;
                        SELECT count(pg_advisory_lock(hashtextextended(name, 0))::text),
                               set_config('lock_timeout', NULL, true) FROM %s
                        """,
                        LOCK_TIMEOUT,
                        names,
                    )
                )
            yield
        except errors.LockNotAvailable as exc:
            raise LockError(self.env._("Someone else is entering this number. Please try again in a moment.")) from exc
        finally:
            cr.execute(SQL("SELECT pg_advisory_unlock(hashtextextended(name, 0)) FROM %s", names))

    @api.model
    def _exceeded(self, attempt, cr):
        """The limits that are reached, of ``"number"``, ``"source"``, ``"subject"``, ``"phone"``, ``"address"``."""
        now = fields.Datetime.now()
        of = {name: SQL("%s = %s", SQL.identifier(name), value) for name, value in attempt.items()}
        rules = {
            "number": (PER_NUMBER, of["number"]),
            "source": (PER_NUMBER_AND_SOURCE, SQL("(%s AND %s)", of["number"], of["source"])),
        }
        if attempt["subject_kind"] != "system":
            rules["subject"] = (PER_SUBJECT, SQL("(%s AND %s)", of["subject_kind"], of["subject_id"]))
        if attempt["phone"]:
            rules["phone"] = (PER_PHONE, of["phone"])
        if attempt["is_address"]:
            rules["address"] = (PER_ADDRESS, SQL("(is_address AND %s)", of["source"]))
        cr.execute(
            SQL(
                "SELECT %s FROM crab_card_guess WHERE lifted_at IS NULL AND attempted_at > %s AND (%s)",
                SQL(", ").join(
                    SQL("count(*) FILTER (WHERE %s AND attempted_at > %s)", condition, now - rule[2])
                    for rule, condition in rules.values()
                ),
                now - max(rule[2] for rule, _condition in rules.values()),
                SQL(" OR ").join(condition for _rule, condition in rules.values()),
            )
        )
        counts = zip(rules, cr.fetchone(), strict=True)
        return [name for name, count in counts if count >= self._limit(rules[name][0])]

    @api.model
    def _has_codes(self):
        """Whether codes by SMS can be asked for at all; extended by what sends them."""
        return False

    @api.model
    def _prove(self, phone, code, source):
        """The phone, as it is counted, to which the ``code`` was sent; only called if ``_has_codes()``.

        The code is good no more once the caller's transaction is committed.

        :raise UserError: when it was not, or is good no more
        """
        raise NotImplementedError

    @api.model
    def _guard(self, attempt, phone=None, code=None):
        """Refuse to check a password when there were too many wrong ones.

        A right code goes beyond the limits that strangers can reach, and is no licence to guess: what is wrong then
        counts for its phone too.

        :raise SmsCodeRequired: when a code by SMS would help
        :raise CardLocked: when it would not; both with the same text whether the number exists or not
        """
        exceeded = self._exceeded_now(attempt)
        if not exceeded:
            return
        # the back office is asked for none: it is customer service itself, which unlocks the number
        has_codes = attempt["subject_kind"] != "user" and self._has_codes()
        if has_codes and BY_CODE.issuperset(exceeded):
            if not phone or not code:
                raise SmsCodeRequired(
                    self.env._(
                        "There were too many wrong passwords. Please enter your phone number and the code that is sent"
                        " to it by SMS, or contact customer service."
                    )
                )
            attempt["phone"] = self._prove(phone, code, attempt["source"])
            if BY_CODE.issuperset(self._exceeded_now(attempt)):
                return
        elif "number" in exceeded and not has_codes:
            raise CardLocked(
                self.env._(
                    "There were too many wrong passwords for this number. Please contact customer service to use it"
                    " today."
                )
            )
        raise CardLocked(
            self.env._("There were too many wrong entries. Please try again in an hour, or contact customer service.")
        )

    @api.model
    def _exceeded_now(self, attempt):
        return transaction.run(self.env.registry, lambda env: self._exceeded(attempt, env.cr))

    @api.model
    def _refuse(self, attempt):
        """Record a wrong pair for good, whatever becomes of this transaction, and say so.

        :raise UserError: always
        """
        insert = SQL(
            "INSERT INTO crab_card_guess (%s, attempted_at) VALUES %s",
            SQL(", ").join(SQL.identifier(name) for name in attempt),
            (*attempt.values(), fields.Datetime.now()),
        )
        transaction.run(self.env.registry, lambda env: env.cr.execute(insert))
        raise UserError(self.env._("The card number or the password is wrong."))

    # === Back office === #

    def action_lift(self):
        """Count the wrong entries of these numbers no longer: the numbers can be used again at once."""
        self._lift(Domain("number", "in", self.mapped("number")))

    def action_lift_subject(self):
        """Count the wrong entries of these people, phones and addresses no longer."""
        self._lift(
            Domain.OR(
                Domain("source", "=", guess.source)
                | Domain("subject_kind", "=", guess.subject_kind) & Domain("subject_id", "=", guess.subject_id)
                | (Domain("phone", "=", guess.phone) if guess.phone else Domain.FALSE)
                for guess in self
            )
        )

    def _lift(self, domain):
        if not any(self.env.user.has_group(f"crab_base.group_{role}") for role in ("card_keeper", "customer_service")):
            raise AccessError(self.env._("Only card keepers and customer service lift locks."))
        self.check_access("read")
        guesses_sudo = self.sudo().search(domain & Domain("lifted_at", "=", False))  # nobody writes attempts by hand
        guesses_sudo.write({"lifted_at": fields.Datetime.now(), "lifted_by_id": self.env.uid})

    @api.autovacuum
    def _gc_old(self):
        self.search([("attempted_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))]).unlink()
