from collections import namedtuple
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.crab_account.tools.phone import normalise
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

from ..tools import answers, client

KEPT_DAYS = 90
MOST_TRIES = 5
UNREACHABLE_WAIT = 60  # seconds
SETTLE_AFTER = timedelta(minutes=5)  # longer than any call takes
GIVE_UP_ASKING = {True: timedelta(days=1), False: timedelta(hours=1)}  # whether the provider knows all it was given
# a state is only ever left for a later one; "error" may turn out to have been delivered after all
ORDER = {"process": 0, "pending": 1, "error": 2, "sent": 3}

# what is sent at once: plain values, so that the call needs no database
Call = namedtuple("Call", "client ids template params session")
Question = namedtuple("Question", "id client phone session taken_at")


class SmsSms(models.Model):
    """SMS by approved templates. One is queued in the transaction of what it tells of, and leaves after the commit.

    The queue marks rows as in process and commits before it calls the provider, so that neither a rolled-back nor a
    killed process sends twice. What stays in process is asked for at the provider and never sent again blindly.
    """

    _inherit = "sms.sms"

    crab_template_id = fields.Many2one(
        "crab.sms.template", "Text of the SMS", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    crab_company_id = fields.Many2one(
        "res.company", "Company", related="crab_template_id.company_id", store=True, index="btree_not_null"
    )
    crab_params = fields.Json("Values", groups=NO_ACCESS, copy=False)
    crab_session = fields.Char("Our number of the call", groups=NO_ACCESS, index="btree_not_null", copy=False)
    crab_reference = fields.Char("Number at the provider", readonly=True, index="btree_not_null", copy=False)
    crab_code = fields.Char("Answer of the provider", readonly=True, copy=False)
    crab_message = fields.Char("In the provider's words", readonly=True, copy=False)
    crab_reason = fields.Char("Reason", compute="_compute_crab_reason", help="Why it is not, or not yet, delivered.")
    crab_taken_at = fields.Datetime("Sent on", readonly=True, copy=False)
    crab_ended_at = fields.Datetime("Delivered or failed on", readonly=True, copy=False)
    crab_next_try_at = fields.Datetime("Next try on", readonly=True, copy=False)
    crab_expires_at = fields.Datetime("Of use until", readonly=True, copy=False)
    crab_tries = fields.Integer("Tries", readonly=True, copy=False)
    crab_is_single = fields.Boolean(
        "Sent alone", readonly=True, copy=False, help="The provider refused it together with others."
    )

    _crab_open_idx = models.Index("(id) WHERE state IN ('outgoing', 'process')")

    @api.depends("crab_code", "crab_message")
    @api.depends_context("lang")
    def _compute_crab_reason(self):
        for sms in self:
            text = sms.crab_code and answers.meaning(sms.crab_code, sms.crab_message or "")[1]
            sms.crab_reason = self.env._(text) if text else sms.crab_message or sms.crab_code

    # ------------------------------------------------------------------ queueing

    @api.model
    def _crab_queue(self, template, rows, expires_at=False):
        """Queue an SMS per row in this transaction; they leave after its commit.

        :param template: ``crab.sms.template``
        :param rows: list of ``(phone in any writing, {what the text names: value})``
        :param expires_at: datetime after which it is of no use to send them
        :return: the SMS in sudo, in the order of ``rows``; those without a usable number are there, in error
        :raise UserError: when a row lacks a value of the text
        """
        template_sudo = template.sudo()  # whoever causes an SMS need not read texts
        vals_list = []
        for phone, values in rows:
            number, params = normalise(phone), template_sudo._clean_params(values)
            vals = {
                "number": number or (phone or "")[:32],
                "body": template_sudo._written(params),
                "crab_template_id": template_sudo.id,
                "crab_params": params,
                "crab_expires_at": expires_at,
            }
            if not number:
                vals |= {"state": "error", "failure_type": "sms_number_format" if phone else "sms_number_missing"}
            vals_list.append(vals)
        return self.sudo().create(vals_list)

    def send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Send what is free text as core does; SMS by template leave with the queue, outside of this transaction."""
        self.check_access("write")  # whoever reads SMS could send what is not by template
        ours = self.filtered("crab_template_id")
        if ours:
            self._crab_wake()
        # one company's or several's: core's queue would fail at several
        return super(SmsSms, self - ours).send(
            unlink_failed=unlink_failed, unlink_sent=unlink_sent, raise_exception=raise_exception
        )

    def _split_by_api(self):
        for company, rows in self.grouped(lambda sms: sms._get_sms_company()).items():
            yield company._get_sms_api_class()(self.env), rows

    def _handle_call_result_hook(self, results):
        refused = {result["uuid"] for result in results if result["state"] == "free_text"}
        self.filtered(lambda sms: sms.uuid in refused).crab_code = "free_text"
        return super()._handle_call_result_hook(results)

    @api.model
    def _crab_wake(self):
        self.env.ref("sms.ir_cron_sms_scheduler_action").sudo()._trigger()  # whoever may send again may wake it

    # ------------------------------------------------------------------ sending

    @api.model
    def _process_queue(self):
        """Override of core: free text per company, then SMS by template, call by call."""
        free = Domain([("state", "=", "outgoing"), ("to_delete", "!=", True), ("crab_template_id", "=", False)])
        self.search(free, limit=self._get_send_batch_size(), order="id").send()
        self._crab_process_queue()

    @api.model
    def _crab_process_queue(self):
        """Send what is due, one call after the other, each between two transactions of its own."""
        run = partial(transaction.run, self.env.registry, context={"lang": self.env.lang})
        steps = ((_take, _finish), (_take_question, _settle))
        for take, finish in steps:
            while work := run(take):
                outcome = _ask(work) if isinstance(work, Question) else _call(work)
                run(partial(finish, work=work, outcome=outcome))
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    @api.model
    def _crab_take(self):
        """Mark what is sent next as in process: a row, and those that say the same to others.

        :return: ``Call``, or ``None`` when nothing is due
        """
        self._crab_expire()
        while ids := self._crab_lock_due():
            batch = self.browse(ids)
            batch.invalidate_recordset()
            template = batch.crab_template_id
            if template.account_id._is_ready():
                break
            batch._crab_fail("unready")
        else:
            return None
        now, session = fields.Datetime.now(), batch[0].uuid
        batch.write(
            {
                "state": "process",
                "crab_session": session,
                "crab_taken_at": now,
                "crab_next_try_at": now + SETTLE_AFTER,
                "crab_reference": False,
                "crab_code": False,
                "crab_message": False,
            }
        )
        params = batch[0].crab_params or {}
        return Call(
            template.account_id._client(),
            {sms.number: sms.id for sms in batch},
            template.provider_code,
            [(name, params.get(name, "")) for name in template._names()],
            session,
        )

    @api.model
    def _crab_lock_due(self):
        """Lock the next row that is due and those that go with it; their ids. Codes overtake everything else."""
        self.env.flush_all()
        due = SQL(
            "sms.state = 'outgoing' AND NOT COALESCE(sms.to_delete, false)"
            " AND COALESCE(sms.crab_next_try_at, '-infinity') <= %s",
            fields.Datetime.now(),
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT sms.id, sms.number, sms.crab_template_id, sms.crab_params::text, sms.crab_is_single
                  FROM sms_sms sms JOIN crab_sms_template template ON template.id = sms.crab_template_id
                 WHERE %s ORDER BY template.key = 'code' DESC NULLS LAST, sms.id LIMIT 1
                   FOR NO KEY UPDATE OF sms SKIP LOCKED
                """,
                due,
            )
        )
        first = self.env.cr.fetchone()
        if not first or first[4]:
            return [first[0]] if first else []
        self.env.cr.execute(
            SQL(
                """
                SELECT id, number FROM sms_sms sms
                 WHERE %s AND crab_template_id = %s AND crab_params = %s::jsonb AND id > %s
                   AND NOT COALESCE(crab_is_single, false)
                 ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
                """,
                due,
                first[2],
                first[3],
                first[0],
                client.LARGEST - 1,
            )
        )
        ids = {first[1]: first[0]}
        for sms_id, number in self.env.cr.fetchall():
            ids.setdefault(number, sms_id)  # answers name the number: it is in a call once
        return list(ids.values())

    @api.model
    def _crab_expire(self):
        late = self.search([("state", "=", "outgoing"), ("crab_expires_at", "<", fields.Datetime.now())])
        late._crab_fail("late")

    def _crab_finish(self, session, results):
        """Write down what became of a call.

        :param results: ``{id: client.Result}``
        """
        lock_rows(self)
        own = self.filtered(lambda sms: sms.crab_session == session)
        for sms in own:
            result = results[sms.id]
            if result.outcome == "accepted":
                sms.crab_reference = result.reference
        open_rows = own.filtered(lambda sms: sms.state == "process")  # a report may have been faster
        for (outcome, code, message), rows in open_rows.grouped(
            lambda sms: (results[sms.id].outcome, results[sms.id].code, results[sms.id].message)
        ).items():
            if outcome != "later":
                rows._crab_count_try()
            if outcome == "accepted":
                rows._crab_set_state("pending")
            elif outcome == "unknown":
                rows.write({"crab_code": code})  # stays in process until the provider was asked
            elif outcome == "later":
                # all of the account wait: each would wait for the same connection
                waiting = [
                    ("state", "=", "outgoing"),
                    ("crab_template_id.account_id", "=", rows.crab_template_id.account_id.id),
                ]
                (rows | self.search(waiting))._crab_again(code, message, UNREACHABLE_WAIT)
            else:
                rows._crab_refused(code, message, of_many=1 < len(own) == len(rows))

    def _crab_count_try(self):
        for tries, rows in self.grouped("crab_tries").items():
            rows.crab_tries = tries + 1

    def _crab_refused(self, code, message, of_many):
        """The provider sent none of these: try again later, or one by one, or say why it failed."""
        wait = answers.wait_seconds(code, message)
        of_one = answers.meaning(code, message) in answers.OF_ONE_NUMBER
        again = self.filtered(lambda sms: sms.crab_tries < MOST_TRIES)
        if of_many and of_one:
            again._crab_again(code, message, wait, single=True)
        elif wait:
            again._crab_again(code, message, wait)
        else:
            again = self.browse()
        (self - again)._crab_fail(code, message)

    def _crab_again(self, code, message, seconds, single=False):
        """Back into the queue, for after ``seconds``."""
        self.write(
            {
                "state": "outgoing",
                "crab_session": False,
                "crab_code": code,
                "crab_message": message,
                "crab_next_try_at": fields.Datetime.now() + timedelta(seconds=seconds),
                **({"crab_is_single": True} if single else {}),
            }
        )

    def _crab_fail(self, code, message=False):
        self._crab_set_state("error", code, message)

    def _crab_set_state(self, state, code=False, message=False):
        """Go forward to ``state``; the values of a code are forgotten, it is not sent again."""
        ended = state in ("sent", "error")
        self.write(
            {
                "state": state,
                "failure_type": answers.meaning(code or "", message or "")[0] if state == "error" else False,
                "crab_code": code,
                "crab_message": message,
                "crab_next_try_at": False,
                "crab_ended_at": fields.Datetime.now() if ended else False,
            }
        )
        self.filtered(lambda sms: sms.crab_template_id.key == "code").crab_params = False

    # ------------------------------------------------------------------ what is not known, and reports

    @api.model
    def _crab_take_question(self):
        """The next row whose outcome is not known, as a ``Question``; ``None`` if there is none to be asked for now."""
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM sms_sms WHERE state = 'process' AND crab_template_id IS NOT NULL"
                " AND crab_next_try_at <= %s ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
                now,
            )
        )
        sms = self.browse(row[0] for row in self.env.cr.fetchall())
        if not sms:
            return None
        sms.invalidate_recordset()
        sms.crab_next_try_at = now + SETTLE_AFTER
        return Question(
            sms.id, sms.crab_template_id.account_id._client(), sms.number, sms.crab_session, sms.crab_taken_at
        )

    def _crab_settle(self, question, known, news):
        """Write down what the provider says of a row.

        :param known: whether it answered at all
        :param news: ``client.News``, or ``None`` when it has no such SMS
        """
        lock_rows(self)
        if self.state != "process" or self.crab_session != question.session:
            return
        complete, age = question.client.knows_all, fields.Datetime.now() - self.crab_taken_at
        if news:
            self._crab_apply(news)
        elif known and complete:
            # The provider shows all that it accepted: it was not sent, and is, if that is still of use.
            if self.crab_template_id.key == "code" or self.crab_tries >= MOST_TRIES:
                self._crab_fail("not_there")
            else:
                self._crab_again("not_there", False, 0)
                self._crab_count_try()
        elif age > GIVE_UP_ASKING[complete]:
            self._crab_fail("unknown")

    def _crab_apply(self, news):
        """Go forward to what the provider says; earlier states change nothing."""
        rows = self.filtered(lambda sms: ORDER.get(sms.state, 9) < ORDER[news.state])
        if news.reference:
            rows.crab_reference = news.reference
        if news.state == "error":
            rows._crab_fail(f"not_delivered {news.code}".strip(), news.message or False)
        elif rows:
            rows._crab_set_state(news.state)

    @api.model
    def _crab_take_reports(self, account, reports):
        """Apply delivery reports of an account; they are hints: only rows of ours change, and only forward.

        :param reports: list of ``client.News``
        :return: whether all belong to SMS that are known; the provider is asked to send the others again, as a report
            may come before the answer to the call
        """
        references = [news.reference for news in reports if news.reference]
        sessions = [news.session for news in reports if news.session]
        rows = self.search(
            Domain("crab_template_id.account_id", "=", account.id)
            & (Domain("crab_reference", "in", references) | Domain("crab_session", "in", sessions))
        )
        lock_rows(rows)
        known = {}
        for sms in rows:
            known[sms.crab_session, sms.number] = known[sms.crab_reference, sms.number] = sms
        all_known = True
        for news in reports:
            keys = ((key, news.phone) for key in (news.reference, news.session) if key)
            sms = next((known[key] for key in keys if key in known), None)
            if sms:
                sms._crab_apply(news)
            all_known = all_known and bool(sms)
        return all_known

    # ------------------------------------------------------------------ back office

    def action_crab_retry(self):
        """Send failed and cancelled SMS again."""
        rows_sudo = self._crab_for_service()
        if rows_sudo.filtered(lambda sms: sms.state not in ("error", "canceled") or not sms.crab_template_id):
            raise UserError(self.env._("Only SMS that failed or were cancelled can be sent again."))
        if rows_sudo.filtered(lambda sms: sms.crab_template_id.key == "code"):
            raise UserError(self.env._("A code is not sent again: whoever needs one asks for a new one."))
        if rows_sudo.filtered(lambda sms: not normalise(sms.number)):
            raise UserError(self.env._("There is no phone number to which it could be sent."))
        rows_sudo.write(
            {
                "state": "outgoing",
                "failure_type": False,
                "crab_session": False,
                "crab_reference": False,
                "crab_code": False,
                "crab_message": False,
                "crab_next_try_at": False,
                "crab_ended_at": False,
                "crab_expires_at": False,
                "crab_tries": 0,
            }
        )
        self._crab_wake()

    def action_crab_cancel(self):
        """Do not send SMS that wait in the queue."""
        rows_sudo = self._crab_for_service()
        if rows_sudo.filtered(lambda sms: sms.state != "outgoing" or not sms.crab_template_id):
            raise UserError(self.env._("Only SMS that have not been sent can be cancelled."))
        rows_sudo.write({"state": "canceled", "crab_next_try_at": False})

    def _crab_for_service(self):
        """These rows, locked, with the right to write, which nobody has outside the buttons."""
        if not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service can do this."))
        self.check_access("read")
        lock_rows(self)
        return self.sudo()

    @api.autovacuum
    def _gc_crab_ended(self):
        """Forget SMS by template after the set days: they hold phone numbers and what was told."""
        days = self.env["ir.config_parameter"].sudo().get_param("crab_sms.kept_days") or ""
        before = fields.Datetime.now() - timedelta(days=int(days) if days.isdecimal() else KEPT_DAYS)
        self.search(
            [
                ("crab_template_id", "!=", False),
                ("state", "in", ("pending", "sent", "error", "canceled")),
                ("create_date", "<", before),
            ],
            limit=10000,
        ).unlink()


# What the queue does between its transactions; functions of an environment, as a transaction may be restarted.


def _take(env):
    return env["sms.sms"]._crab_take()


def _call(work):
    results = work.client.send(list(work.ids), work.template, work.params, work.session)
    return {work.ids[phone]: result for phone, result in results.items()}


def _finish(env, work, outcome):
    env["sms.sms"].browse(outcome)._crab_finish(work.session, outcome)


def _take_question(env):
    return env["sms.sms"]._crab_take_question()


def _ask(work):
    """``(whether the provider answered, its News or None)``."""
    try:
        return True, work.client.find(work.phone, work.session, work.taken_at)
    except (client.Refused, client.Unreachable, client.Unknown):
        return False, None


def _settle(env, work, outcome):
    env["sms.sms"].browse(work.id)._crab_settle(work, *outcome)
