from pydantic import Field

from odoo.addons.crab_api.schemas import Amount, Out, When

from .common import CURRENCY, ChoiceOut, Words, label


class StoredWalletOut(Out):
    balance: Amount
    entry_kinds: list[ChoiceOut] = Field(description="Values for the filter of the entries.")


class CreditWalletOut(Out):
    limit: Amount
    available: Amount
    unsettled: Amount = Field(description="The debt: used and not repaid.")
    settled: Amount
    entry_kinds: list[ChoiceOut]


class WalletsOut(Out):
    stored: StoredWalletOut
    credit: CreditWalletOut
    currency: str = CURRENCY

    @classmethod
    def from_wallets(cls, wallets, kinds):
        """:param kinds: ``{"stored" or "credit": [(kind, word)]}``"""
        choices = {name: [ChoiceOut(code=code, name=word) for code, word in choices] for name, choices in kinds.items()}
        credit = wallets["credit"]
        return cls(
            stored=StoredWalletOut(balance=wallets["stored"].balance, entry_kinds=choices["stored"]),
            credit=CreditWalletOut(
                limit=credit.credit_limit,
                available=credit.balance,
                unsettled=credit.credit_used,
                settled=credit.settled,
                entry_kinds=choices["credit"],
            ),
        )


class WalletEntryOut(Out):
    id: str
    kind: str
    kind_name: Words
    amount: Amount = Field(description="Signed: what it did to stored value, or to the available credit.")
    balance_after: Amount
    currency: str = CURRENCY
    reference: str | None = Field(description="Number of the order or document.")
    happened_at: When
    by: str

    @classmethod
    def from_entry(cls, entry):
        return cls(
            id=entry.public_id,
            kind=entry.kind,
            kind_name=label(entry, "kind"),
            amount=entry.amount,
            balance_after=entry.balance_after,
            reference=entry.reference or None,
            happened_at=entry.happened_at,
            by=entry.actor_name,
        )


class DebtOut(Out):
    """What one document took from credit, and what became of it."""

    id: str
    kind: str
    kind_name: Words
    reference: str | None
    amount: Amount
    given_back: Amount
    settled: Amount
    unsettled: Amount
    currency: str = CURRENCY
    happened_at: When

    @classmethod
    def from_debt(cls, debt):
        return cls(
            id=debt.public_id,
            kind=debt.kind,
            kind_name=label(debt, "kind"),
            reference=debt.reference or None,
            amount=debt.amount,
            given_back=debt.given_back,
            settled=debt.settled,
            unsettled=debt.unsettled,
            happened_at=debt.happened_at,
        )


class DebtSettlementOut(Out):
    """How much of a debt one repayment settled; negative rows take a reversed repayment back."""

    id: str
    repayment: str = Field(description="Number of the repayment.")
    reference: str | None = Field(description="Number of the document that used the credit.")
    amount: Amount
    currency: str = CURRENCY
    happened_at: When

    @classmethod
    def from_settlement(cls, settlement):
        return cls(
            id=settlement.public_id,
            repayment=settlement.repayment_id.display_name,
            reference=settlement.reference or None,
            amount=settlement.amount,
            happened_at=settlement.happened_at,
        )
