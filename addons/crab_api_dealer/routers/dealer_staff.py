from typing import Annotated, Literal

from fastapi import Query

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import dealer_staff as schemas
from ..schemas.dealer import MemberLinkOut
from .dealer import Search

router = APIRouter(tags=["dealer staff"])

Source = Annotated[Literal["online", "offline"] | None, Query()]
State = Annotated[Literal["pending", "credited"] | None, Query()]


@router.get("/dealer/staff")
def list_staff(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    q: Search = None,
    active: Annotated[bool | None, Query(description="False: former staff; without: everybody.")] = None,
) -> schemas.StaffPage:
    """The dealer's own staff with its total and what is to settle, the newest first (CH-01, CH-02)."""
    return env["crab.api.dealer.staff.service"]._list(subject, paging, q, active)


@router.post("/dealer/staff", status_code=201)
def add_staff(data: schemas.StaffIn, env: ApiEnv, subject: DealerSubject, once: Once) -> schemas.StaffDetailOut:
    """Add a staff login: the person logs in with this phone number (CH-03). 422 when it works for a dealer already."""
    return once(lambda: env["crab.api.dealer.staff.service"]._add(subject, data))


@router.get("/dealer/staff/{staff_id}")
def get_staff(staff_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.StaffDetailOut:
    """One staff member, former ones too: members introduced, ratio and its history, amount to settle (CH-02)."""
    return env["crab.api.dealer.staff.service"]._get(subject, staff_id)


@router.patch("/dealer/staff/{staff_id}")
def change_staff(
    staff_id: str, data: schemas.StaffChange, env: ApiEnv, subject: DealerSubject
) -> schemas.StaffDetailOut:
    """Archive a staff member or take a former one back. Name and phone are the person's own to change."""
    return env["crab.api.dealer.staff.service"]._set_active(subject, staff_id, data.is_active)


@router.delete("/dealer/staff/{staff_id}", status_code=204)
def archive_staff(staff_id: str, env: ApiEnv, subject: DealerSubject) -> None:
    """Archive a staff member: its login ends at once; members stay with the dealer, history stays (CH-03, CS-01)."""
    env["crab.api.dealer.staff.service"]._set_active(subject, staff_id, False)


@router.put("/dealer/staff/{staff_id}/commission")
def set_commission(
    staff_id: str, data: schemas.CommissionIn, env: ApiEnv, subject: DealerSubject
) -> schemas.StaffDetailOut:
    """Change one staff member's share of the dealer's earnings, for later orders (CH-04)."""
    return env["crab.api.dealer.staff.service"]._set_commission(subject, staff_id, data.ratio)


@router.get("/dealer/staff/{staff_id}/member-invitations")
def list_member_invitations_of_staff(staff_id: str, env: ApiEnv, subject: DealerSubject) -> list[MemberLinkOut]:
    """The links by which this staff member invites members (CH-32)."""
    return env["crab.api.dealer.service"]._member_invitations_of_staff(subject, staff_id)


@router.get("/dealer/staff/{staff_id}/earnings")
def list_earnings_of_staff(
    staff_id: str,
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    source: Source = None,
    state: State = None,
) -> Page[schemas.StaffEarningOut]:
    """What this staff member earned, order by order (CH-05)."""
    return env["crab.api.dealer.staff.service"]._earnings(subject, paging, staff_id, source, state)


@router.post("/dealer/staff/{staff_id}/settlements", status_code=201)
def settle(
    staff_id: str, data: schemas.StaffSettlementIn, env: ApiEnv, subject: DealerSubject, once: Once
) -> schemas.StaffSettlementOut:
    """Mark as settled what the dealer paid to a staff member, former ones too (CH-05).

    422 for more than is to settle.
    """
    return once(lambda: env["crab.api.dealer.staff.service"]._settle(subject, staff_id, data, once.key))


@router.get("/dealer/staff/{staff_id}/settlements")
def list_settlements(staff_id: str, env: ApiEnv, subject: DealerSubject, paging: Paging) -> schemas.StaffSettlementPage:
    """The record of each marking, the newest first (CH-05)."""
    return env["crab.api.dealer.staff.service"]._settlements(subject, paging, staff_id)
