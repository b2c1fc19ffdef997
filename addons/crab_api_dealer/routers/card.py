from typing import Annotated, Literal

from fastapi import Query

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import card as schemas

router = APIRouter(tags=["cards of dealers"])


@router.get("/dealer/cards")
def list_cards(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    number: Annotated[str | None, Query(max_length=80, description="A number, its beginning, or `first-last`.")] = None,
    state: Annotated[Literal["inactive", "active", "used", "cancelled"] | None, Query()] = None,
    product: Annotated[str | None, Query(max_length=64, description="Code of the card.")] = None,
    holder: Annotated[str | None, Query(description="Only numbers that this dealer holds.")] = None,
    in_transit: Annotated[bool | None, Query()] = None,
    sort: Annotated[
        Literal["number", "received"], Query(description="By number, or the latest received first.")
    ] = "number",
) -> Page[schemas.DealerCardOut]:
    """Numbers in the hands of the dealer and of the dealers below it (CH-16)."""
    return env["crab.api.dealer.card.service"]._list(subject, paging, sort, number, state, product, holder, in_transit)


@router.get("/dealer/cards/stock")
def get_stock(env: ApiEnv, subject: DealerSubject) -> schemas.CardStocksOut:
    """How many numbers of each card the dealer itself holds, by state."""
    return env["crab.api.dealer.card.service"]._stock(subject)
