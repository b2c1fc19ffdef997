from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, Paging, StaffSubject
from odoo.addons.crab_api.schemas import Page

from ..schemas import dealer_staff as schemas
from ..schemas.dealer import DealerMemberPage, MemberLinkOut
from .dealer import Search
from .dealer_staff import Source, State

router = APIRouter(tags=["staff"])


@router.get("/staff/me")
def get_me(env: ApiEnv, subject: StaffSubject) -> schemas.StaffMeOut:
    """The staff member who is logged in, its dealer, its money (CS-01, CS-03, CS-05)."""
    return env["crab.api.dealer.staff.service"]._me(subject)


@router.get("/staff/members")
def list_members(env: ApiEnv, subject: StaffSubject, paging: Paging, q: Search = None) -> DealerMemberPage:
    """Members whom this person invited directly, the newest first (CS-04)."""
    return env["crab.api.dealer.service"]._members(subject, paging, q)


@router.get("/staff/member-invitations")
def list_member_invitations(env: ApiEnv, subject: StaffSubject) -> list[MemberLinkOut]:
    """The links by which this person invites members: who registers is the dealer's and this person's (CH-32)."""
    return env["crab.api.dealer.service"]._member_invitations(subject)


@router.get("/staff/earnings")
def list_earnings(
    env: ApiEnv, subject: StaffSubject, paging: Paging, source: Source = None, state: State = None
) -> Page[schemas.StaffEarningOut]:
    """What this person earned, from online distribution and from cards sold offline (CS-06)."""
    return env["crab.api.dealer.staff.service"]._earnings(subject, paging, None, source, state)


@router.get("/staff/settlements")
def list_settlements(env: ApiEnv, subject: StaffSubject, paging: Paging) -> schemas.StaffSettlementPage:
    """What the dealer settled with this person: how many and each of them (CS-02)."""
    return env["crab.api.dealer.staff.service"]._settlements(subject, paging)
