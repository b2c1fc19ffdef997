import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.timezone import business_date, day_bounds

LONGEST = 1000
PER_DAY = 20
OPEN = ("new", "in_hand")
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]"
)  # control characters besides tab and new line, half characters


class CrabFeedback(models.Model):
    """What a member, dealer or dealer's staff tells head office, and what customer service answers (MB-27, HQ-64)."""

    _name = "crab.feedback"
    _description = "Feedback"
    _inherit = [
        "crab.by.buttons.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
        "crab.pictures.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _entered = frozenset({"answer", "user_id"})
    _rec_name = "text"

    account_id = fields.Many2one(
        "crab.account", "Written by", required=True, readonly=True, index=True, ondelete="restrict"
    )
    phone = fields.Char(related="account_id.phone")
    role = fields.Selection(
        [("member", "Member"), ("dealer", "Dealer"), ("staff", "Dealer's staff")],
        "Written as",
        required=True,
        readonly=True,
    )
    member_id = fields.Many2one("crab.member", "Member", readonly=True, index="btree_not_null")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", readonly=True, index="btree_not_null")
    text = fields.Text("Content", required=True, readonly=True)
    received_at = fields.Datetime("Received on", required=True, readonly=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("new", "New"), ("in_hand", "In hand"), ("answered", "Answered"), ("closed", "Closed")],
        required=True,
        readonly=True,
        default="new",
        index=True,
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Handled by",
        index="btree_not_null",
        tracking=True,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("crab_base.group_customer_service").ids)],
    )
    answer = fields.Text(tracking=True, help="The person reads it in the app as soon as you press “Answer”.")
    answered_at = fields.Datetime("Answered on", readonly=True)
    answered_by_id = fields.Many2one("res.users", "Answered by", readonly=True)

    _text_length = models.Constraint(f"CHECK (char_length(text) <= {LONGEST})", f"At most {LONGEST} characters.")
    _answered_whole = models.Constraint(
        "CHECK (state <> 'answered' OR (answer IS NOT NULL AND answered_at IS NOT NULL))", "An answer has its words."
    )
    _account_received_idx = models.Index("(account_id, received_at)")

    # ------------------------------------------------------------------ access

    @api.depends("text")
    def _compute_display_name(self):
        for feedback in self:
            line = " ".join((feedback.text or "").split())
            feedback.display_name = f"{line[:40]}…" if len(line) > 40 else line

    @api.model
    def _subject_domain(self, subject):
        """Everybody sees what the same person wrote, also before accounts were merged."""
        accounts_sudo = self.env["crab.account"]._crab_of_subject(subject)._with_merged()
        return Domain("account_id", "in", accounts_sudo.ids)

    def _check_by_hand(self, names):
        result = super()._check_by_hand(names)
        if "answer" in names and any(feedback.state not in OPEN for feedback in self):
            raise UserError(self.env._("This feedback is answered or closed already."))
        return result

    # ------------------------------------------------------------------ for the app

    @api.model
    def _send(self, subject, text, pictures=()):
        """Keep what ``subject`` writes.

        :param text: plain text of at most 1,000 characters
        :param pictures: files as bytes, at most 9
        :raise AccessError: (403) for users of the back office and closed people
        :raise UserError: without text, for too much of it, what is no picture, or 20 open ones of today already;
            nothing is kept then
        :return: the feedback, in sudo
        """
        account_sudo = self.env["crab.account"]._crab_of_subject(subject)
        text = self._clean_text(text)
        # marked as changed: who counted before this one is restarted and counts again
        lock_rows(account_sudo)
        self.env.cr.execute(SQL("UPDATE crab_account SET name = name WHERE id = %s", account_sudo.id))
        feedback_sudo = subject.bind(self.sudo())  # the subject has no Odoo user
        start, _end = day_bounds(business_date())
        today = Domain("account_id", "=", account_sudo.id) & Domain("received_at", ">=", start)
        if feedback_sudo.search_count(today & Domain("state", "in", OPEN), limit=PER_DAY) >= PER_DAY:
            raise UserError(self.env._("You have written %(count)s times today. We answer them first.", count=PER_DAY))
        staff_sudo = self.env["crab.dealer.staff"].sudo().browse(subject.id)
        whose = {
            "member": lambda: {"member_id": subject.id},
            "dealer": lambda: {"dealer_id": subject.id},
            "staff": lambda: {"dealer_id": staff_sudo.dealer_id.id},
        }[subject.kind]
        feedback = feedback_sudo.with_context(mail_create_nosubscribe=True).create(
            {"account_id": account_sudo.id, "role": subject.kind, "text": text, **whose()}
        )
        if pictures:
            feedback._add_pictures(list(pictures))
        return feedback

    @api.model
    def _clean_text(self, text):
        text = UNSEEN.sub("", (text or "").replace("\r\n", "\n")).strip()
        if not text:
            raise UserError(self.env._("Please write something first."))
        if len(text) > LONGEST:
            raise UserError(self.env._("Please write at most %(count)s characters.", count=LONGEST))
        return text

    # ------------------------------------------------------------------ buttons

    def action_take(self):
        """Take these in hand: from now on they are yours."""
        feedback_sudo = self._locked("new", "in_hand")
        feedback_sudo.write({"state": "in_hand", "user_id": self.env.uid})

    def action_answer(self):
        """Send the answers that are entered.

        :raise UserError: when one has none; nothing is sent then
        """
        feedback_sudo = self._locked("new", "in_hand")
        if any(not (feedback.answer or "").strip() for feedback in feedback_sudo):
            raise UserError(self.env._("Enter the answer first."))
        feedback_sudo._done("answered")
        self.env["crab.outbox"]._emit("feedback.answered", feedback_sudo)

    def action_close(self):
        """Nothing needs to be answered (any more)."""
        self._locked("new", "in_hand", "answered")._done("closed")

    def action_reopen(self):
        """Go on with what was answered or closed."""
        self._locked("answered", "closed").write({"state": "in_hand", "user_id": self.env.uid})

    def _done(self, state):
        values = {"state": state}
        if state == "answered":
            values.update(answered_at=fields.Datetime.now(), answered_by_id=self.env.uid)
        self.filtered(lambda feedback: not feedback.user_id).user_id = self.env.uid
        self.write(values)
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def _locked(self, *allowed):
        """These in sudo, locked.

        :raise AccessError: for others than customer service
        :raise UserError: when one is in none of the states ``allowed``
        """
        self.check_access("write")
        lock_rows(self)
        feedback_sudo = self.sudo()  # customer service may do the step, nobody may edit
        wrong = feedback_sudo.filtered(lambda feedback: feedback.state not in allowed)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._("“%(name)s” is %(state)s already.", name=wrong[0].display_name, state=labels[wrong[0].state])
            )
        return feedback_sudo
