from typing import Annotated, Literal

from pydantic import Field, model_validator

from odoo.addons.crab_api.schemas import In, Out, When
from odoo.addons.crab_api.schemas.auth import Invite, Role

Code = Annotated[str, Field(min_length=1, max_length=200)]


class LoginWechatIn(In):
    """``js_code`` of ``wx.login``; ``phone_code`` of the button that shares the phone number."""

    js_code: Code
    phone_code: Code | None = None
    invite: Invite = None
    role: Role | None = None


class LinkIn(In):
    kind: Literal["invitation", "gift"]
    token: Annotated[str | None, Field(max_length=64, description="Of a gift.")] = None
    level: Annotated[str | None, Field(max_length=36, description="Of an invitation; none: the base level.")] = None

    @model_validator(mode="after")
    def _gift_has_token(self):
        if self.kind == "gift" and not self.token:
            raise ValueError("token is missing")
        return self


class LinkOut(Out):
    """``path`` for sharing within WeChat, ``link`` for everywhere else."""

    path: str
    link: str
    expires_at: When


class SubscribeOut(Out):
    event: str
    template_id: str


class SubscribesOut(Out):
    items: list[SubscribeOut]


class CustomerServiceOut(Out):
    corp_id: str | None
    url: str | None
