from typing import Annotated, Literal

from fastapi import Path, Query

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import dealer as schemas

router = APIRouter(tags=["dealer"])

Search = Annotated[str | None, Query(max_length=64, description="Name or phone.")]


@router.get("/dealer/me")
def get_me(env: ApiEnv, subject: DealerSubject) -> schemas.DealerMeOut:
    """The dealer who is logged in, what its level and type let it do, what its invitations may carry (CH-06)."""
    return env["crab.api.dealer.service"]._me(subject)


@router.get("/dealer/upstream")
def get_upstream(env: ApiEnv, subject: DealerSubject) -> schemas.UpstreamOut:
    """The dealer directly above: name and contact (CH-07)."""
    return env["crab.api.dealer.service"]._upstream(subject)


@router.get("/dealer/network")
def list_network(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    level: Annotated[Literal["2", "3"] | None, Query()] = None,
    parent: Annotated[str | None, Query(description="Only those directly below this dealer.")] = None,
    q: Search = None,
) -> Page[schemas.DealerBelowOut]:
    """The dealers below, the newest first: level 1 sees levels 2 and 3, level 2 its level 3, level 3 none (CH-08)."""
    return env["crab.api.dealer.service"]._network(subject, paging, level, parent, q)


@router.get("/dealer/network/{dealer_id}")
def get_below(dealer_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.DealerBelowDetailOut:
    """One dealer below; of a direct child its ratio, between which it may lie, and its history (CH-08, CH-34)."""
    return env["crab.api.dealer.service"]._below(subject, dealer_id)


@router.put("/dealer/network/{dealer_id}/ratio")
def set_ratio(
    dealer_id: str, data: schemas.RatioIn, env: ApiEnv, subject: DealerSubject
) -> schemas.DealerBelowDetailOut:
    """Change the price ratio of a direct child, for new documents (CH-34).

    403 for dealers further below, 422 when it does not lie between the caller's ratio and those of the child's
    children and the members.
    """
    return env["crab.api.dealer.service"]._set_ratio(subject, dealer_id, data)


@router.get("/dealer/invitations")
def list_invitations(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    state: Annotated[Literal["open", "used", "expired", "revoked"] | None, Query()] = None,
) -> Page[schemas.DealerInvitationOut]:
    """Invitations of dealers that the caller made, the newest first; 403 at level 3 (CH-09)."""
    return env["crab.api.dealer.service"]._invitations(subject, paging, state)


@router.post("/dealer/invitations", status_code=201)
def invite(
    data: schemas.DealerInvitationIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.DealerInvitationDetailOut:
    """Invite to become a dealer below: link and QR picture carry level and ratio (CH-09).

    403 at level 3; 422 for a level that is not below the caller's, or a ratio outside `invitation_terms` of
    `/dealer/me`.
    """
    return once(lambda: env["crab.api.dealer.service"]._invite(subject, data))


@router.get("/dealer/invitations/{invitation_id}")
def get_invitation(invitation_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.DealerInvitationDetailOut:
    """One invitation with its QR picture, to save or share (CH-09)."""
    return env["crab.api.dealer.service"]._invitation(subject, invitation_id)


@router.post("/dealer/invitations/{invitation_id}/revoke")
def revoke_invitation(invitation_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.DealerInvitationDetailOut:
    """The link stops working; who applied by it stays. Revoking again changes nothing."""
    return env["crab.api.dealer.service"]._revoke(subject, invitation_id)


@router.get("/dealer-invitations/{code}")
def look_at_invitation(code: Annotated[str, Path(max_length=64)], env: ApiEnv) -> schemas.InvitedOut:
    """Who invites to what, for whom the code reached; no login. 422, saying why: it cannot be used (CH-09)."""
    return env["crab.api.dealer.service"]._invited(code)


@router.get("/dealer/member-invitations")
def list_member_invitations(env: ApiEnv, subject: DealerSubject) -> list[schemas.MemberLinkOut]:
    """The links by which members register as the caller's own: the base level first, then the levels that head office
    opened to dealers (CH-32)."""
    return env["crab.api.dealer.service"]._member_invitations(subject)


@router.get("/dealer/members")
def list_members(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    q: Search = None,
    staff: Annotated[str | None, Query(description="Only those whom this staff member invited.")] = None,
) -> schemas.DealerMemberPage:
    """Members whom the dealer, its staff, or members of theirs invited, the newest first (CH-10)."""
    return env["crab.api.dealer.service"]._members(subject, paging, q, staff)
