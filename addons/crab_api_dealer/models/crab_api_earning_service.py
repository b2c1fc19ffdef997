from datetime import date

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_profit.models.crab_dealer import ONLINE_KINDS

from ..schemas import earning as schemas
from ..tools.lookup import one, page


class CrabApiEarningService(models.AbstractModel):
    """What a dealer earned online, and how it gets it."""

    _name = "crab.api.earning.service"
    _description = "API: earnings of dealers"

    def _summary(self, subject):
        dealer = self.env["crab.dealer"]._acting(subject)
        words = dict(self.env["sale.order"]._fields["crab_kind"]._description_selection(self.env))
        online = [
            {
                "kind": kind,
                "kind_name": words[kind],
                "sold": dealer[f"online_sold_{kind}"],
                "earned": dealer[f"online_earned_{kind}"],
            }
            for kind in ONLINE_KINDS
        ]
        figures = self.env["crab.earning.account"]._figures(subject)
        figures["days"] = self.env["crab.earning"]._days_of_subject(subject, schemas.DAYS_SHOWN)
        return schemas.EarningSummaryOut.from_figures(figures, online, self.env["crab.withdrawal"]._needs_invoice())

    def _list(self, subject, paging, state=None, kind=None, order=None):
        self.env["crab.dealer"]._acting(subject)
        domain = Domain.TRUE
        if state:
            domain &= Domain("state", "=", state)
        if kind:
            domain &= Domain("kind", "=", kind)
        if order:
            domain &= Domain("order_id.name", "=", order)
        earnings, cursor = page(self.env, "crab.earning", subject, domain, paging)
        items = [schemas.EarningOut.from_earning(earning) for earning in earnings]
        return Page[schemas.EarningOut](items=items, next_cursor=cursor)

    def _explanation(self, subject, earning_id):
        earning = one(self.env, "crab.earning", subject, earning_id)
        steps = self.env["crab.earning.explain"].sudo()._walk(earning.line_id)  # sudo: the subject has no Odoo user
        [step] = [step for step in steps if step["dealer"] == earning.dealer_id]
        return schemas.EarningExplanationOut.from_step(earning.line_id, step)

    # ------------------------------------------------------------------ statement

    def _statement_of(self, subject, month):
        """The statement of a month ``YYYY-MM``, not stored; of an account that may not exist yet."""
        self.env["crab.dealer"]._acting(subject)
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise UserError(self.env._("A month is written like 2026-11.")) from error
        account_sudo = self.env["crab.earning.account"]._for_subject(subject, limit=1)
        return account_sudo.env["crab.earning.statement"].new({"account_id": account_sudo.id, "month": first})

    def _statement(self, subject, month):
        statement = self._statement_of(subject, month)
        start, _end = statement._bounds()
        rows = statement._rows()
        sums = {kind: dec(0) for kind in ("share", "refund", "withdrawal")}
        inside = [row for row in rows if row[0] >= start]
        for _when, kind, _name, amount in inside:
            sums[kind] += amount
        return schemas.EarningStatementOut(
            month=month,
            opening=sum((amount for when, _kind, _name, amount in rows if when < start), dec(0)),
            shares=sums["share"],
            given_back=sums["refund"],
            withdrawn=sums["withdrawal"],
            closing=sum((amount for _when, _kind, _name, amount in rows), dec(0)),
            count=len(inside),
        )

    def _statement_file(self, subject, month):
        """The same as Excel, as bytes."""
        return self._statement_of(subject, month)._workbook()

    # ------------------------------------------------------------------ withdrawals

    def _withdraw(self, subject, data, key):
        self.env["crab.dealer"]._acting(subject)
        card = data.model_dump(include={"bank_name", "bank_account", "bank_holder"})
        withdrawal = self.env["crab.withdrawal"]._request(subject, data.amount, card, key)
        return self._withdrawal_out(withdrawal)

    def _withdrawals(self, subject, paging, state=None):
        self.env["crab.dealer"]._acting(subject)
        domain = Domain("state", "=", state) if state else Domain.TRUE
        withdrawals, cursor = page(self.env, "crab.withdrawal", subject, domain, paging)
        needs_invoice = withdrawals._needs_invoice()
        items = [schemas.WithdrawalOut.from_withdrawal(withdrawal, needs_invoice) for withdrawal in withdrawals]
        return Page[schemas.WithdrawalOut](items=items, next_cursor=cursor)

    def _withdrawal(self, subject, withdrawal_id):
        return self._withdrawal_out(one(self.env, "crab.withdrawal", subject, withdrawal_id))

    def _withdrawal_out(self, withdrawal):
        return schemas.WithdrawalOut.from_withdrawal(withdrawal, withdrawal._needs_invoice())

    def _attach_invoice(self, subject, withdrawal_id, data):
        withdrawal = one(self.env, "crab.withdrawal", subject, withdrawal_id)
        [content] = self.env["crab.upload"]._contents(subject, [data.picture])
        withdrawal = withdrawal._attach_invoice_for_subject(subject, withdrawal.id, content, data.number, data.date)
        return self._withdrawal_out(withdrawal)
