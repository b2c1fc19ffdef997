from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject


class CrabEarningAccount(models.Model):
    """What a dealer was credited, has asked for and was paid (CH-17, CH-31). Changes by its doors only, under its
    lock.
    """

    _name = "crab.earning.account"
    _description = "Earnings account"
    _inherit = ["crab.subject.mixin", "crab.public.id.mixin"]
    _order = "dealer_id"
    _rec_name = "dealer_id"

    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    credited = fields.Monetary(
        required=True, readonly=True, default=0, help="Credited in all, less what was given back."
    )
    frozen = fields.Monetary("Asked for", required=True, readonly=True, default=0, help="In withdrawals under way.")
    withdrawn = fields.Monetary(required=True, readonly=True, default=0, help="Paid out in all.")
    balance = fields.Monetary("Withdrawable", required=True, readonly=True, default=0)
    pending = fields.Monetary("Not yet credited", compute="_compute_pending")
    total = fields.Monetary("Total", compute="_compute_pending", help="Credited and not yet credited.")

    _dealer_uniq = models.Constraint("UNIQUE(dealer_id)", "A dealer has one earnings account.")
    _adds_up = models.Constraint(
        "CHECK (balance = credited - frozen - withdrawn AND frozen >= 0 AND withdrawn >= 0)",
        "Withdrawable = credited − asked for − withdrawn.",
    )

    @api.depends("credited")
    def _compute_pending(self):
        self.env["crab.earning"].flush_model()
        sums = dict(
            self.env["crab.earning"]
            .sudo()  # whoever sees the account sees its sum
            ._read_group(
                [("dealer_id", "in", self.dealer_id.ids), ("state", "=", "pending")], ["dealer_id"], ["amount:sum"]
            )
        )
        for account in self:
            account.pending = sums.get(account.dealer_id, 0)
            account.total = account.pending + account.credited

    @api.model
    def _subject_domain(self, subject: Subject):
        asking_sudo = self.env["crab.dealer"]._asking(subject)
        return super()._subject_domain(subject) | fields.Domain("dealer_id", "in", asking_sudo.ids)

    @api.model
    def _figures(self, subject: Subject):
        """What a dealer earned online and what became of it (CH-17, CH-31), before its first crediting too.

        :return: decimals ``total``, ``pending``, ``credited``, ``asked_for``, ``withdrawn``, ``withdrawable``
        :raise AccessError: (403) for anyone but a dealer
        """
        self.env["crab.dealer"]._acting(subject)
        account_sudo = self._for_subject(subject, limit=1)
        pending = self.env["crab.earning"]._pending_of_subject(subject)
        return {
            "total": pending + dec(account_sudo.credited),
            "pending": pending,
            "credited": dec(account_sudo.credited),
            "asked_for": dec(account_sudo.frozen),
            "withdrawn": dec(account_sudo.withdrawn),
            "withdrawable": dec(account_sudo.balance),
        }

    # ------------------------------------------------------------------ doors

    @api.model
    def _open_for(self, dealers):
        """The accounts of these dealers, made where they are missing; in sudo, locked in id order."""
        self.env.flush_all()
        company = self.env["res.company"]._crab_company("sales")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_earning_account (dealer_id, company_id, credited, frozen, withdrawn, balance)
                SELECT id, %s, 0, 0, 0, 0 FROM unnest(%s::int[]) AS given(id) ORDER BY id ON CONFLICT (dealer_id) DO
                NOTHING
                """,
                company.id,
                list(dealers.ids),
            )
        )
        accounts_sudo = self.sudo().search([("dealer_id", "in", dealers.ids)], order="id")  # doors check their callers
        lock_rows(accounts_sudo)
        return accounts_sudo

    @api.model
    def _credit(self, amounts):
        """Add credited amounts (negative: given back) to the dealers' accounts, in one statement.

        :param dict amounts: ``{dealer id: Decimal}``; a balance may become negative, withdrawals then wait
        """
        amounts = {dealer_id: amount for dealer_id, amount in amounts.items() if amount}
        if not amounts:
            return
        self._open_for(self.env["crab.dealer"].browse(amounts))
        rows = SQL(", ").join(SQL("(%s, %s)", dealer_id, amount) for dealer_id, amount in amounts.items())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_earning_account a SET credited = credited + v.amount, balance = balance + v.amount
                  FROM (VALUES %s) AS v(dealer_id, amount) WHERE v.dealer_id = a.dealer_id
                """,
                rows,
            )
        )
        self.invalidate_model(flush=False)

    def _freeze(self, amount):
        """Set ``amount`` aside for a withdrawal.

        :raise UserError: when it is more than can be withdrawn; nothing is changed then
        """
        self._locked_one()
        if not Decimal(0) < amount <= dec(self.balance):
            raise UserError(
                self.env._("At most %(amount)s yuan can be withdrawn.", amount=f"{max(self.balance, 0):,.2f}")
            )
        self.write({"frozen": dec(self.frozen) + amount, "balance": dec(self.balance) - amount})

    def _unfreeze(self, amount):
        """Give back what was set aside for a withdrawal that is not paid."""
        self._locked_one()
        self.write({"frozen": dec(self.frozen) - amount, "balance": dec(self.balance) + amount})

    def _pay_out(self, amount):
        """What was set aside is paid."""
        self._locked_one()
        self.write({"frozen": dec(self.frozen) - amount, "withdrawn": dec(self.withdrawn) + amount})

    def _take_back(self, amount):
        """What was paid came back."""
        self._locked_one()
        self.write({"withdrawn": dec(self.withdrawn) - amount, "balance": dec(self.balance) + amount})

    def _locked_one(self):
        self.ensure_one()
        lock_rows(self)

    # ------------------------------------------------------------------ checks

    @api.model
    def _inconsistent(self):
        """Accounts whose figures are not those of their earnings and withdrawals; reported, never repaired."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT a.id FROM crab_earning_account a
              LEFT JOIN (SELECT dealer_id, SUM(amount) AS amount FROM crab_earning
                          WHERE state = 'credited' AND dealer_id IS NOT NULL GROUP BY 1) e ON e.dealer_id = a.dealer_id
              LEFT JOIN (SELECT account_id, SUM(amount) FILTER (WHERE state IN ('requested', 'approved')) AS frozen,
                                SUM(amount) FILTER (WHERE state = 'paid') AS paid
                           FROM crab_withdrawal GROUP BY 1) w ON w.account_id = a.id
             WHERE a.credited <> COALESCE(e.amount, 0) OR a.frozen <> COALESCE(w.frozen, 0)
                OR a.withdrawn <> COALESCE(w.paid, 0)
             ORDER BY a.id
            """
        )
        return self.sudo().browse(row[0] for row in self.env.cr.fetchall())  # a check sees everything

    # ------------------------------------------------------------------ buttons

    def action_earnings(self):
        """What this dealer earned."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_profit.crab_earning_action")
        return {**action, "domain": [("dealer_id", "=", self.dealer_id.id)], "context": {}}

    def action_statement(self):
        """Ask for the month of a statement."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statement of %(dealer)s", dealer=self.display_name),
            "res_model": "crab.earning.statement",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id},
        }
