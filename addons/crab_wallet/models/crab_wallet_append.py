import hashlib
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tools.money import dec

from .crab_wallet import LIMIT_KINDS


class CrabWallet(models.Model):
    """How the doors write: what was posted before, entries with their balances and accounting entry, debts."""

    _inherit = "crab.wallet"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    # === Replays === #

    @api.model
    def _fingerprint(self, operation, kind, amount, document, parts=None):
        text = f"{operation}|{kind}|{amount:.2f}|{document._name},{document.id}"
        for (model, record_id), part in sorted((parts or {}).items()):
            text += f"|{model},{record_id}:{part:.2f}"
        return hashlib.sha256(text.encode()).hexdigest()

    @api.model
    def _check_fingerprint(self, entries, fingerprint):
        """:raise IdempotencyConflict: (409) when entries posted under the same key have another content"""
        if any(entry.fingerprint != fingerprint for entry in entries):
            raise IdempotencyConflict(self.env._("This key was already used for another entry of the same dealer."))

    @api.model
    def _replayed(self, wallets, key, fingerprint):
        """Signed amounts by account of what was posted under ``key`` before; None if nothing was."""
        entries_sudo = self.env["crab.wallet.entry"].sudo()  # as in _locked
        before = entries_sudo.search([("wallet_id", "in", wallets.ids), ("idempotency_key", "=", key)])
        self._check_fingerprint(before, fingerprint)
        return {entry.wallet_kind: dec(entry.amount) for entry in before} if before else None

    # === Writing === #

    def _prepare_entry(self, wallet, kind, amount, document, key, fingerprint):
        return {
            "wallet_id": wallet.id,
            "dealer_id": wallet.dealer_id.id,
            "company_id": wallet.company_id.id,
            "wallet_kind": wallet.kind,
            "kind": kind,
            "amount": amount,
            "amount_in": max(amount, Decimal(0)),
            "amount_out": max(-amount, Decimal(0)),
            "document_model": document._name,
            "document_id": document.id,
            "reference": document.display_name,
            "idempotency_key": key,
            "fingerprint": fingerprint,
        }

    @api.model
    def _append(self, vals_list):
        """Append entries to locked wallets, move the balances and keep the debts in step.

        :raise UserError: when one would make a balance, or what is used of the credit, negative
        """
        entries_sudo = self.env["crab.wallet.entry"].sudo()  # as in _locked
        if not vals_list:
            return entries_sudo
        wallets_sudo = self.sudo().browse({vals["wallet_id"] for vals in vals_list})
        state = {
            wallet.id: [dec(wallet.balance), dec(wallet.credit_limit), dec(wallet.credit_used)]
            for wallet in wallets_sudo
        }
        for vals in vals_list:
            figures, amount = state[vals["wallet_id"]], vals["amount"]
            figures[0] += amount
            if vals["wallet_kind"] == "credit":
                place, change = (1, amount) if vals["kind"] in LIMIT_KINDS else (2, -amount)
                figures[place] += change
            short = min(figures[0], figures[2])
            if short < 0:
                self._refuse_below_zero(wallets_sudo.browse(vals["wallet_id"]), vals["kind"], -short)
            vals["balance_after"] = figures[0]
        entries_sudo = entries_sudo._append_values(vals_list)
        rows = SQL(", ").join(SQL("(%s, %s, %s, %s)", wallet_id, *figures) for wallet_id, figures in state.items())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_wallet w SET balance = v.balance, credit_limit = v.credit_limit, credit_used = v.credit_used
                  FROM (VALUES %s) AS v(id, balance, credit_limit, credit_used) WHERE w.id = v.id
                """,
                rows,
            )
        )
        wallets_sudo.invalidate_recordset(flush=False)
        for vals in vals_list:
            if vals["wallet_kind"] != "credit" or vals["kind"] in LIMIT_KINDS:
                continue
            if vals["kind"] == "repayment":
                self._settle(vals, 1)
            elif vals["kind"] == "repayment_reversal":
                self._settle(vals, -1)
            elif vals["amount"] < 0:
                self._open_debt(vals)
        return entries_sudo

    @api.model
    def _post_entry(self, dealer, document, kind, parts, sign):
        """Book deposits and dealers' credit against the kind's counter-account; ``sign`` 1: charge, -1: give back."""
        counter = self._counter_purposes().get(kind)
        if not counter:
            return
        company = self.env["res.company"]._crab_company("group")
        ledger = self.env["crab.ledger"]
        partner = dealer.sudo().partner_id  # the entry names the dealer, whoever causes it
        entries = ledger._in_language(company).env["crab.wallet.entry"]
        label = dict(entries._fields["kind"]._description_selection(entries.env))[kind]
        ledger._post_document(
            document,
            ledger._journal(company, "document"),
            [
                ("deposits", partner, parts["stored"] * sign, label),
                ("receivable_credit", partner, parts["credit"] * sign, label),
                (counter, False, -(parts["stored"] + parts["credit"]) * sign, label),
            ],
        )

    # === Debts === #

    @api.model
    def _open_debt(self, vals):
        self.env["crab.wallet.debt"].sudo().create(  # as in _locked
            {
                "wallet_id": vals["wallet_id"],
                "dealer_id": vals["dealer_id"],
                "company_id": vals["company_id"],
                "happened_at": fields.Datetime.now(),
                "kind": vals["kind"],
                "document_model": vals["document_model"],
                "document_id": vals["document_id"],
                "reference": vals["reference"],
                "amount": -vals["amount"],
                "given_back": 0,
                "settled": 0,
                "unsettled": -vals["amount"],
            }
        )

    @api.model
    def _settle(self, vals, sign):
        """A repayment settles the oldest debts first; its reversal opens those settled last, so that it stays so."""
        column = SQL.identifier("unsettled" if sign > 0 else "settled")
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH candidate AS (
                    SELECT id, %(column)s AS left_over,
                           SUM(%(column)s) OVER (ORDER BY id %(order)s) - %(column)s AS before
                      FROM crab_wallet_debt WHERE wallet_id = %(wallet)s AND %(column)s > 0
                ), part AS (
                    SELECT id, %(sign)s * LEAST(left_over, %(amount)s - before) AS amount
                      FROM candidate WHERE before < %(amount)s
                ), changed AS (
                    UPDATE crab_wallet_debt debt
                       SET settled = settled + part.amount, unsettled = unsettled - part.amount
                      FROM part WHERE part.id = debt.id
                )
                INSERT INTO crab_wallet_settlement
                       (debt_id, wallet_id, dealer_id, company_id, repayment_id, happened_at, amount)
                SELECT id, %(wallet)s, %(dealer)s, %(company)s, %(document)s, %(now)s, amount FROM part ORDER BY id
                """,
                column=column,
                order=SQL("ASC" if sign > 0 else "DESC"),
                sign=sign,
                wallet=vals["wallet_id"],
                amount=abs(vals["amount"]),
                dealer=vals["dealer_id"],
                company=vals["company_id"],
                document=vals["document_id"],
                now=fields.Datetime.now(),
            )
        )
        self._forget_debts()

    @api.model
    def _choose_debts(self, credit, wanted):
        """Which debts what goes back reduces: ``{debt: Decimal}``.

        :param wanted: ``{(model, id) of the charge's document: Decimal}``
        """
        if not wanted:
            return {}
        open_debts = (
            self.env["crab.wallet.debt"]
            .sudo()
            .search(  # as in _locked
                [
                    ("wallet_id", "=", credit.id),
                    ("unsettled", ">", 0),
                    ("document_id", "in", [record_id for _model, record_id in wanted]),
                ]
            )
        )
        rest, reductions = dict(wanted), {}
        for debt in open_debts:
            origin = (debt.document_model, debt.document_id)
            part = min(dec(debt.unsettled), rest.get(origin, Decimal(0)))
            if part:
                reductions[debt] = part
                rest[origin] -= part
        return reductions

    @api.model
    def _reduce_debts(self, reductions):
        if not reductions:
            return
        self.env.flush_all()
        rows = SQL(", ").join(SQL("(%s, %s)", debt.id, amount) for debt, amount in reductions.items())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_wallet_debt debt SET given_back = given_back + v.amount, unsettled = unsettled - v.amount
                  FROM (VALUES %s) AS v(id, amount) WHERE v.id = debt.id
                """,
                rows,
            )
        )
        self._forget_debts()

    @api.model
    def _forget_debts(self):
        for model in ("crab.wallet.debt", "crab.wallet.settlement"):
            self.env[model].invalidate_model(flush=False)
        self.invalidate_model(["settled"], flush=False)
