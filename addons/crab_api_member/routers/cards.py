from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, OptionalSubject, Paging, Source
from odoo.addons.crab_api.schemas import Page

from ..schemas import card as schemas

router = APIRouter(tags=["cards"])


@router.post("/cards/bind")
def bind_card(env: ApiEnv, subject: MemberSubject, source: Source, given: schemas.BindIn) -> schemas.Card:
    """Bind a card by number and password; its state stays. Bound again it stays so.

    422: the same for an unknown number and a wrong password; not yet activated, redeemed, cancelled or somebody else's;
    after too many wrong entries ``sms_code_required`` or ``card_locked``. Nothing is bound then. MB-14.
    """
    return env["crab.api.card.service"]._bind(subject, given, source)


@router.get("/member/cards")
def list_cards(
    env: ApiEnv,
    subject: MemberSubject,
    paging: Paging,
    state: schemas.CardShown | None = None,
    sort: schemas.CardSort = "received",
) -> Page[schemas.CardItem]:
    """The member's cards: by the time they came (the newest first), by product, or by state (usable ones first).

    ``state``: as they are shown. ``active`` ones can be used, ``inactive`` ones activated: those in a gift or return,
    and those whose time is over, stand by themselves. MB-15."""
    return env["crab.api.card.service"]._list(subject, paging, state, sort)


@router.get("/member/cards/{card_id}")
def get_card(env: ApiEnv, subject: MemberSubject, card_id: str) -> schemas.Card:
    """A card with its history. 404: it is not the member's. MB-15, MB-17."""
    return env["crab.api.card.service"]._detail(subject, card_id)


@router.post("/cards/{card_id}/gifts", status_code=201)
def give_card(env: ApiEnv, subject: MemberSubject, once: Once, card_id: str, given: schemas.GiftIn) -> schemas.Gift:
    """Make a gift of an e-card: whoever has the link may take it until it ends.

    404: it is not the member's. 422: it is no e-card, or is used, expired or in a gift. MB-17.
    """
    gift = once(lambda: env["crab.api.gift.service"]._give(subject, card_id, given))
    return env["crab.api.gift.service"]._given(subject, gift["id"])


@router.get("/member/gifts")
def list_gifts(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.Gift]:
    """What the member gave and took, the newest first. MB-17."""
    return env["crab.api.gift.service"]._list(subject, paging)


@router.get("/gifts/{token}")
def get_gift(env: ApiEnv, subject: OptionalSubject, token: str) -> schemas.Gift:
    """The gift of a link, for whoever has it. 404: there is no such gift. MB-17."""
    return env["crab.api.gift.service"]._by_token(subject, token)


@router.delete("/gifts/{token}", status_code=204)
def revoke_gift(env: ApiEnv, subject: MemberSubject, token: str) -> None:
    """Take a gift back that nobody has taken; a second time changes nothing. 404: it is not the member's. 422: it was
    taken. MB-17."""
    env["crab.api.gift.service"]._revoke(subject, token)


@router.post("/gifts/{token}/claim")
def claim_gift(env: ApiEnv, subject: MemberSubject, token: str) -> schemas.Gift:
    """Take the card of a gift; who took it already gets it again.

    404: there is no such gift. 422: taken by somebody else, revoked, expired, or the member's own. MB-17.
    """
    return env["crab.api.gift.service"]._claim(subject, token)


@router.post("/member/card-returns", status_code=201)
def give_cards_back(env: ApiEnv, subject: MemberSubject, once: Once, given: schemas.CardReturnIn) -> schemas.CardReturn:
    """Give unused physical cards back that were bought from the platform; when it confirms they are cancelled, and
    refunded by the way the money came.

    404: one is not the member's. 422: not bought from the platform, used, or away already. MB-33.
    """
    asked = once(lambda: env["crab.api.card.service"]._give_back(subject, given))
    return env["crab.api.card.service"]._return_detail(subject, asked["id"])


@router.get("/member/card-returns")
def list_card_returns(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.CardReturn]:
    """Cards that the member gave back, the newest first. MB-33."""
    return env["crab.api.card.service"]._returns(subject, paging)


@router.get("/member/card-returns/{return_id}")
def get_card_return(env: ApiEnv, subject: MemberSubject, return_id: str) -> schemas.CardReturn:
    """A return of cards. 404: it is not the member's. MB-33."""
    return env["crab.api.card.service"]._return_detail(subject, return_id)


@router.post("/member/card-returns/{return_id}/cancel")
def cancel_card_return(env: ApiEnv, subject: MemberSubject, return_id: str) -> schemas.CardReturn:
    """Take a return back that the platform has not confirmed. 404: it is not the member's. 422: it has ended. MB-33."""
    return env["crab.api.card.service"]._cancel_return(subject, return_id)
