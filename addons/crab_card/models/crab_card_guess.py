from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools import transaction

from ..tools import normalise

KEPT_DAYS = 90
# (name of the setting, default, window): decisions.md, "Guess limits must not be a weapon"
PER_NUMBER_AND_SOURCE = ("guess_number_source", 5, timedelta(hours=1))
PER_NUMBER = ("guess_number", 15, timedelta(days=1))
PER_SUBJECT = ("guess_subject", 20, timedelta(hours=1))
PER_ADDRESS = ("guess_address", 300, timedelta(hours=1))


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
    attempted_at = fields.Datetime("When", readonly=True, required=True)
    lifted_at = fields.Datetime("Lifted", readonly=True, help="No longer counted since then.")
    lifted_by_id = fields.Many2one("res.users", "Lifted by", readonly=True, ondelete="restrict")
    is_locked = fields.Boolean(
        "Number locked",
        compute="_compute_is_locked",
        help="This number is not accepted by password at this moment, from this source or at all.",
    )

    _number_idx = models.Index("(number, attempted_at)")
    _source_idx = models.Index("(source, attempted_at) WHERE is_address")
    _subject_idx = models.Index("(subject_kind, subject_id, attempted_at)")

    @api.depends("subject_kind", "subject_id")
    def _compute_subject_name(self):
        model_of = {"user": "res.users", "member": "crab.member", "dealer": "crab.dealer", "staff": "crab.dealer.staff"}
        names = self.env["crab.card.event"]._names(
            (model_of.get(guess.subject_kind), guess.subject_id) for guess in self
        )
        for guess in self:
            guess.subject_name = names.get((model_of.get(guess.subject_kind), guess.subject_id)) or ""

    @api.depends("number", "source", "lifted_at")
    def _compute_is_locked(self):
        numbers = self.mapped("number")
        of_number = self._count_by(PER_NUMBER, SQL("number"), SQL("number = ANY(%s)", numbers))
        of_both = self._count_by(PER_NUMBER_AND_SOURCE, SQL("number, source"), SQL("number = ANY(%s)", numbers))
        number_limit, both_limit = self._limit(PER_NUMBER), self._limit(PER_NUMBER_AND_SOURCE)
        for guess in self:
            guess.is_locked = not guess.lifted_at and (
                of_number.get((guess.number,), 0) >= number_limit
                or of_both.get((guess.number, guess.source), 0) >= both_limit
            )

    # === Limits === #

    @api.model
    def _limit(self, rule):
        name, default, _window = rule
        value = self.env["ir.config_parameter"].sudo().get_param(f"crab_card.{name}")  # settings are no secret
        return int(value) if value and value.isdecimal() else default

    @api.model
    def _count_by(self, rule, columns, condition, cr=None):
        if cr is None:
            self.flush_model(["lifted_at"])
            cr = self.env.cr
        cr.execute(
            SQL(
                "SELECT %s, count(*) FROM crab_card_guess"
                " WHERE lifted_at IS NULL AND attempted_at > %s AND %s GROUP BY %s",
                columns,
                fields.Datetime.now() - rule[2],
                condition,
                columns,
            )
        )
        return {tuple(row[:-1]): row[-1] for row in cr.fetchall()}

    @api.model
    def _identify(self, number, source, subject):
        """The columns of an attempt; ``source`` is the address, else whoever asks."""
        return {
            "number": normalise.number(number).replace("\0", "")[:32],
            "source": (source or f"{subject.kind}:{subject.id}")[:64],
            "is_address": bool(source),
            "subject_kind": subject.kind,
            "subject_id": subject.id,
        }

    @api.model
    def _exceeded(self, attempt, allowance=0, cr=None):
        """The first limit that is exceeded: ``"number"``, ``"source"``, ``"subject"``, ``"address"`` or ``None``.

        :param allowance: 1 when the attempt itself is counted already
        """
        rules = [
            ("number", PER_NUMBER, SQL("number = %s", attempt["number"])),
            ("source", PER_NUMBER_AND_SOURCE, SQL("number = %s AND source = %s", attempt["number"], attempt["source"])),
        ]
        if attempt["subject_kind"] != "system":
            rules.append(
                (
                    "subject",
                    PER_SUBJECT,
                    SQL("subject_kind = %s AND subject_id = %s", attempt["subject_kind"], attempt["subject_id"]),
                )
            )
        if attempt["is_address"]:
            rules.append(("address", PER_ADDRESS, SQL("is_address AND source = %s", attempt["source"])))
        for name, rule, condition in rules:
            count = sum(self._count_by(rule, SQL("number"), condition, cr).values())
            if count >= self._limit(rule) + allowance:
                return name
        return None

    @api.model
    def _guard(self, number, source, subject):
        """Refuse to check a password when there were too many wrong ones.

        :raise UserError: with the same text whether the number exists or not
        """
        exceeded = self._exceeded(self._identify(number, source, subject))
        if exceeded:
            raise UserError(self._message(exceeded))

    @api.model
    def _refuse(self, number, source, subject):
        """Record a wrong pair for good and say so.

        Counting after the record is committed lets no parallel attempt slip through: each sees those before it.

        :raise UserError: always
        """
        attempt = self._identify(number, source, subject)
        insert = SQL(
            "INSERT INTO crab_card_guess (%s, attempted_at) VALUES %s",
            SQL(", ").join(SQL.identifier(name) for name in attempt),
            (*attempt.values(), fields.Datetime.now()),
        )
        transaction.run(self.env.registry, lambda env: env.cr.execute(insert))
        exceeded = transaction.run(self.env.registry, lambda env: self._exceeded(attempt, 1, env.cr))
        raise UserError(
            self._message(exceeded) if exceeded else self.env._("The card number or the password is wrong.")
        )

    @api.model
    def _message(self, exceeded):
        if exceeded == "number":
            return self.env._(
                "There were too many wrong passwords for this number. Please contact customer service to use it today."
            )
        return self.env._(
            "There were too many wrong entries. Please try again in an hour, or contact customer service."
        )

    # === Back office === #

    def action_lift(self):
        """Count the wrong entries of these numbers no longer: the numbers can be used again at once."""
        if not any(
            self.env.user.has_group(f"crab_base.group_{role}") for role in ("card_keeper", "customer_service", "admin")
        ):
            raise AccessError(self.env._("Only card keepers and customer service lift locks."))
        self.check_access("read")
        guesses_sudo = self.sudo().search(  # nobody writes attempts by hand
            Domain("number", "in", self.mapped("number")) & Domain("lifted_at", "=", False)
        )
        guesses_sudo.write({"lifted_at": fields.Datetime.now(), "lifted_by_id": self.env.uid})

    def action_lift_subject(self):
        """Count the wrong entries of these people and addresses no longer."""
        if not any(
            self.env.user.has_group(f"crab_base.group_{role}") for role in ("card_keeper", "customer_service", "admin")
        ):
            raise AccessError(self.env._("Only card keepers and customer service lift locks."))
        self.check_access("read")
        domain = Domain.OR(
            Domain("source", "=", guess.source)
            | Domain("subject_kind", "=", guess.subject_kind) & Domain("subject_id", "=", guess.subject_id)
            for guess in self
        )
        guesses_sudo = self.sudo().search(domain & Domain("lifted_at", "=", False))  # nobody writes attempts by hand
        guesses_sudo.write({"lifted_at": fields.Datetime.now(), "lifted_by_id": self.env.uid})

    @api.autovacuum
    def _gc_old(self):
        self.search([("attempted_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))]).unlink()
