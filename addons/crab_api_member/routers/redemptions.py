from typing import Literal

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, Paging, Source
from odoo.addons.crab_api.schemas import Page

from ..schemas import card as schemas

router = APIRouter(tags=["redemptions"])


@router.get("/cards/{card_id}/redemption-options")
def get_redemption_options(env: ApiEnv, subject: MemberSubject, card_id: str) -> schemas.RedemptionOptions:
    """What one of the member's cards can be redeemed for, and the days on which it can be delivered.

    404: it is not the member's. 422: it cannot be redeemed now, with the reason. MB-16.
    """
    return env["crab.api.redemption.service"]._options_of_member(subject, card_id)


@router.post("/cards/{card_id}/redemptions", status_code=201)
def redeem_card(
    env: ApiEnv, subject: MemberSubject, once: Once, card_id: str, given: schemas.RedeemIn
) -> schemas.Redemption:
    """Redeem one of the member's cards, without its password.

    404: it is not the member's. 409: the key was used for another request. 422: used, expired, in a gift, a wrong
    choice, address or day; the card stays as it is then. MB-16.
    """
    redeemed = once(lambda: env["crab.api.redemption.service"]._redeem(subject, card_id, given, once.key))
    return env["crab.api.redemption.service"]._detail(subject, redeemed["id"])


@router.post("/redemptions/quick/options")
def get_quick_options(env: ApiEnv, source: Source, given: schemas.QuickOptionsIn) -> schemas.QuickOptions:
    """By number and password, without login: what the card can be redeemed for, with a token for ten minutes; of a used
    card what became of it.

    422: the same for an unknown number and a wrong password; after too many wrong entries ``sms_code_required`` or
    ``card_locked``. MB-16.
    """
    return env["crab.api.redemption.service"]._quick_options(given, source)


@router.post("/redemptions/quick", status_code=201)
def redeem_quickly(env: ApiEnv, once: Once, given: schemas.QuickRedeemIn) -> schemas.QuickRedeemed:
    """Redeem the number that the token names, without login.

    409: the key was used for another request. 422: (``token_expired``) the token is over; used meanwhile; a wrong
    choice, address or day; the card stays as it is then. MB-16.
    """
    return once(lambda: env["crab.api.redemption.service"]._quick_redeem(given, once.key))


@router.get("/redemptions")
def list_redemptions(
    env: ApiEnv,
    subject: MemberSubject,
    paging: Paging,
    state: Literal["confirmed", "shipped", "cancelled"] | None = None,
) -> Page[schemas.RedemptionItem]:
    """What the member's cards were redeemed for, the newest first: the fourth kind of orders. MB-22."""
    return env["crab.api.redemption.service"]._list(subject, paging, state)


@router.get("/redemptions/{redemption_id}")
def get_redemption(env: ApiEnv, subject: MemberSubject, redemption_id: str) -> schemas.Redemption:
    """A redemption with receiver and parcel. 404: it is not the member's. MB-16, MB-22."""
    return env["crab.api.redemption.service"]._detail(subject, redemption_id)


@router.patch("/redemptions/{redemption_id}")
def change_redemption(
    env: ApiEnv, subject: MemberSubject, redemption_id: str, given: schemas.RedemptionChange
) -> schemas.Redemption:
    """Send it elsewhere or on another day, before shipping. 404: it or the address is not the member's. 422: the goods
    have left, it is cancelled, or a wrong address or day; nothing is changed then. MB-16."""
    service = env["crab.api.redemption.service"]
    service._change(subject, redemption_id, given)
    return service._detail(subject, redemption_id)


@router.delete("/redemptions/{redemption_id}", status_code=204)
def cancel_redemption(env: ApiEnv, subject: MemberSubject, redemption_id: str) -> None:
    """Cancel before shipping: the card is active again. 404: it is not the member's. 422: the goods have left, or it is
    cancelled already. MB-16."""
    env["crab.api.redemption.service"]._cancel(subject, redemption_id)
