from datetime import date
from typing import Annotated, Literal

from fastapi import Query

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import wallet as schemas

router = APIRouter(tags=["wallets of dealers"])


@router.get("/dealer/wallets")
def get_wallets(env: ApiEnv, subject: DealerSubject) -> schemas.WalletsOut:
    """Stored value and credit of a level 1; 403 at levels 2 and 3 (CH-11, CH-12)."""
    return env["crab.api.wallet.service"]._wallets(subject)


@router.get("/dealer/wallets/credit/debts")
def list_debts(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    is_open: Annotated[bool | None, Query(description="True: only what is not settled.")] = None,
) -> Page[schemas.DebtOut]:
    """What each activation took from credit, and what of it is settled or given back (CH-12)."""
    return env["crab.api.wallet.service"]._debts(subject, paging, is_open)


@router.get("/dealer/wallets/credit/settlements")
def list_debt_settlements(env: ApiEnv, subject: DealerSubject, paging: Paging) -> Page[schemas.DebtSettlementOut]:
    """Which repayment settled how much of which debt (CH-30)."""
    return env["crab.api.wallet.service"]._settlements(subject, paging)


@router.get("/dealer/wallets/{wallet}/entries")
def list_entries(
    wallet: Literal["stored", "credit"],
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    kind: Annotated[list[str] | None, Query(description="Of `entry_kinds`; may be given several times.")] = None,
    first_day: Annotated[date | None, Query()] = None,
    last_day: Annotated[date | None, Query()] = None,
) -> Page[schemas.WalletEntryOut]:
    """Movements with the balance after each, the newest first (CH-29, CH-30)."""
    return env["crab.api.wallet.service"]._entries(subject, paging, wallet, kind or (), first_day, last_day)
