from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from odoo.addons.crab_api.schemas import Amount, Day, In, Out, When
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_dealer.models.crab_dealer import ratio_text

from .common import CURRENCY, Actions, Text, Words, label

DAYS_SHOWN = 7


class OnlineSalesOut(Out):
    kind: str
    kind_name: Words
    sold: Amount = Field(description="What its own members paid, less refunds.")
    earned: Amount = Field(description="Credited or not, also from members of dealers below it.")


class DayEarnedOut(Out):
    day: Day
    earned: Amount = Field(description="Credited or not, less what was given back that day; may be negative.")


class EarningSummaryOut(Out):
    today: Amount = Field(description="Earned today, credited or not, less what was given back today.")
    days: list[DayEarnedOut] = Field(description=f"The last {DAYS_SHOWN} days in Shanghai, today last.")
    total: Amount
    withdrawable: Amount = Field(description="May be negative after refunds; then nothing can be withdrawn.")
    asked_for: Amount
    withdrawn: Amount
    not_credited: Amount = Field(description="The after-sales days still run.")
    credited: Amount
    currency: str = CURRENCY
    online: list[OnlineSalesOut]
    needs_invoice: bool = Field(description="Withdrawals are paid with the dealer's invoice only.")
    actions: Actions

    @classmethod
    def from_figures(cls, figures, online, needs_invoice):
        values = {name: figures[name] for name in ("total", "withdrawable", "asked_for", "withdrawn", "credited")}
        days = [DayEarnedOut(day=day, earned=earned) for day, earned in figures["days"].items()]
        return cls(
            **values,
            today=days[-1].earned,
            days=days,
            not_credited=figures["pending"],
            online=[OnlineSalesOut(**sales) for sales in online],
            needs_invoice=needs_invoice,
            actions=["withdraw"] if figures["withdrawable"] > 0 else [],
        )


class EarningOrderOut(Out):
    name: str
    kind: str
    kind_name: Words
    placed_at: When
    is_own_member: bool = Field(description="Bought by a member of the caller, not of a dealer below.")


class EarningOut(Out):
    id: str
    kind: str = Field(description="share, or refund: given back")
    kind_name: Words
    amount: Amount
    currency: str = CURRENCY
    state: str
    state_name: Words
    earned_at: When
    credited_at: When | None
    credit_due_at: When | None = Field(description="When it will be credited; None until the receipt is confirmed.")
    order: EarningOrderOut
    product: str

    @classmethod
    def from_earning(cls, earning):
        order = earning.order_id
        return cls(
            id=earning.public_id,
            kind=earning.kind,
            kind_name=label(earning, "kind"),
            amount=earning.amount,
            state=earning.state,
            state_name=label(earning, "state"),
            earned_at=earning.earned_at,
            credited_at=earning.credited_at or None,
            credit_due_at=order.crab_credit_due_at or None,
            order=EarningOrderOut(
                name=order.name,
                kind=order.crab_kind,
                kind_name=label(order, "crab_kind"),
                placed_at=order.date_order,
                is_own_member=order.crab_dealer_id == earning.dealer_id,
            ),
            product=earning.product_id.name,
        )


class EarningExplanationOut(Out):
    """Where the amount comes from: what was left to share at the caller's step less its own price × quantity."""

    product: str
    quantity: int
    paid: Amount = Field(description="What the member paid for these goods.")
    refunded: Amount
    before: Amount = Field(description="What was left to share when the caller's turn came.")
    ratio: str
    own_price: Amount = Field(description="The caller's own price of one piece when the order was placed.")
    after: Amount = Field(description="Own price × quantity, at most what was left.")
    share: Amount
    given_back: Amount
    net: Amount
    currency: str = CURRENCY
    note: str | None

    @classmethod
    def from_step(cls, line, step):
        return cls(
            product=line.product_id.name,
            quantity=int(line.product_uom_qty),
            paid=line.crab_paid,
            refunded=line.crab_refunded,
            before=step["amount_before"],
            ratio=ratio_text(step["ratio"]),
            own_price=step["unit_price"],
            after=step["amount_after"],
            share=step["share"],
            given_back=step["given_back"],
            net=step["share"] - dec(step["given_back"]),
            note=step["note"] or None,
        )


class EarningStatementOut(Out):
    """A month of the earnings account; months are those of Shanghai."""

    month: str
    opening: Amount
    shares: Amount
    given_back: Amount
    withdrawn: Amount
    closing: Amount
    currency: str = CURRENCY
    count: int


class WithdrawalIn(In):
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=12)]
    bank_name: Text
    bank_account: Annotated[str, StringConstraints(strip_whitespace=True, min_length=12, max_length=40)]
    bank_holder: Text


class DealerInvoiceIn(In):
    picture: str = Field(description="Id of an uploaded picture of the invoice.")
    number: Text
    date: Day | None = None


class WithdrawalOut(Out):
    id: str
    name: str
    amount: Amount
    currency: str = CURRENCY
    bank_name: str
    bank_account: str = Field(description="The last four digits.")
    bank_holder: str
    state: str
    state_name: Words
    requested_at: When
    decided_at: When | None
    paid_at: When | None
    reject_reason: str | None
    bank_reference: str | None
    needs_invoice: bool
    has_invoice: bool
    invoice_number: str | None
    invoice_date: Day | None
    actions: Actions

    @classmethod
    def from_withdrawal(cls, withdrawal, needs_invoice):
        is_open = withdrawal.state in ("requested", "approved")
        return cls(
            id=withdrawal.public_id,
            name=withdrawal.name,
            amount=withdrawal.amount,
            bank_name=withdrawal.bank_name,
            bank_account=f"**** {withdrawal.bank_account[-4:]}",
            bank_holder=withdrawal.bank_holder,
            state=withdrawal.state,
            state_name=label(withdrawal, "state"),
            requested_at=withdrawal.requested_at,
            decided_at=withdrawal.decided_at or None,
            paid_at=withdrawal.paid_at or None,
            reject_reason=withdrawal.reject_reason or None,
            bank_reference=withdrawal.bank_reference or None,
            needs_invoice=needs_invoice and is_open and not withdrawal.invoice_number,
            has_invoice=bool(withdrawal.invoice_number),
            invoice_number=withdrawal.invoice_number or None,
            invoice_date=withdrawal.invoice_date or None,
            actions=["attach_invoice"] if is_open else [],
        )
