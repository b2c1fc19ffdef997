from decimal import Decimal
from typing import Literal

from pydantic import Field

from odoo.addons.crab_api.schemas import Amount, In, Out, When

Reason = Literal["quality", "missing", "wrong", "damaged", "late", "unwanted", "other"]


class AftersaleReason(Out):
    reason: Reason
    label: str


class AftersaleReasons(Out):
    items: list[AftersaleReason]


class AftersaleLineIn(In):
    """Pieces, an amount of them, or both; pieces alone ask for what they cost, an amount alone for a concession."""

    product_id: str
    quantity: int = Field(default=0, ge=0, le=9999)
    amount: Decimal | None = Field(default=None, ge=0, decimal_places=2, max_digits=12)


class AftersaleIn(In):
    """``numbers``: of physical cards that are given back, instead of ``lines``."""

    kind: Literal["refund", "return"]
    reason: Reason
    text: str | None = Field(default=None, max_length=500)
    lines: list[AftersaleLineIn] = Field(default=[], max_length=50)
    numbers: list[str] = Field(default=[], max_length=200)
    pictures: list[str] = Field(default=[], max_length=9)


class AftersaleLine(Out):
    product_id: str
    name: str
    picture: str | None
    quantity: int
    amount: Amount
    quantity_granted: int
    amount_granted: Amount

    @classmethod
    def from_line(cls, line, picture):
        return cls(
            product_id=line.product_id.product_tmpl_id.public_id,
            name=line.product_id.name,
            picture=picture,
            quantity=int(line.quantity),
            amount=line.amount,
            quantity_granted=int(line.quantity_granted),
            amount_granted=line.amount_granted,
        )


class Aftersale(Out):
    """``send_before``: until then the goods are sent back, and the parcel entered."""

    id: str
    number: str
    order_id: str
    order_number: str
    kind: Literal["refund", "return"]
    state: Literal["to_merchant", "to_buyer", "done", "rejected", "cancelled"]
    state_label: str
    reason: Reason
    reason_label: str
    text: str | None
    lines: list[AftersaleLine]
    cards: list[str]
    pictures: list[str]
    amount_asked: Amount
    amount_granted: Amount
    currency: str = "CNY"
    asked_at: When
    approved_at: When | None
    send_before: When | None
    carrier: str | None
    tracking_number: str | None
    sent_at: When | None
    ended_at: When | None
    end_reason: str | None
    can_cancel: bool
    can_send_back: bool

    @classmethod
    def from_request(cls, request, shown):
        """:param shown: ``labels`` of state and reason, ``lines``, ``cards`` and ``pictures``"""
        is_open = request.state in ("to_merchant", "to_buyer")
        return cls(
            id=request.public_id,
            number=request.name,
            order_id=request.order_id.public_id,
            order_number=request.order_id.name,
            kind=request.kind,
            state=request.state,
            state_label=shown["labels"][0],
            reason=request.reason,
            reason_label=shown["labels"][1],
            text=request.text or None,
            lines=shown["lines"],
            cards=shown["cards"],
            pictures=shown["pictures"],
            amount_asked=request.amount_asked,
            amount_granted=request.amount_granted,
            asked_at=request.asked_at,
            approved_at=request.approved_at or None,
            send_before=request.send_before if request.state == "to_buyer" else None,
            carrier=request.carrier_name or None,
            tracking_number=request.tracking_reference or None,
            sent_at=request.sent_at or None,
            ended_at=request.ended_at or None,
            end_reason=request.end_reason or None,
            can_cancel=is_open,
            can_send_back=request.state == "to_buyer" or (request.state == "to_merchant" and bool(request.sent_at)),
        )


class ParcelIn(In):
    carrier: str = Field(max_length=64)
    tracking_number: str = Field(max_length=64)
