from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date, day_bounds

# What is not in the daily journal.
JOURNALS = {"intercompany": "supply"}


class CrabLedgerCheck(models.Model):
    _name = "crab.ledger.check"
    _description = "Subledger check"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "run_at"

    run_at = fields.Datetime("Run at", required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Run by", readonly=True, default=lambda self: self.env.user)
    state = fields.Selection(
        [("equal", "Equal"), ("different", "Different")], compute="_compute_state", store=True, readonly=True
    )
    line_ids = fields.One2many("crab.ledger.check.line", "check_id", "Accounts", readonly=True)
    findings = fields.Text(readonly=True, help="What is wrong within a subledger itself.")

    @api.depends("line_ids.difference", "findings")
    def _compute_state(self):
        for check in self:
            wrong = check.findings or any(line.difference for line in check.line_ids)
            check.state = "different" if wrong else "equal"

    @api.model
    def _controlled(self):
        """Purposes whose accounts are booked by the suite only: their whole balance is compared. Of others, what the
        journal of their facts holds.
        """
        return ["deposits", "receivable_credit", "contract_liability"]

    @api.model
    def _subledgers(self):
        """What the accounts should hold, debit positive; contributions to one purpose are added up.

        Extended by each addon that keeps a subledger.

        :return: ``[{"company_id", "purpose", "amount", "waiting", "waiting_since"}]``; ``amount`` includes ``waiting``
        """
        return self.env["crab.ledger.fact"]._sums_by_purpose()

    @api.model
    def _findings(self):
        """What is wrong within the subledgers themselves, as sentences; extended by addons. Nothing is repaired.

        :return: list of texts
        """
        # the nightly batch has an hour for the days that have ended
        today = business_date(fields.Datetime.now() - timedelta(hours=1))
        self.env.cr.execute(
            SQL(
                """
                SELECT company_id, business_date, COUNT(*) FROM crab_ledger_fact
                 WHERE batch_id IS NULL AND business_date < %s AND recorded_at < %s GROUP BY 1, 2 ORDER BY 1, 2
                """,
                today,
                day_bounds(today)[0],
            )
        )
        facts = self.env.cr.fetchall()
        return self._between_companies() + [
            self.env._(
                "%(company)s: %(count)s facts of %(day)s were not posted by the nightly batch. Post them by hand.",
                company=self.env["res.company"].sudo().browse(company_id).name,  # as in _compare
                day=day,
                count=count,
            )
            for company_id, day, count in facts
        ]

    @api.model
    def _between_companies(self):
        """What the Group claims from the Sales company is what that one owes."""
        ledger, balances = self.env["crab.ledger"], []
        for role in ("group", "sales"):
            company = self.env["res.company"]._crab_company(role)
            balances.append(self._ledger_balance(company, ledger._account(company, "intercompany"), None))
        if not sum(balances):
            return []
        return [
            self.env._(
                "The Group claims %(claim)s yuan from the Sales company, which owes %(debt)s in its books.",
                claim=f"{balances[0]:.2f}",
                debt=f"{-balances[1]:.2f}",
            )
        ]

    @api.model
    def _compare(self):
        """Subledger = ledger + waiting, per account, in one snapshot of the database.

        :return: list of dicts ``company``, ``account`` (records), ``purpose`` (labels), ``subledger``, ``waiting``,
            ``ledger``, ``difference`` (Decimal), ``waiting_since`` (date or None)
        """
        ledger = self.env["crab.ledger"]
        ledger._post_pending()
        companies = self.env["res.company"].sudo().search([("crab_role", "!=", False)])  # a check sees both companies
        contributions, controlled = self._subledgers(), self._controlled()
        for company in companies:
            contributions += [{"company_id": company.id, "purpose": purpose, "amount": 0} for purpose in controlled]
        by_account = defaultdict(lambda: {"purposes": [], "subledger": Decimal(0), "waiting": Decimal(0), "since": []})
        for contribution in contributions:
            company = companies.browse(contribution["company_id"])
            purpose = contribution["purpose"]
            journal = None if purpose in controlled else ledger._journal(company, JOURNALS.get(purpose, "daily"))
            row = by_account[company, ledger._account(company, purpose), journal]
            label = company._fields[f"crab_{purpose}_account_id"]._description_string(self.env)
            if label not in row["purposes"]:
                row["purposes"].append(label)
            row["subledger"] += dec(contribution["amount"])
            row["waiting"] += dec(contribution.get("waiting"))
            if contribution.get("waiting_since"):
                row["since"].append(contribution["waiting_since"])
        results = []
        for (company, account, journal), row in by_account.items():
            balance = self._ledger_balance(company, account, journal)
            results.append(
                {
                    "company": company,
                    "account": account,
                    "purpose": ", ".join(row["purposes"]),
                    "subledger": row["subledger"],
                    "waiting": row["waiting"],
                    "waiting_since": min(row["since"], default=None),
                    "ledger": balance,
                    "difference": row["subledger"] - row["waiting"] - balance,
                }
            )
        return results

    @api.model
    def _ledger_balance(self, company, account, journal):
        self.env.cr.execute(
            SQL(
                """
                SELECT COALESCE(SUM(balance), 0) FROM account_move_line
                 WHERE account_id = %s AND company_id = %s AND parent_state = 'posted'
                   AND (%s IS NULL OR journal_id = %s)
                """,
                account.id,
                company.id,
                journal and journal.id,
                journal and journal.id,
            )
        )
        return dec(self.env.cr.fetchone()[0])

    @api.model
    def _run(self):
        """Compare, keep the result, and give finance an activity when something differs.

        :return: what ``_compare`` found
        """
        return self._run_and_keep()[0]

    @api.model
    def _run_and_keep(self):
        # kept and sent to others: in the language of the books, whoever runs it
        company = self.env["res.company"]._crab_company("group")
        check_sudo = self.env["crab.ledger"]._in_language(company).env[self._name].sudo()  # written by the check alone
        results = check_sudo._compare()
        check_sudo = check_sudo.create(
            {
                "user_id": self.env.uid,
                "findings": "\n".join(check_sudo._findings()),
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "company_id": result["company"].id,
                            "account_id": result["account"].id,
                            "purpose": result["purpose"],
                            "subledger": result["subledger"],
                            "waiting": result["waiting"],
                            "waiting_since": result["waiting_since"],
                            "ledger": result["ledger"],
                            "difference": result["difference"],
                        },
                    )
                    for result in results
                ],
            }
        )
        check_sudo._warn_finance()
        return results, check_sudo

    def _warn_finance(self):
        """Replace the open activities of earlier checks by ones that name today's differences, if there are any."""
        self.search([("id", "!=", self.id), ("activity_ids", "!=", False)]).activity_unlink(
            ["mail.mail_activity_data_warning"]
        )
        wrong = self.line_ids.filtered("difference")
        if not wrong and not self.findings:
            return
        sentences = (self.findings or "").splitlines()
        sentences += [
            self.env._(
                "%(company)s, %(account)s: subledger %(subledger)s, ledger %(ledger)s, waiting %(waiting)s,"
                " difference %(difference)s",
                company=line.company_id.name,
                account=line.account_id.display_name,
                **{
                    name: formatLang(self.env, line[name], currency_obj=line.currency_id)
                    for name in ("subledger", "ledger", "waiting", "difference")
                },
            )
            for line in wrong
        ]
        note = Markup("<ul>%s</ul>") % Markup().join(Markup("<li>%s</li>") % sentence for sentence in sentences)
        for user in self._finance_users():
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                date_deadline=business_date(),
                summary=self.env._("Subledger and ledger differ"),
                note=note,
                user_id=user.id,
            )

    @api.model
    def _finance_users(self):
        """Who gets the warnings: those with the role Finance itself, else the administrators."""
        finance = self.env.ref("crab_base.group_finance").user_ids.filtered(lambda user: user.active and not user.share)
        return finance or self.env.ref("crab_base.group_admin").user_ids.filtered("active")

    def action_run(self):
        """Run the check now and show its result."""
        self.env["crab.ledger"]._check_finance()
        check_sudo = self._run_and_keep()[1]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Subledger check"),
            "res_model": self._name,
            "res_id": check_sudo.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _cron_check(self):
        self._run()
