from typing import Literal

from pydantic import Field

from odoo.addons.crab_api.schemas import Amount, Day, In, Out, When

from .catalog import Product


class OrderCounts(Out):
    """Orders that wait for something, as the tabs of the list count them."""

    to_pay: int
    to_ship: int
    to_receive: int
    to_review: int
    aftersale: int


class Level(Out):
    name: str
    ratio: float  # 1 = retail price


class LevelCondition(Out):
    """What is asked for, and how much of it there is already: amounts of ``spend``, else numbers."""

    kind: Literal["spend", "orders", "invitations"]
    asked: str
    reached: str


class LevelAbove(Level):
    """``is_any``: one of the conditions is enough. ``period_days``: only what happened in the last days counts."""

    is_any: bool
    period_days: int | None
    conditions: list[LevelCondition]

    @classmethod
    def from_level(cls, level, spend, orders, invitations):
        """The last three: what the member has that counts for it."""
        rows = (
            ("spend", level.min_spend, spend, "{:.2f}"),
            ("orders", level.min_orders, orders, "{}"),
            ("invitations", level.min_invitations, invitations, "{}"),
        )
        return cls(
            name=level.name,
            ratio=level.ratio,
            is_any=level.condition_mode == "any",
            period_days=level.period_days or None,
            conditions=[
                LevelCondition(kind=kind, asked=words.format(asked), reached=words.format(reached))
                for kind, asked, reached, words in rows
                if asked
            ],
        )


class Me(Out):
    id: str
    number: str
    name: str
    phone: str
    avatar: str | None
    level: Level
    dealer: str | None
    registered_date: Day
    points: int
    cards: int
    cart: int
    unread: int
    orders: OrderCounts
    has_agreements_to_accept: bool

    @classmethod
    def from_member(cls, member, shown):
        """:param shown: what the service counted: the fields that are not the member's own"""
        return cls(
            id=member.public_id,
            number=member.number,
            name=member.name,
            phone=member.phone or "",
            level=Level(name=member.level_id.name, ratio=member.level_id.ratio),
            dealer=member.dealer_id.name or None,
            registered_date=member.registered_date,
            **shown,
        )


class MeUpdate(In):
    name: str | None = Field(default=None, min_length=1, max_length=64)
    avatar: str | None = Field(default=None, description="id of an uploaded picture")


class ClosingItem(Out):
    label: str
    count: int


class Closing(Out):
    """``running`` must end first; ``lost`` could no longer be used."""

    can_close: bool
    running: list[ClosingItem]
    lost: list[ClosingItem]

    @classmethod
    def from_items(cls, items):
        rows = [(ClosingItem(label=label, count=count), is_lost) for label, count, is_lost in items]
        running = [item for item, is_lost in rows if not is_lost]
        return cls(can_close=not running, running=running, lost=[item for item, is_lost in rows if is_lost])


class Invitation(Out):
    code: str
    link: str
    level: str
    qr: str = Field(description="PNG as data: URL")


class Invited(Out):
    name: str
    registered_date: Day

    @classmethod
    def from_member(cls, member):
        return cls(name=f"{member.name[:1]}**", registered_date=member.registered_date)


class Favourite(Out):
    """``is_on_sale``: whether the product can be bought now."""

    since: When
    is_on_sale: bool
    product: Product

    @classmethod
    def from_favourite(cls, favourite, product):
        template = favourite.product_tmpl_id
        return cls(
            since=favourite.create_date,
            is_on_sale=template.active and template.crab_state == "on_sale",
            product=product,
        )


class ReceiverIn(In):
    """``region_code``: of the district, or of the city that has none."""

    receiver_name: str
    receiver_phone: str
    region_code: str
    street: str


class AddressIn(ReceiverIn):
    is_default: bool = False


class AddressUpdate(In):
    receiver_name: str | None = None
    receiver_phone: str | None = None
    region_code: str | None = None
    street: str | None = None
    is_default: bool | None = None


class Receiver(Out):
    receiver_name: str
    receiver_phone: str
    region_code: str | None
    province: str | None
    city: str | None
    district: str | None
    street: str

    @classmethod
    def from_record(cls, record, prefix="", **more):
        """:param prefix: of the fields: ``crab_`` in orders"""
        regions = {level: record[f"{prefix}{level}_id"] for level in ("province", "city", "district")}
        smallest = regions["district"] or regions["city"] or regions["province"]
        return cls(
            receiver_name=record[f"{prefix}receiver_name"],
            receiver_phone=record[f"{prefix}receiver_phone"],
            region_code=smallest.code or None,
            street=record[f"{prefix}street"],
            **{level: region.name or None for level, region in regions.items()},
            **more,
        )


class Address(Receiver):
    id: str
    is_default: bool

    @classmethod
    def from_address(cls, address):
        return cls.from_record(address, id=address.public_id, is_default=address.is_default)


class PointEntry(Out):
    kind: Literal["received", "refund"]
    points: int
    order_id: str
    order_number: str
    happened_at: When

    @classmethod
    def from_entry(cls, entry):
        return cls(
            kind=entry.kind,
            points=entry.points,
            order_id=entry.order_id.public_id,
            order_number=entry.order_id.name,
            happened_at=entry.happened_at,
        )


class Points(Out):
    balance: int
    items: list[PointEntry]
    next_cursor: str | None


class AgreementsIn(In):
    ids: list[str] = Field(min_length=1, max_length=10)


class MessageTarget(Out):
    """What a message tells of: ``id`` as in the paths of that kind."""

    kind: Literal["order", "redemption", "card_return", "aftersale"]
    id: str


class Message(Out):
    id: str
    event: str
    title: str
    body: str
    told_at: When
    is_read: bool
    target: MessageTarget | None

    @classmethod
    def from_notice(cls, notice, target):
        return cls(
            id=notice.public_id,
            event=notice.event,
            title=notice.title,
            body=notice.body,
            told_at=notice.told_at,
            is_read=bool(notice.read_at),
            target=target,
        )


class MessagesRead(In):
    ids: list[str] | None = Field(default=None, max_length=100, description="none: all of them")


class Count(Out):
    count: int


class FeedbackIn(In):
    text: str
    pictures: list[str] = Field(default=[], max_length=9)


class Feedback(Out):
    id: str
    text: str
    pictures: list[str]
    state: Literal["new", "in_hand", "answered", "closed"]
    state_label: str
    received_at: When
    answer: str | None
    answered_at: When | None

    @classmethod
    def from_feedback(cls, feedback, label, pictures):
        is_answered = feedback.state in ("answered", "closed") and feedback.answered_at
        return cls(
            id=feedback.public_id,
            text=feedback.text,
            pictures=pictures,
            state=feedback.state,
            state_label=label,
            received_at=feedback.received_at,
            answer=feedback.answer if is_answered else None,
            answered_at=feedback.answered_at or None,
        )


class DealerApplicationIn(In):
    """``agreement_id``: the supplier agreement that was read and accepted, while one holds."""

    name: str = Field(min_length=1, max_length=128)
    contact_name: str = Field(min_length=1, max_length=64)
    phone: str
    level: Literal["1", "2", "3"] = "1"
    dealer_type: Literal["city_partner", "exclusive_store", "distributor", "small_merchant"] | None = None
    is_offline: bool = True
    is_online: bool = True
    region_code: str | None = None
    street: str | None = Field(default=None, max_length=256)
    note: str | None = Field(default=None, max_length=1000)
    invitation: str | None = None
    agreement_id: str | None = None


class DealerApplication(Out):
    id: str
    name: str
    phone: str
    state: Literal["new", "approved", "rejected"]

    @classmethod
    def from_application(cls, application):
        return cls(id=application.public_id, name=application.name, phone=application.phone, state=application.state)


class CartLineIn(In):
    quantity: int = Field(ge=1, le=9999)


class CartLineAdd(CartLineIn):
    product_id: str


class CartLine(Out):
    """``problem``: why it cannot be ordered now, in words. ``amount`` only where it can be bought."""

    product: Product
    quantity: int
    price: Amount | None
    amount: Amount | None
    currency: str = "CNY"
    problem: str | None


class Cart(Out):
    """``goods``, ``freight`` and ``total`` are of the lines without a problem."""

    lines: list[CartLine]
    goods: Amount | None
    freight: Amount | None
    total: Amount | None
    currency: str = "CNY"
    problem: str | None
