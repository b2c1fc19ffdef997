from typing import Annotated, Literal

from fastapi import Query

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import card_order as schemas

router = APIRouter(tags=["card documents of dealers"])


@router.get("/dealer/card-orders")
def list_card_orders(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    kind: Annotated[Literal["issue", "transfer", "activation", "return"] | None, Query()] = None,
    scope: Annotated[
        Literal["level1", "level2", "level3", "level3_below_2", "level2_to_1", "level3_to_1", "level3_to_2"] | None,
        Query(description="For whom an activation is, or between which levels a return goes."),
    ] = None,
    role: Annotated[
        Literal["sent", "received", "to_do"] | None,
        Query(description="What the caller sent, receives, or is to work on."),
    ] = None,
    number: Annotated[str | None, Query(max_length=64, description="Documents with this number.")] = None,
) -> Page[schemas.CardOrderOut]:
    """Documents of the dealer and of those below it, the newest first (CH-13, CH-14, CH-15)."""
    return env["crab.api.card.order.service"]._list(subject, paging, kind, scope, role, number)


@router.post("/dealer/card-orders/quote")
def quote(data: schemas.CardOrderIn, env: ApiEnv, subject: DealerSubject) -> schemas.CardQuoteOut:
    """What a document would be: which numbers fit or are refused and why, what it costs, what there is to pay it with,
    what is missing, whose turn comes next. Nothing is made or reserved.

    422 when the receiver does not fit or a range has no number of the caller.
    """
    return env["crab.api.card.order.service"]._quote(subject, data)


@router.post("/dealer/card-orders", status_code=201)
def create_card_order(
    data: schemas.CardOrderIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.CardOrderDetailOut:
    """Make a draft: a transfer to a direct lower dealer, an activation (request), a return one step up. `submit` makes
    it effective.

    422 `numbers_refused` when one number does not fit: nothing is made then.
    """
    return once(lambda: env["crab.api.card.order.service"]._create(subject, data))


@router.get("/dealer/card-orders/{order_id}")
def get_card_order(order_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.CardOrderDetailOut:
    """One document with its numbers as ranges, what it costs the caller, and what the caller may do now."""
    return env["crab.api.card.order.service"]._get(subject, order_id)


@router.get("/dealer/card-orders/{order_id}/numbers")
def list_numbers(
    order_id: str,
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    state: Annotated[Literal["chosen", "reserved", "received", "released"] | None, Query()] = None,
) -> Page[schemas.CardOrderNumberOut]:
    """The numbers of a document one by one, in their order."""
    return env["crab.api.card.order.service"]._numbers(subject, paging, order_id, state)


@router.post("/dealer/card-orders/{order_id}/submit")
def submit(order_id: str, env: ApiEnv, subject: DealerSubject, once: Once) -> schemas.CardOrderDetailOut:
    """The sender hands the document over: its numbers are in transit, or reserved for the activation."""
    return once(lambda: env["crab.api.card.order.service"]._step(subject, order_id, "submit"))


@router.post("/dealer/card-orders/{order_id}/confirm")
def confirm(order_id: str, env: ApiEnv, subject: DealerSubject, once: Once) -> schemas.CardOrderDetailOut:
    """Activations: a level 2 passes the request of its level 3 on; the level 1 activates and pays, stored value first,
    then credit (CH-14). 422 `wallet_short` when both do not cover it: nothing is activated.
    """
    return once(lambda: env["crab.api.card.order.service"]._step(subject, order_id, "confirm"))


@router.post("/dealer/card-orders/{order_id}/receive")
def receive(
    order_id: str, data: schemas.ReceiptIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.CardOrderDetailOut:
    """The receiver confirms what arrived: all numbers, or those given; the rest stays in transit (CH-13, CH-15)."""
    return once(lambda: env["crab.api.card.order.service"]._receive(subject, order_id, data))


@router.post("/dealer/card-orders/{order_id}/reject")
def reject(
    order_id: str, data: schemas.CardReasonIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.CardOrderDetailOut:
    """Whose turn it is refuses what is open: the numbers go back to the sender."""
    return once(lambda: env["crab.api.card.order.service"]._step(subject, order_id, "reject", reason=data.reason))


@router.post("/dealer/card-orders/{order_id}/cancel")
def cancel(order_id: str, env: ApiEnv, subject: DealerSubject, once: Once) -> schemas.CardOrderDetailOut:
    """The sender takes the document back before anything happened to it."""
    return once(lambda: env["crab.api.card.order.service"]._step(subject, order_id, "cancel"))


@router.post("/dealer/card-orders/{order_id}/close")
def close(
    order_id: str, data: schemas.CardReasonIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.CardOrderDetailOut:
    """The sender accepts the difference of a partial receipt: what did not arrive is its own again."""
    return once(lambda: env["crab.api.card.order.service"]._step(subject, order_id, "close", reason=data.reason))
