"""What handlers ask for; all ``async``: they run in place instead of in a thread of their own."""

import json
import re
from typing import Annotated, NamedTuple

from fastapi import Depends, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from odoo.api import Environment
from odoo.exceptions import AccessError
from odoo.http import request

from odoo.addons.crab_base.models.crab_idempotency import MAX_KEY_LENGTH
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.fastapi.context import odoo_env_ctx

from .errors import ApiError

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_bearer = HTTPBearer(auto_error=False, description="Access token of a login; it is good for 15 minutes.")


async def _env() -> Environment:
    return odoo_env_ctx.get()


ApiEnv = Annotated[Environment, Depends(_env)]


class Login(NamedTuple):
    """Who is logged in: the session (sudo) and its subject."""

    session: object
    subject: Subject


async def optional_login(
    env: ApiEnv, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Login | None:
    if credentials is None:
        return None
    session_sudo, subject = env["crab.session"]._of_access_token(credentials.credentials)
    if not session_sudo:
        raise ApiError(401, "unauthorized", env._("Please log in again."))
    if request:
        request.crab_api["subject"] = f"{subject.kind}:{subject.id}"
    return Login(session_sudo, subject)


async def login(env: ApiEnv, found: Annotated[Login | None, Depends(optional_login)]) -> Login:
    if found is None:
        raise ApiError(401, "unauthorized", env._("Please log in."))
    return found


async def optional_subject(found: Annotated[Login | None, Depends(optional_login)]) -> Subject | None:
    return found.subject if found else None


def _role(*kinds):
    async def role(env: ApiEnv, found: Annotated[Login, Depends(login)]) -> Subject:
        if kinds and found.subject.kind not in kinds:
            raise AccessError(env._("Please switch to another role for this."))
        return found.subject

    return role


CurrentLogin = Annotated[Login, Depends(login)]
OptionalLogin = Annotated[Login | None, Depends(optional_login)]
OptionalSubject = Annotated[Subject | None, Depends(optional_subject)]
AnySubject = Annotated[Subject, Depends(_role())]
MemberSubject = Annotated[Subject, Depends(_role("member"))]
DealerSubject = Annotated[Subject, Depends(_role("dealer"))]
StaffSubject = Annotated[Subject, Depends(_role("staff"))]


async def source(asked: Request) -> str:
    return asked.client.host if asked.client else ""


Source = Annotated[str, Depends(source)]


class PageAsked(NamedTuple):
    cursor: str | None
    limit: int


async def paging(
    limit: Annotated[int, Query(ge=1, le=100, description="Records of a page.")] = 20,
    cursor: Annotated[str | None, Query(max_length=300, description="`next_cursor` of the page before.")] = None,
) -> PageAsked:
    return PageAsked(cursor, limit)


Paging = Annotated[PageAsked, Depends(paging)]


class OnceRunner:
    """Gives every repetition of a request the answer of the first (``crab.idempotency``)."""

    def __init__(self, env, subject, route, key, body):
        self._env, self._subject, self._route, self._body, self.key = env, subject, route, body, key

    def __call__(self, func):
        """Call ``func()`` unless this key was answered before.

        :param func: without arguments; gives a schema, a list or dict of JSON, or nothing
        :raise IdempotencyConflict: (409) the key was used for something else
        """

        def answer():
            result = func()
            return result.model_dump(mode="json") if isinstance(result, BaseModel) else result

        return self._env["crab.idempotency"]._run(self._subject, self._route, self.key, self._body, answer)


async def once(
    env: ApiEnv,
    asked: Request,
    found: Annotated[Login | None, Depends(optional_login)],
    idempotency_key: Annotated[
        str,
        Header(
            min_length=8,
            max_length=MAX_KEY_LENGTH,
            description="Chosen by the client, a new one for each intention; repetitions get the first answer.",
        ),
    ],
) -> OnceRunner:
    subject = found.subject if found else Subject("system", 0)
    route = f"{asked.method} {asked.url.path}"
    body = json.dumps([asked.url.query, (await asked.body()).decode("utf-8", "replace")]).encode()
    return OnceRunner(env, subject, route, idempotency_key, body)


Once = Annotated[OnceRunner, Depends(once)]


async def note_route(
    asked: Request,
    accept_language: Annotated[
        str | None, Header(description="Language of texts for people: `zh-CN` (without it) or `en`.")
    ] = None,
):
    """For log and metrics: the path with its placeholders, so that no id or token of a path is kept.

    :raise RequestValidationError: (422) for a NUL anywhere, which no text of the database can hold, and for other
        control characters in the path
    """
    if request:
        request.crab_api["route"] = asked.scope["route"].path
    content_type = asked.headers.get("content-type", "")
    is_json = not content_type or "json" in content_type
    if (
        "%00" in asked.url.query
        or CONTROL.search(asked.scope["path"])
        or (is_json and b"\\u0000" in await asked.body())
    ):
        raise RequestValidationError([])
