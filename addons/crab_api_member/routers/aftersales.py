from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import aftersale as schemas

router = APIRouter(tags=["after-sales"])


@router.post("/orders/{order_id}/after-sales", status_code=201)
def ask_aftersale(
    env: ApiEnv, subject: MemberSubject, once: Once, order_id: str, given: schemas.AftersaleIn
) -> schemas.Aftersale:
    """Ask for money back for goods of an order, with or without sending them back, or for numbers of physical cards.

    404: it is not the member's, or has no such product. 409: the key was used for another request. 422: what cannot be
    asked for (any more) or is asked already; nothing is changed then. MB-24, MB-33.
    """
    asked = once(lambda: env["crab.api.aftersale.service"]._ask(subject, order_id, given, once.key))
    return env["crab.api.aftersale.service"]._detail(subject, asked["id"])


@router.get("/after-sales/reasons")
def list_aftersale_reasons(env: ApiEnv, subject: MemberSubject) -> schemas.AftersaleReasons:
    """The reasons that can be given, in words. MB-24."""
    return env["crab.api.aftersale.service"]._reasons()


@router.get("/after-sales")
def list_aftersales(
    env: ApiEnv, subject: MemberSubject, paging: Paging, is_open: bool | None = None
) -> Page[schemas.Aftersale]:
    """The member's requests, the newest first. MB-24."""
    return env["crab.api.aftersale.service"]._list(subject, paging, is_open)


@router.get("/after-sales/{aftersale_id}")
def get_aftersale(env: ApiEnv, subject: MemberSubject, aftersale_id: str) -> schemas.Aftersale:
    """A request with what was granted of it. 404: it is not the member's. MB-24."""
    return env["crab.api.aftersale.service"]._detail(subject, aftersale_id)


@router.post("/after-sales/{aftersale_id}/cancel")
def cancel_aftersale(env: ApiEnv, subject: MemberSubject, aftersale_id: str) -> schemas.Aftersale:
    """Take a request back; a second time changes nothing. 404: it is not the member's. 422: it has ended. MB-24."""
    return env["crab.api.aftersale.service"]._cancel(subject, aftersale_id)


@router.post("/after-sales/{aftersale_id}/parcel")
def send_back(env: ApiEnv, subject: MemberSubject, aftersale_id: str, given: schemas.ParcelIn) -> schemas.Aftersale:
    """Tell by which parcel the goods were sent back; until they have come it can be entered anew.

    404: it is not the member's. 422: nothing is to be sent back. MB-24.
    """
    return env["crab.api.aftersale.service"]._send_back(subject, aftersale_id, given)
