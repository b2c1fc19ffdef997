from typing import Literal

from pydantic import Field

from odoo.tools import html2plaintext

from odoo.addons.crab_api.schemas import Amount, Day, In, Out, When

from .catalog import Kind
from .member import Receiver, ReceiverIn

State = Literal["to_pay", "to_audit", "to_ship", "partly_shipped", "to_receive", "to_review", "done", "closed"]
Tab = Literal["to_pay", "to_ship", "to_receive", "to_review", "done", "closed", "aftersale"]


class LineIn(In):
    product_id: str
    quantity: int = Field(ge=1, le=9999)


class QuoteIn(In):
    """What is ordered: ``lines``, or the products ``cart`` of the caller's cart. The receiver: ``address_id`` of the
    address book, or ``receiver``; e-cards need none."""

    lines: list[LineIn] | None = Field(default=None, min_length=1, max_length=50)
    cart: list[str] | None = Field(default=None, min_length=1, max_length=50)
    address_id: str | None = None
    receiver: ReceiverIn | None = None
    delivery_date: Day | None = None


class OrderIn(QuoteIn):
    note: str | None = Field(default=None, max_length=200)


class QuoteLine(Out):
    """``problem``: why it cannot be ordered now, in words."""

    product_id: str
    name: str
    picture: str | None
    quantity: int
    retail_price: Amount
    price: Amount
    amount: Amount
    problem: str | None


class Quote(Out):
    """``freight`` as soon as a receiver is given; ``total`` with it. ``can_order``: no line has a problem."""

    kind: Kind
    lines: list[QuoteLine]
    goods: Amount
    freight: Amount | None
    total: Amount
    currency: str = "CNY"
    needs_address: bool
    delivery_dates: list[Day]
    can_order: bool


class OrderLine(Out):
    product_id: str
    name: str
    picture: str | None
    quantity: int
    retail_price: Amount
    price: Amount
    amount: Amount
    refunded_quantity: int
    refunded: Amount
    shipped_quantity: int

    @classmethod
    def from_line(cls, line, picture):
        return cls(
            product_id=line.product_id.product_tmpl_id.public_id,
            name=line.name,
            picture=picture,
            quantity=int(line.product_uom_qty),
            retail_price=line.crab_retail_price,
            price=line.price_unit,
            amount=line.crab_paid,
            refunded_quantity=int(line.crab_refunded_quantity),
            refunded=line.crab_refunded,
            shipped_quantity=int(line.crab_shipped_quantity),
        )


class OrderItem(Out):
    """An order as lists show it, with what its member can do now."""

    id: str
    number: str
    kind: Kind
    state: State
    state_label: str
    aftersale: Literal["to_merchant", "to_buyer"] | None
    placed_at: When
    pay_before: When | None
    quantity: int
    goods: Amount
    freight: Amount
    total: Amount
    refunded: Amount
    currency: str = "CNY"
    lines: list[OrderLine]
    can_pay: bool
    can_cancel: bool
    can_confirm_receipt: bool
    can_extend_receipt: bool
    can_review: bool
    can_ask_aftersale: bool

    @classmethod
    def from_order(cls, order, shown, **more):
        """:param shown: what the service looked up: ``label``, ``lines`` and the ``can_…`` of the order"""
        lines = shown["lines"]
        return cls(
            id=order.public_id,
            number=order.name,
            kind=order.crab_kind,
            state=order.crab_state,
            state_label=shown["label"],
            aftersale=order.crab_aftersale or None,
            placed_at=order.create_date,
            pay_before=order.crab_pay_before if order.crab_state == "to_pay" else None,
            quantity=sum(line.quantity for line in lines),
            goods=order.crab_amount_goods,
            freight=order.crab_amount_freight,
            total=order.amount_total,
            refunded=order.crab_amount_refunded,
            lines=lines,
            **shown["can"],
            **more,
        )


class Parcel(Out):
    """``carrier`` and ``tracking_number`` once it has left."""

    number: str
    state: str
    state_label: str
    goods: str
    carrier: str | None
    tracking_number: str | None
    shipped_at: When | None
    delivery_date: Day | None

    @classmethod
    def from_delivery(cls, delivery, label):
        return cls(
            number=delivery.name,
            state=delivery.state,
            state_label=label,
            goods=delivery.goods,
            carrier=delivery.carrier_name or None,
            tracking_number=delivery.tracking_reference or None,
            shipped_at=delivery.shipped_at or None,
            delivery_date=delivery.wish_date or None,
        )

    @classmethod
    def from_card_order(cls, document, label):
        """The numbers of physical cards on their way."""
        return cls(
            number=document.name,
            state=document.state,
            state_label=label,
            goods=document.product_names,
            carrier=document.carrier or None,
            tracking_number=document.tracking_reference or None,
            shipped_at=document.sent_at or None,
            delivery_date=None,
        )


class Tracking(Out):
    parcels: list[Parcel]


CardAway = Literal["gift", "return"]


class OrderCard(Out):
    number: str
    product_id: str
    state: Literal["inactive", "active", "used", "cancelled"]
    away: CardAway | None = Field(description="In a gift or return that has not ended.")
    is_mine: bool


class Refund(Out):
    number: str
    amount: Amount
    currency: str = "CNY"
    state: Literal["sending", "done", "failed"]
    state_label: str
    reason: str
    made_at: When

    @classmethod
    def from_refund(cls, refund, label):
        return cls(
            number=refund.name,
            amount=refund.amount,
            state=refund.state,
            state_label=label,
            reason=refund.reason,
            made_at=refund.create_date,
        )


class FapiaoIn(In):
    kind: Literal["personal", "company"]
    title: str = Field(max_length=128)
    tax_number: str | None = Field(default=None, max_length=32)
    email: str | None = Field(default=None, max_length=128)


class Fapiao(Out):
    """``file``: the electronic fapiao, once it is issued."""

    id: str
    kind: Literal["personal", "company"]
    title: str
    tax_number: str | None
    email: str | None
    amount: Amount
    currency: str = "CNY"
    is_red: bool
    state: Literal["asked", "issued", "reversed", "cancelled"]
    state_label: str
    number: str | None
    issued_date: Day | None
    file: str | None

    @classmethod
    def from_fapiao(cls, fapiao, label, file):
        return cls(
            id=fapiao.name,
            kind=fapiao.kind,
            title=fapiao.title,
            tax_number=fapiao.tax_number or None,
            email=fapiao.email or None,
            amount=fapiao.amount,
            is_red=fapiao.is_red,
            state=fapiao.state,
            state_label=label,
            number=fapiao.number or None,
            issued_date=fapiao.issued_date or None,
            file=file,
        )


class Order(OrderItem):
    """``cards``: the numbers that came with it, at most 200 of them. ``why_not``: why something cannot be done."""

    receiver: Receiver | None
    delivery_date: Day | None
    note: str | None
    paid_at: When | None
    shipped_at: When | None
    receive_before: When | None
    received_at: When | None
    closed_at: When | None
    close_reason: str | None
    aftersale_until: When | None
    parcels: list[Parcel]
    cards: list[OrderCard]
    refunds: list[Refund]
    aftersale_ids: list[str]
    fapiao: list[Fapiao]
    can_ask_fapiao: bool
    why_not: dict[str, str]

    @classmethod
    def from_detail(cls, order, shown, **more):
        has_receiver = order.crab_kind != "ecard" and order.crab_receiver_name
        return cls.from_order(
            order,
            shown,
            receiver=Receiver.from_record(order, "crab_") if has_receiver else None,
            delivery_date=order.crab_wish_date or None,
            note=html2plaintext(order.note or "") or None,
            paid_at=order.crab_paid_at or None,
            shipped_at=order.crab_shipped_at or None,
            receive_before=order.crab_receive_before if order.crab_state == "to_receive" else None,
            received_at=order.crab_received_at or None,
            closed_at=order.crab_closed_at or None,
            close_reason=order.crab_close_reason or None,
            aftersale_until=order.crab_credit_due_at or None,
            **more,
        )


class PayIn(In):
    """``jsapi``: within the mini-program; ``h5``: a phone's browser; ``native``: a QR code for WeChat."""

    trade_type: Literal["jsapi", "h5", "native"] = "jsapi"


class Payment(Out):
    """``parameters``: of ``wx.requestPayment``; of the other kinds ``h5_url`` or ``code_url``."""

    provider: str
    trade_type: Literal["jsapi", "h5", "native"]
    amount: Amount
    currency: str = "CNY"
    parameters: dict[str, str]


class PendingReview(Out):
    order_id: str
    order_number: str
    received_at: When
    product_id: str
    name: str
    picture: str | None
    quantity: int

    @classmethod
    def from_line(cls, line, picture):
        return cls(
            order_id=line.order_id.public_id,
            order_number=line.order_id.name,
            received_at=line.order_id.crab_received_at,
            product_id=line.product_id.product_tmpl_id.public_id,
            name=line.name,
            picture=picture,
            quantity=int(line.product_uom_qty),
        )


class PendingReviews(Out):
    items: list[PendingReview]


class ReviewIn(In):
    product_id: str
    score: int = Field(ge=1, le=5)
    text: str | None = None
    is_anonymous: bool = False
    pictures: list[str] = Field(default=[], max_length=9)


class ReviewsIn(In):
    reviews: list[ReviewIn] = Field(min_length=1, max_length=50)


class OwnReview(Out):
    """``is_shown``: whether others see it."""

    id: str
    order_id: str
    product_id: str
    product_name: str
    product_picture: str | None
    score: int
    text: str | None
    is_anonymous: bool
    is_shown: bool
    pictures: list[str]
    written_at: When
    reply: str | None
    replied_at: When | None

    @classmethod
    def from_review(cls, review, picture, pictures):
        return cls(
            id=review.public_id,
            order_id=review.order_id.public_id,
            product_id=review.product_tmpl_id.public_id,
            product_name=review.product_tmpl_id.name,
            product_picture=picture,
            score=review.score,
            text=review.text or None,
            is_anonymous=review.is_anonymous,
            is_shown=review.state == "shown",
            pictures=pictures,
            written_at=review.create_date,
            reply=review.reply or None,
            replied_at=review.replied_at or None,
        )


class OwnReviews(Out):
    items: list[OwnReview]
