from typing import Annotated

from fastapi import Header, status

from ..asgi import APIRouter
from ..dependencies import ApiEnv, CurrentLogin, OptionalLogin, Source
from ..schemas import (
    CodeIn,
    LoginPasswordIn,
    LoginSmsIn,
    PasswordIn,
    PhoneIn,
    RefreshIn,
    RolesOut,
    SwitchIn,
    TokensOut,
)

router = APIRouter(prefix="/auth", tags=["auth"])
Device = Annotated[str | None, Header(alias="User-Agent", include_in_schema=False)]


@router.post("/sms-codes", status_code=status.HTTP_204_NO_CONTENT)
def send_code(data: CodeIn, env: ApiEnv, source: Source) -> None:
    """Send a code by SMS: six digits, five minutes, one use. Known and unknown phones are alike. IF-01."""
    env["crab.api.auth.service"]._send_code(data.phone, data.purpose, source)


@router.post("/login/sms")
def login_sms(data: LoginSmsIn, env: ApiEnv, source: Source, device: Device = None) -> TokensOut:
    """Log in with phone and code; an unknown phone is registered, as the invitation says. MB-01, MB-04."""
    return env["crab.api.auth.service"]._login_sms(data, source, device)


@router.post("/login/password")
def login_password(data: LoginPasswordIn, env: ApiEnv, source: Source, device: Device = None) -> TokensOut:
    """Log in with phone and password. 401 `wrong_password`, 429 `too_many` or `sms_code_required`. MB-05."""
    return env["crab.api.auth.service"]._login_password(data, source, device)


@router.post("/refresh")
def refresh(data: RefreshIn, env: ApiEnv) -> TokensOut:
    """New tokens; the refresh token counts once. One that was used before ends the session."""
    return env["crab.api.auth.service"]._renew(data.refresh_token)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
def logout(found: CurrentLogin) -> None:
    """End this session at once. MB-31."""
    found.session._end("logout")


@router.get("/roles")
def roles(found: CurrentLogin, env: ApiEnv) -> RolesOut:
    """The roles of this person."""
    return env["crab.api.auth.service"]._roles(found.session)


@router.post("/switch")
def switch(data: SwitchIn, found: CurrentLogin, env: ApiEnv, source: Source, device: Device = None) -> TokensOut:
    """Go on in another role of this person. 403 `no_role`."""
    return env["crab.api.auth.service"]._switch(found.session, data.role, source, device)


@router.put("/password")
def set_password(
    data: PasswordIn, found: OptionalLogin, env: ApiEnv, source: Source, device: Device = None
) -> TokensOut:
    """Set, change or replace a forgotten password; all other sessions end. MB-31."""
    return env["crab.api.auth.service"]._set_password(found and found.session, data, source, device)


@router.put("/phone")
def set_phone(data: PhoneIn, found: CurrentLogin, env: ApiEnv, source: Source, device: Device = None) -> TokensOut:
    """Bind or change the phone number with a code sent to it. 409 `phone_taken`. MB-03."""
    return env["crab.api.auth.service"]._set_phone(found.session, data, source, device)
