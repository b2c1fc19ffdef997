from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ..docs import CONTENT_SECURITY_POLICY, page

router = APIRouter()


@router.get("/docs", include_in_schema=False)
async def docs(asked: Request) -> HTMLResponse:
    """The description for people to read."""
    state = asked.app.state
    if not hasattr(state, "docs"):  # once per process: routes do not change
        state.docs = page(asked.app.openapi())
    return HTMLResponse(state.docs, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})
