from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from odoo.addons.crab_api.schemas import Amount, In, Out, When

from .common import CURRENCY, Actions, CardProductOut, NamedOut, Text, Words, label

MAX_NUMBERS = 10_000
MAX_SHOWN = 500

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Numbers = Annotated[list[Number], Field(max_length=MAX_NUMBERS)]
Ranges = Annotated[list[tuple[Number, Number]], Field(max_length=200, description="First and last, both included.")]


class CardOrderLineIn(In):
    product: Text | None = Field(None, description="Code of the card; only its numbers are taken.")
    numbers: Numbers = []
    ranges: Ranges = []
    sale_price: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=10)] | None = Field(
        None, description="Activations: what the customer paid for one number of this card, named in `product`."
    )

    @model_validator(mode="after")
    def _price_of_a_product(self):
        if self.sale_price is not None and not self.product:
            raise ValueError("a sale price is that of a product")
        return self


class CardOrderIn(In):
    kind: Literal["transfer", "activation", "return"]
    to: str | None = Field(None, description="Transfers: the direct lower dealer who gets the numbers.")
    lines: Annotated[list[CardOrderLineIn], Field(min_length=1, max_length=50)]
    staff: str | None = Field(None, description="Activations: the staff member who sold.")
    reason: Text | None = None
    note: Text | None = None


class ReceiptIn(In):
    """Without numbers and ranges: everything that is in transit."""

    numbers: Numbers = []
    ranges: Ranges = []


class CardReasonIn(In):
    reason: Text


class FundsOut(Out):
    """What an activation costs the caller and how it would be paid now: stored value first, then credit."""

    amount: Amount
    stored: Amount
    credit: Amount = Field(description="Credit that is available.")
    from_stored: Amount
    from_credit: Amount
    missing: Amount
    is_enough: bool
    currency: str = CURRENCY

    @classmethod
    def from_funds(cls, funds):
        return cls(**funds, is_enough=not funds["missing"]) if funds else None


class CardPriceOut(Out):
    """Prices of one card. Nobody sees prices of dealers above itself, or below its direct children."""

    retail_price: Amount
    own_price: Amount = Field(description="What one number costs the caller.")
    price: Amount | None = Field(description="What one number costs the dealer of `price_of`; None: not to be seen.")
    amount: Amount | None


class CardOrderLineOut(CardPriceOut):
    product: CardProductOut
    quantity: int
    received_quantity: int
    sale_price: Amount | None


class NumberRefusalOut(Out):
    number: str
    reason: Words


class CardQuoteLineOut(CardPriceOut):
    product: CardProductOut
    quantity: int


class CardQuoteOut(Out):
    """What a document would be; nothing is made or reserved."""

    kind: str
    kind_name: Words
    quantity: int = Field(description="Numbers that fit.")
    refused_count: int
    refused: list[NumberRefusalOut] = Field(description=f"At most {MAX_SHOWN} of them.")
    lines: list[CardQuoteLineOut]
    price_of: NamedOut | None
    amount: Amount | None
    own_amount: Amount = Field(description="The same numbers at the caller's own prices.")
    currency: str = CURRENCY
    funds: FundsOut | None = Field(description="Activations that the caller pays itself.")
    next: NamedOut | None = Field(description="Whose turn it will be; None: the platform's.")
    can_submit: bool


class NumberRangeOut(Out):
    product: CardProductOut
    first: str
    last: str
    count: int


class CardOrderOut(Out):
    id: str
    name: str
    kind: str
    kind_name: Words
    state: str
    state_name: Words
    scope: str | None = Field(description="Of an activation or return: for whom, from whom.")
    scope_name: Words | None
    sender: NamedOut | None = Field(description="None: the platform or a member.")
    sender_name: str
    receiver: NamedOut | None
    receiver_name: str | None
    waiting_for: NamedOut | None = Field(description="The dealer whose turn it is.")
    is_own: bool = Field(description="Sent by the caller.")
    ordered_by: str
    quantity: int
    received_quantity: int
    given_back_quantity: int
    lines: list[CardOrderLineOut]
    price_of: NamedOut | None
    amount: Amount | None
    charged: Amount | None = Field(description="Charged to, or given back to, the caller's own money.")
    charged_stored: Amount | None
    charged_credit: Amount | None
    currency: str = CURRENCY
    made_at: When
    submitted_at: When | None
    sent_at: When | None
    completed_at: When | None
    reason: str | None
    refusal_reason: str | None
    note: str | None
    actions: Actions

    @classmethod
    def _values(cls, order, viewer, prices, actions):
        """:param prices: own unit prices of the viewer by product id"""
        payer = order._payer()
        sees = sees_prices(viewer, payer)
        # what moved on the wallets is the money of the level 1 that takes part itself
        is_payer = viewer.level == "1" and viewer in (
            order.executor_dealer_id | order.sender_dealer_id | order.receiver_dealer_id
        )
        frozen = {row.product_id.id: row.unit_price for row in order.price_ids if row.dealer_id == viewer}
        scope = "activation_scope" if order.kind == "activation" else "return_scope"
        return {
            "id": order.public_id,
            "name": order.name,
            "kind": order.kind,
            "kind_name": label(order, "kind"),
            "state": order.state,
            "state_name": label(order, "state"),
            "scope": order[scope] or None,
            "scope_name": label(order, scope),
            "sender": NamedOut.from_record(order.sender_dealer_id),
            "sender_name": order.sender_name,
            "receiver": NamedOut.from_record(order.receiver_dealer_id),
            "receiver_name": order.receiver_name or None,
            "waiting_for": NamedOut.from_record(order.waiting_dealer_id),
            "is_own": order.sender_dealer_id == viewer,
            "ordered_by": order.orderer_name,
            "quantity": order.number_count,
            "received_quantity": order.received_count,
            "given_back_quantity": order.released_count,
            "lines": [
                CardOrderLineOut(
                    product=CardProductOut.from_product(line.product_id),
                    quantity=line.quantity,
                    received_quantity=line.received_quantity,
                    retail_price=line.retail_price,
                    own_price=frozen.get(line.product_id.id, prices[line.product_id.id]),
                    price=line.unit_price if sees else None,
                    amount=line.amount if sees else None,
                    sale_price=line.sale_price or None if order.sender_dealer_id == viewer else None,
                )
                for line in order.line_ids
            ],
            "price_of": NamedOut.from_record(payer) if sees else None,
            "amount": order.amount_total if sees else None,
            "charged": order.amount_charged if is_payer else None,
            "charged_stored": order.amount_stored if is_payer else None,
            "charged_credit": order.amount_credit if is_payer else None,
            "made_at": order.create_date,
            "submitted_at": order.submitted_at or None,
            "sent_at": order.sent_at or None,
            "completed_at": order.executed_at or None,
            "reason": order.reason or None,
            "refusal_reason": order.refusal_reason or None,
            "note": order.note or None,
            "actions": actions,
        }

    @classmethod
    def from_order(cls, order, viewer, prices, actions):
        return cls(**cls._values(order, viewer, prices, actions))


class CardOrderDetailOut(CardOrderOut):
    ranges: list[NumberRangeOut] = Field(
        description=f"The numbers as runs of successive ones, at most {MAX_SHOWN} of them."
    )
    range_count: int
    funds: FundsOut | None = Field(description="Activations that the caller is asked to pay.")

    @classmethod
    def from_order(cls, order, viewer, prices, actions):
        products = {line.product_id.id: CardProductOut.from_product(line.product_id) for line in order.line_ids}
        ranges = [
            NumberRangeOut(product=products[product_id], first=first, last=last, count=count)
            for product_id, runs in order._ranges().items()
            for first, last, count in runs
        ]
        return cls(
            **cls._values(order, viewer, prices, actions),
            ranges=ranges[:MAX_SHOWN],
            range_count=len(ranges),
            funds=FundsOut.from_funds(order._funds_for(viewer)),
        )


class CardOrderNumberOut(Out):
    number: str
    product: CardProductOut
    state: str = Field(description="In the document: chosen, reserved (in transit), received (done), released.")
    state_name: Words
    card_state: str
    card_state_name: Words

    @classmethod
    def from_number(cls, link):
        return cls(
            number=link.card_id.number,
            product=CardProductOut.from_product(link.product_id),
            state=link.state,
            state_name=label(link, "state"),
            card_state=link.card_id.state,
            card_state_name=label(link.card_id, "state"),
        )


def sees_prices(viewer, payer):
    """Whether ``viewer`` may see the prices of ``payer``: its own and its direct children's."""
    return bool(payer) and (payer == viewer or payer.parent_id == viewer)
