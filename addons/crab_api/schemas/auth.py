from typing import Annotated, Literal

from pydantic import Field

from .base import In, Out

Role = Literal["member", "dealer", "staff"]
Phone = Annotated[str, Field(min_length=5, max_length=32, examples=["13800138000"])]
Code = Annotated[str, Field(min_length=4, max_length=16, examples=["123456"])]
Password = Annotated[str, Field(min_length=1, max_length=256)]
Invite = Annotated[str | None, Field(max_length=200, description="Token or code of an invitation.")]


class CodeIn(In):
    phone: Phone
    purpose: Literal["login", "phone", "password", "card"] = "login"


class LoginSmsIn(In):
    phone: Phone
    code: Code
    invite: Invite = None
    role: Role | None = None


class LoginPasswordIn(In):
    phone: Phone
    password: Password
    role: Role | None = None


class RefreshIn(In):
    refresh_token: Annotated[str, Field(max_length=300)]


class SwitchIn(In):
    role: Role


class PasswordIn(In):
    """Who is logged in shows the old password or a code; who forgot it, phone and code."""

    password: Password
    old_password: Password | None = None
    phone: Phone | None = None
    code: Code | None = None


class PhoneIn(In):
    phone: Phone
    code: Code


class TokensOut(Out):
    access_token: str
    refresh_token: str
    expires_in: int
    role: Role
    is_new: bool = False


class RoleOut(Out):
    role: Role
    name: str


class RolesOut(Out):
    items: list[RoleOut]
    current: Role


class UploadOut(Out):
    id: str
    url: str
