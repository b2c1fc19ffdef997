from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, Paging, Source
from odoo.addons.crab_api.schemas import Page

from ..schemas import member as schemas
from ..schemas.site import AgreementItem

router = APIRouter(tags=["member"])


@router.get("/member/me")
def get_me(env: ApiEnv, subject: MemberSubject) -> schemas.Me:
    """The member with level, dealer, points, and what waits for it. MB-20, MB-22, MB-30."""
    return env["crab.api.member.service"]._me(subject)


@router.patch("/member/me")
def update_me(env: ApiEnv, subject: MemberSubject, given: schemas.MeUpdate) -> schemas.Me:
    """Change name or picture; what is not given stays. The phone number changes by PUT /auth/phone.

    404: somebody else's picture. 422: no readable name, no picture. MB-20.
    """
    return env["crab.api.member.service"]._update(subject, given)


@router.get("/member/me/closing")
def get_closing(env: ApiEnv, subject: MemberSubject) -> schemas.Closing:
    """What must end before the account can be closed, and what would be lost. MB-31."""
    return env["crab.api.member.service"]._closing(subject)


@router.delete("/member/me", status_code=204)
def close_me(env: ApiEnv, subject: MemberSubject, is_confirmed: bool = False) -> None:
    """Close the account: all sessions end.

    422: something must end first, or (``confirmation_required``) something would be lost and ``is_confirmed`` was not
    given. MB-31.
    """
    env["crab.api.member.service"]._close(subject, is_confirmed)


@router.get("/member/invitation")
def get_invitation(env: ApiEnv, subject: MemberSubject) -> schemas.Invitation:
    """The member's own invitation: code, link and QR picture. Who follows it is the member's dealer's. MB-21."""
    return env["crab.api.member.service"]._invitation(subject)


@router.get("/member/invited")
def list_invited(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.Invited]:
    """Whom the member invited, the newest first; names are shortened. MB-21."""
    return env["crab.api.member.service"]._invited(subject, paging)


@router.get("/member/points")
def list_points(env: ApiEnv, subject: MemberSubject, paging: Paging) -> schemas.Points:
    """The points of the member and how they came, the newest first. MB-20."""
    return env["crab.api.member.service"]._points(subject, paging)


@router.get("/member/levels")
def list_levels_above(env: ApiEnv, subject: MemberSubject) -> list[schemas.LevelAbove]:
    """The levels to which the member can rise by what it does, the nearest first, and how far it is. MB-20."""
    return env["crab.api.member.service"]._levels_above(subject)


@router.get("/member/agreements")
def list_agreements_to_accept(env: ApiEnv, subject: MemberSubject) -> list[AgreementItem]:
    """The agreements that hold and that the member has not accepted in this version. MB-28."""
    return env["crab.api.member.service"]._missing_agreements(subject)


@router.post("/member/agreements", status_code=204)
def accept_agreements(env: ApiEnv, subject: MemberSubject, source: Source, given: schemas.AgreementsIn) -> None:
    """Accept versions of agreements; what was accepted before stays so.

    404: there is no such agreement. 422: there is a newer version. MB-28.
    """
    env["crab.api.member.service"]._accept_agreements(subject, given.ids, source)


@router.get("/member/favourites")
def list_favourites(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.Favourite]:
    """Products that the member keeps in mind, the newest first, also what is off sale now. MB-25."""
    return env["crab.api.member.service"]._favourites(subject, paging)


@router.put("/member/favourites/{product_id}", status_code=204)
def add_favourite(env: ApiEnv, subject: MemberSubject, product_id: str) -> None:
    """Keep a product in mind; a second time changes nothing. 404: it is not on sale. MB-08, MB-25."""
    env["crab.api.member.service"]._add_favourite(subject, product_id)


@router.delete("/member/favourites/{product_id}", status_code=204)
def remove_favourite(env: ApiEnv, subject: MemberSubject, product_id: str) -> None:
    """Forget a product; a second time changes nothing. 404: there is no such product. MB-25."""
    env["crab.api.member.service"]._remove_favourite(subject, product_id)


@router.get("/member/addresses")
def list_addresses(env: ApiEnv, subject: MemberSubject) -> list[schemas.Address]:
    """The address book, at most 50 addresses, the default first. MB-10, MB-26."""
    return env["crab.api.member.service"]._addresses(subject)


@router.post("/member/addresses", status_code=201)
def add_address(env: ApiEnv, subject: MemberSubject, once: Once, given: schemas.AddressIn) -> schemas.Address:
    """Add an address; the first one is the default.

    404: there is no such region. 422: names what is missing or unreadable, or the book is full. MB-10, MB-26.
    """
    return once(lambda: env["crab.api.member.service"]._add_address(subject, given))


@router.patch("/member/addresses/{address_id}")
def change_address(
    env: ApiEnv, subject: MemberSubject, address_id: str, given: schemas.AddressUpdate
) -> schemas.Address:
    """Change an address; what is not given stays. 404: it is not the member's. 422: as when adding. MB-26."""
    return env["crab.api.member.service"]._change_address(subject, address_id, given)


@router.delete("/member/addresses/{address_id}", status_code=204)
def remove_address(env: ApiEnv, subject: MemberSubject, address_id: str) -> None:
    """Remove an address; orders keep theirs. 404: it is not the member's. MB-26."""
    env["crab.api.member.service"]._remove_address(subject, address_id)
