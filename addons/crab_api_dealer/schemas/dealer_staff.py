from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from odoo.addons.crab_api.schemas import Amount, Day, In, Out, Page, When
from odoo.addons.crab_dealer.models.crab_dealer import ratio_text

from .common import CURRENCY, Actions, NamedOut, Text, Words, label
from .dealer import DealerContactOut

Commission = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4, description="Share of the dealer's earning.")]


class StaffFiguresOut(Out):
    """A staff member's money: total = credited + not yet credited; to settle = credited − settled."""

    sold: Amount
    total: Amount
    not_credited: Amount
    settled: Amount
    to_settle: Amount
    settlements: int = Field(description="How many times the dealer marked a payment.")
    currency: str = CURRENCY

    @classmethod
    def from_figures(cls, figures):
        values = {name: figures[name] for name in ("sold", "total", "settled", "to_settle", "settlements")}
        return cls(**values, not_credited=figures["pending"])


class StaffOut(Out):
    id: str
    name: str
    phone: str | None
    commission_ratio: str
    joined_on: Day
    is_active: bool
    member_count: int
    figures: StaffFiguresOut
    actions: Actions

    @classmethod
    def _values(cls, staff, figures):
        return {
            "id": staff.public_id,
            "name": staff.name,
            "phone": staff.phone or None,
            "commission_ratio": ratio_text(staff.commission_ratio),
            "joined_on": staff.joined_date,
            "is_active": staff.active,
            "member_count": figures["members"],
            "figures": StaffFiguresOut.from_figures(figures),
            "actions": [
                *(["set_commission", "archive"] if staff.active else ["reinstate"]),
                *(["settle"] if figures["to_settle"] > 0 else []),
            ],
        }

    @classmethod
    def from_staff(cls, staff, figures):
        return cls(**cls._values(staff, figures))


class CommissionChangeOut(Out):
    valid_from: When
    ratio_before: str
    ratio: str
    by: str


class StaffDetailOut(StaffOut):
    commission_history: list[CommissionChangeOut]

    @classmethod
    def from_staff(cls, staff, figures):
        return cls(
            **cls._values(staff, figures),
            commission_history=[
                CommissionChangeOut(
                    valid_from=change.valid_from,
                    ratio_before=ratio_text(change.ratio_before),
                    ratio=ratio_text(change.ratio),
                    by=change.author,
                )
                for change in staff.ratio_ids
            ],
        )


class StaffPage(Page[StaffOut]):
    total: int


class StaffMeOut(Out):
    id: str
    name: str
    phone: str | None
    dealer: DealerContactOut
    commission_ratio: str
    joined_on: Day
    member_count: int
    figures: StaffFiguresOut

    @classmethod
    def from_staff(cls, staff, figures):
        dealer = staff.dealer_id
        return cls(
            id=staff.public_id,
            name=staff.name,
            phone=staff.phone or None,
            dealer=DealerContactOut(
                name=dealer.name, contact_name=dealer.contact_name or None, phone=dealer.phone or None
            ),
            commission_ratio=ratio_text(staff.commission_ratio),
            joined_on=staff.joined_date,
            member_count=figures["members"],
            figures=StaffFiguresOut.from_figures(figures),
        )


class StaffIn(In):
    name: Text
    phone: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=20)]
    commission_ratio: Commission = Decimal(0)


class StaffChange(In):
    is_active: bool = Field(description="False archives, True takes a former staff member back.")


class CommissionIn(In):
    ratio: Commission


class StaffSettlementIn(In):
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=12)] | None = Field(
        None, description="None: all that is to settle."
    )
    note: Text | None = None


class StaffSettlementOut(Out):
    """The dealer marked that it paid this to a staff member."""

    id: str
    number: int = Field(description="The how many-th of this person.")
    staff: NamedOut
    amount: Amount
    to_settle_before: Amount
    currency: str = CURRENCY
    settled_at: When
    note: str | None
    by: str

    @classmethod
    def from_settlement(cls, settlement):
        return cls(
            id=settlement.public_id,
            number=settlement.number,
            staff=NamedOut.from_record(settlement.staff_id),
            amount=settlement.amount,
            to_settle_before=settlement.amount_before,
            settled_at=settlement.settled_at,
            note=settlement.note or None,
            by=settlement.author,
        )


class StaffSettlementPage(Page[StaffSettlementOut]):
    total: int


class StaffEarningOut(Out):
    id: str
    source: str = Field(description="online or offline")
    kind: str
    kind_name: Words
    reference: str = Field(description="Number of the order or of the card document.")
    sold: Amount
    ratio: str
    amount: Amount
    currency: str = CURRENCY
    state: str
    state_name: Words
    earned_at: When

    @classmethod
    def from_earning(cls, earning):
        return cls(
            id=earning.public_id,
            source="offline" if earning.kind == "offline" else "online",
            kind=earning.kind,
            kind_name=label(earning, "kind"),
            reference=(earning.order_id or earning.card_order_id).name,
            sold=earning.sold,
            ratio=ratio_text(earning.ratio),
            amount=earning.amount,
            state=earning.state,
            state_name=label(earning, "state"),
            earned_at=earning.earned_at,
        )
