from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, Paging, Source
from odoo.addons.crab_api.schemas import Page

from ..schemas import order as schemas
from ..schemas.catalog import Kind

router = APIRouter(tags=["orders"])


@router.post("/orders/quote")
def quote_order(env: ApiEnv, subject: MemberSubject, given: schemas.QuoteIn) -> schemas.Quote:
    """What an order would cost now, with freight and the days on which it can be delivered; nothing is kept.

    404: no such product, or somebody else's address. 422: what cannot be bought together or delivered there.
    MB-08, MB-09, MB-10.
    """
    return env["crab.api.order.service"]._quote(subject, given)


@router.post("/orders", status_code=201)
def place_order(env: ApiEnv, subject: MemberSubject, once: Once, given: schemas.OrderIn) -> schemas.Order:
    """Order at the prices of now; they are frozen, and what was ordered leaves the cart. Packages, physical cards and
    e-cards are ordered apart.

    404: no such product, or somebody else's address. 409: the key was used for another order. 422: what cannot be
    bought (any more) or delivered, too little stock; nothing is ordered then. MB-08, MB-09, MB-12, MB-13.
    """
    placed = once(lambda: env["crab.api.order.service"]._place(subject, given, once.key))
    return env["crab.api.order.service"]._detail(subject, placed["id"])


@router.get("/orders")
def list_orders(
    env: ApiEnv, subject: MemberSubject, paging: Paging, kind: Kind | None = None, state: schemas.Tab | None = None
) -> Page[schemas.OrderItem]:
    """The member's orders, the newest first, with what can be done now. Redemptions, the fourth kind: /redemptions.
    MB-22."""
    return env["crab.api.order.service"]._list(subject, paging, kind, state)


@router.get("/orders/{order_id}")
def get_order(env: ApiEnv, subject: MemberSubject, order_id: str) -> schemas.Order:
    """An order with receiver, parcels, numbers, refunds, fapiao, and why what cannot be done. 404: it is not the
    member's. MB-12, MB-13, MB-22."""
    return env["crab.api.order.service"]._detail(subject, order_id)


@router.post("/orders/{order_id}/pay")
def pay_order(
    env: ApiEnv, subject: MemberSubject, source: Source, order_id: str, given: schemas.PayIn
) -> schemas.Payment:
    """Begin the payment; begun again it gives the same, so that nobody pays twice. WeChat Pay confirms to the server:
    ask for the order afterwards.

    404: it is not the member's. 422: it cannot be paid (any more), the member is not logged in with WeChat, or WeChat
    Pay cannot be reached. MB-11, MB-23.
    """
    return env["crab.api.order.service"]._pay(subject, order_id, given.trade_type, source)


@router.post("/orders/{order_id}/cancel")
def cancel_order(env: ApiEnv, subject: MemberSubject, order_id: str) -> schemas.Order:
    """Cancel an order that is not paid; a second time changes nothing. 404: it is not the member's. 422: it is paid.
    MB-23."""
    return env["crab.api.order.service"]._cancel(subject, order_id)


@router.post("/orders/{order_id}/confirm-receipt")
def confirm_receipt(env: ApiEnv, subject: MemberSubject, order_id: str) -> schemas.Order:
    """Confirm that everything has come; a second time changes nothing. 404: it is not the member's. 422: it was not
    shipped. MB-23."""
    return env["crab.api.order.service"]._confirm_receipt(subject, order_id)


@router.post("/orders/{order_id}/extend-receipt")
def extend_receipt(env: ApiEnv, subject: MemberSubject, order_id: str) -> schemas.Order:
    """Put off the automatic receipt, once. 404: it is not the member's. 422: it was put off before, or was not shipped.
    MB-23."""
    return env["crab.api.order.service"]._extend_receipt(subject, order_id)


@router.get("/orders/{order_id}/tracking")
def track_order(env: ApiEnv, subject: MemberSubject, order_id: str) -> schemas.Tracking:
    """The parcels of an order with carrier and tracking number. 404: it is not the member's. MB-23."""
    return env["crab.api.order.service"]._tracking(subject, order_id)


@router.post("/orders/{order_id}/fapiao", status_code=201)
def ask_fapiao(
    env: ApiEnv, subject: MemberSubject, once: Once, order_id: str, given: schemas.FapiaoIn
) -> schemas.Order:
    """Ask for a fapiao for what of an order has none yet.

    404: it is not the member's. 422: nothing is left for one, or the buyer's data are not complete. MB-22.
    """
    once(lambda: env["crab.api.order.service"]._ask_fapiao(subject, order_id, given))
    return env["crab.api.order.service"]._detail(subject, order_id)
