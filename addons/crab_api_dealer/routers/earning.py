from typing import Annotated, Literal

from fastapi import Query, Response

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, DealerSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import earning as schemas

router = APIRouter(tags=["earnings of dealers"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Month = Annotated[str, Query(pattern=r"^\d{4}-\d\d$", description="For example 2026-11, a month in Shanghai.")]


@router.get("/dealer/earnings/summary")
def get_summary(env: ApiEnv, subject: DealerSubject) -> schemas.EarningSummaryOut:
    """Total, withdrawable, withdrawn, not yet credited; what members bought online (CH-17, CH-31)."""
    return env["crab.api.earning.service"]._summary(subject)


@router.get("/dealer/earnings/statement")
def get_statement(env: ApiEnv, subject: DealerSubject, month: Month) -> schemas.EarningStatementOut:
    """A month of the account: opening, what was credited, given back and withdrawn, closing."""
    return env["crab.api.earning.service"]._statement(subject, month)


@router.get("/dealer/earnings/statement.xlsx", response_class=Response)
def get_statement_file(env: ApiEnv, subject: DealerSubject, month: Month):
    """The same with every row, as Excel."""
    content = env["crab.api.earning.service"]._statement_file(subject, month)
    headers = {"Content-Disposition": f'attachment; filename="{month}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


@router.get("/dealer/earnings")
def list_earnings(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    state: Annotated[Literal["pending", "credited"] | None, Query()] = None,
    kind: Annotated[Literal["share", "refund"] | None, Query()] = None,
    order: Annotated[str | None, Query(max_length=64, description="Number of an order.")] = None,
) -> Page[schemas.EarningOut]:
    """Each earning with its order, the newest first (CH-19)."""
    return env["crab.api.earning.service"]._list(subject, paging, state, kind, order)


@router.get("/dealer/earnings/{earning_id}/explanation")
def explain(earning_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.EarningExplanationOut:
    """How the amount came about: what was paid, what was left at the caller's turn, its own price (CH-19)."""
    return env["crab.api.earning.service"]._explanation(subject, earning_id)


@router.post("/dealer/withdrawals", status_code=201)
def withdraw(data: schemas.WithdrawalIn, env: ApiEnv, subject: DealerSubject, once: Once) -> schemas.WithdrawalOut:
    """Ask for money of the earnings account; it is set aside at once (CH-18). 422 for more than is withdrawable."""
    return once(lambda: env["crab.api.earning.service"]._withdraw(subject, data, once.key))


@router.get("/dealer/withdrawals")
def list_withdrawals(
    env: ApiEnv,
    subject: DealerSubject,
    paging: Paging,
    state: Annotated[Literal["requested", "approved", "paid", "rejected"] | None, Query()] = None,
) -> Page[schemas.WithdrawalOut]:
    """Withdrawals with their states, the newest first (CH-18)."""
    return env["crab.api.earning.service"]._withdrawals(subject, paging, state)


@router.get("/dealer/withdrawals/{withdrawal_id}")
def get_withdrawal(withdrawal_id: str, env: ApiEnv, subject: DealerSubject) -> schemas.WithdrawalOut:
    """One withdrawal."""
    return env["crab.api.earning.service"]._withdrawal(subject, withdrawal_id)


@router.put("/dealer/withdrawals/{withdrawal_id}/invoice")
def attach_invoice(
    withdrawal_id: str, data: schemas.DealerInvoiceIn, env: ApiEnv, subject: DealerSubject
) -> schemas.WithdrawalOut:
    """Attach the dealer's invoice (a picture from `POST /files`) while the withdrawal is open."""
    return env["crab.api.earning.service"]._attach_invoice(subject, withdrawal_id, data)
