from typing import Annotated, Literal

from fastapi import Header, Query, Response

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import AnySubject, ApiEnv, Source
from odoo.addons.crab_api.schemas import TokensOut

from ..schemas import CustomerServiceOut, LinkIn, LinkOut, LoginWechatIn, SubscribesOut

router = APIRouter(tags=["wechat"])
Device = Annotated[str | None, Header(alias="User-Agent", include_in_schema=False)]
PICTURES = {"image/jpeg": {}, "image/png": {}}


@router.post("/auth/login/wechat", tags=["auth"])
def login_wechat(data: LoginWechatIn, env: ApiEnv, source: Source, device: Device = None) -> TokensOut:
    """Log in by WeChat. 409 `phone_required`: WeChat's person is not known yet; send it again, with `phone_code`.

    The same `js_code` may be sent again for five minutes until it has logged in. IF-03, MB-02, MB-03.
    """
    return env["crab.api.auth.service"]._login_wechat(data, source, device)


@router.get("/wechat/invitation-code", response_class=Response, responses={200: {"content": PICTURES}})
def invitation_code(
    env: ApiEnv,
    subject: AnySubject,
    kind: Annotated[Literal["member", "dealer"], Query(description="Whom it invites.")] = "member",
    token: Annotated[
        str | None,
        Query(max_length=100, description="Of the invitation's link; without it one's own to members, base level."),
    ] = None,
) -> Response:
    """The mini-program code of an invitation, as a picture. 404: no invitation, or another dealer's.

    What is scanned opens the mini-program, where the QR picture of the link opens the page. CH-09, CH-32, IF-04, MB-21.
    """
    content = env["crab.api.wechat.service"]._invitation_code(subject, kind, token)
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return Response(content, media_type=kind)


@router.post("/wechat/links")
def link(data: LinkIn, env: ApiEnv, subject: AnySubject) -> LinkOut:
    """Path and address that open the mini-program at one's own invitation, or at a gift. 404: unknown gift. IF-04."""
    return env["crab.api.wechat.service"]._link(subject, data)


@router.get("/wechat/subscribe-messages")
def subscribes(env: ApiEnv, subject: AnySubject) -> SubscribesOut:
    """The templates to ask consent for (`wx.requestSubscribeMessage`), per event. MB-30."""
    return env["crab.api.wechat.service"]._subscribes()


@router.get("/wechat/customer-service")
def customer_service(env: ApiEnv, subject: AnySubject) -> CustomerServiceOut:
    """What `wx.openCustomerServiceChat` needs; null where it is not set up. MB-29."""
    return env["crab.api.wechat.service"]._customer_service()
