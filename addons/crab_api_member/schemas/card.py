from typing import Literal

from pydantic import Field, SecretStr

from odoo.addons.crab_api.schemas import Day, In, Out, When

from .catalog import Choice
from .member import Receiver, ReceiverIn
from .order import CardAway, Parcel

CardState = Literal["inactive", "active", "used", "cancelled"]
CardShown = Literal["inactive", "active", "used", "cancelled", "gift", "return", "expired"]
CardSort = Literal["received", "product", "state"]


class CardProduct(Out):
    id: str
    name: str
    picture: str | None

    @classmethod
    def from_product(cls, product, picture):
        return cls(id=product.product_tmpl_id.public_id, name=product.name, picture=picture)


class CardItem(Out):
    """A card as its member sees it; ``id`` is its number. ``away``: in a gift or return that has not ended.
    ``is_expired``: its time was over before it was used."""

    id: str
    kind: Literal["physical", "ecard"]
    state: CardState
    state_label: str
    product: CardProduct
    received_at: When | None
    valid_until: Day | None
    is_expired: bool
    away: CardAway | None
    can_redeem: bool
    can_give: bool
    can_return: bool

    @classmethod
    def from_card(cls, card, shown, **more):
        """:param shown: what the service looked up: ``label``, ``picture``, ``away``, ``is_expired``, ``is_bought``"""
        is_free = card.state == "active" and not card.transit_id and not shown["is_expired"]
        return cls(
            id=card.number,
            kind=card.kind,
            state=card.state,
            state_label=shown["label"],
            product=CardProduct.from_product(card.product_id, shown["picture"]),
            received_at=card.received_at or None,
            valid_until=card.valid_until or None,
            is_expired=shown["is_expired"],
            away=shown["away"],
            can_redeem=is_free,
            can_give=is_free and card.kind == "ecard",
            can_return=shown["is_bought"] and card.state in ("active", "inactive") and not card.transit_id,
            **more,
        )


class CardEvent(Out):
    """``document``: whether it was done by a gift or a return."""

    event: str
    document: CardAway | None
    label: str
    happened_at: When


class Card(CardItem):
    """``why_not``: why it cannot be redeemed now."""

    history: list[CardEvent]
    gift_token: str | None
    redemption_id: str | None
    why_not: dict[str, str]


class CardPair(In):
    """Number and password as printed; the password is neither kept nor logged. ``phone`` and ``code``: an SMS code for
    the purpose ``card``, where the answer was ``sms_code_required``."""

    number: str = Field(max_length=64)
    password: SecretStr = Field(max_length=64)
    phone: str | None = Field(default=None, max_length=32)
    code: str | None = Field(default=None, max_length=16)


class BindIn(CardPair):
    pass


class RedemptionOptions(Out):
    """``choose`` of the ``choices`` are what the number gives; with as many choices nothing is to be chosen."""

    card: CardProduct
    choose: int
    choices: list[Choice]
    delivery_dates: list[Day]


class RedeemIn(In):
    """``choice``: products of the options, where there is a choice."""

    choice: list[str] | None = Field(default=None, min_length=1, max_length=50)
    address_id: str | None = None
    receiver: ReceiverIn | None = None
    delivery_date: Day | None = None


class RedemptionChange(In):
    """What is left out stays as it is."""

    address_id: str | None = None
    receiver: ReceiverIn | None = None
    delivery_date: Day | None = None


class QuickOptionsIn(CardPair):
    pass


class QuickRedemption(Out):
    """What a used number was redeemed for, for who knows its password; no names and addresses."""

    state: Literal["confirmed", "shipped", "cancelled"]
    state_label: str
    goods: str
    redeemed_at: When
    delivery_date: Day | None
    carrier: str | None
    tracking_number: str | None


class QuickOptions(Out):
    """``token`` redeems this number without password until ``expires_at``; none where it cannot be redeemed:
    ``why_not`` says why."""

    number: str
    state: CardState
    token: str | None
    expires_at: When | None
    options: RedemptionOptions | None
    redemption: QuickRedemption | None
    why_not: str | None


class QuickRedeemIn(In):
    token: str = Field(max_length=512)
    choice: list[str] | None = Field(default=None, min_length=1, max_length=50)
    receiver: ReceiverIn
    delivery_date: Day | None = None


class QuickRedeemed(Out):
    number: str
    redemption: QuickRedemption


class RedemptionItem(Out):
    id: str
    card: str
    card_name: str
    state: Literal["confirmed", "shipped", "cancelled"]
    state_label: str
    goods: str
    delivery_date: Day | None
    redeemed_at: When
    shipped_at: When | None
    can_cancel: bool

    @classmethod
    def from_redemption(cls, redemption, label, **more):
        return cls(
            id=redemption.name,
            card=redemption.card_id.number,
            card_name=redemption.card_product_id.name,
            state=redemption.state,
            state_label=label,
            goods=redemption.delivery_id.goods,
            delivery_date=redemption.wish_date or None,
            redeemed_at=redemption.redeemed_at,
            shipped_at=redemption.shipped_at or None,
            can_cancel=redemption.state == "confirmed" and redemption.delivery_state in ("waiting", "prepared"),
            **more,
        )


class Redemption(RedemptionItem):
    """While ``can_cancel``, the receiver can be changed too, and the day to one of ``delivery_dates``."""

    receiver: Receiver
    parcel: Parcel
    delivery_dates: list[Day]
    cancelled_at: When | None
    cancel_reason: str | None


class GiftIn(In):
    greeting: str | None = Field(default=None, max_length=100)


class Gift(Out):
    """``token`` and ``link`` only for the giver while it is open."""

    product: CardProduct
    giver: str
    greeting: str | None
    state: Literal["open", "claimed", "revoked", "expired"]
    state_label: str
    expires_at: When
    ended_at: When | None
    is_mine: bool
    can_claim: bool
    can_revoke: bool
    why_not: str | None
    card: str | None = Field(description="the number, for the giver and for who took it")
    token: str | None
    link: str | None


class CardReturnIn(In):
    numbers: list[str] = Field(min_length=1, max_length=200)
    reason: str | None = Field(default=None, max_length=200)


class CardReturn(Out):
    id: str
    number: str
    state: str
    state_label: str
    cards: list[str]
    count: int
    reason: str | None
    refusal_reason: str | None
    made_at: When
    done_at: When | None
    can_cancel: bool
