from odoo.addons.crab_api.schemas import Day, Out, When

from .common import CardProductOut, Words, label


class CardHolderOut(Out):
    id: str
    name: str
    is_own: bool


class DealerCardOut(Out):
    number: str
    product: CardProductOut
    state: str
    state_name: Words
    holder: CardHolderOut
    is_in_transit: bool
    is_vip: bool
    valid_until: Day | None
    received_at: When | None

    @classmethod
    def from_card(cls, card, viewer):
        dealer = card.dealer_id
        return cls(
            number=card.number,
            product=CardProductOut.from_product(card.product_id),
            state=card.state,
            state_name=label(card, "state"),
            holder=CardHolderOut(id=dealer.public_id, name=dealer.name, is_own=dealer == viewer),
            is_in_transit=bool(card.transit_id),
            is_vip=card.is_vip,
            valid_until=card.valid_until or None,
            received_at=card.received_at or None,
        )


class CardStockOut(Out):
    """How many numbers of a card the caller holds, by state; those in transit are among them."""

    product: CardProductOut
    inactive: int
    active: int
    used: int
    cancelled: int
    in_transit: int


class CardStocksOut(Out):
    items: list[CardStockOut]
