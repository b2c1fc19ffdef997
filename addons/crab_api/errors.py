"""What a refusal looks like outside: ``{"code", "detail", "fields"}`` with a status (api.md)."""

import logging

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.exceptions import AccessDenied, AccessError, LockError, MissingError, UserError

# the first that fits wins
KINDS = (
    (AccessDenied, 401, "unauthorized"),
    (AccessError, 403, "forbidden"),
    (MissingError, 404, "not_found"),
    (LockError, 409, "busy"),
    (UserError, None, "refused"),
)
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many",
    503: "unavailable",
}
REFUSALS = {
    401: "No login, or one that ended",
    403: "Not yours to do",
    404: "Unknown, or not yours to see",
    409: "Conflict: busy, or the key was used for something else",
    422: "Something is missing or wrong, or a rule says no",
    429: "Too many; `Retry-After` says when to try again",
}
# the words of Odoo's own refusals name models and rights; outside they say nothing
TEXTS = {
    401: "Please log in.",
    403: "This is not yours to do.",
    404: "This does not exist.",
    405: "This cannot be done here.",
    500: "Something went wrong on our side. Please try again.",
}


class ApiError(UserError):
    """A refusal that belongs to the API itself.

    :param int status: HTTP status
    :param str code: stable word for clients
    :param str detail: for people, translated
    :param int retry_after: seconds until it makes sense to try again
    """

    loglevel = logging.DEBUG  # the access log has it; a token that ends every quarter of an hour is no warning

    def __init__(self, status, code, detail, retry_after=None):
        super().__init__(detail)
        self.http_status, self.error_code, self.retry_after = status, code, retry_after


def answer(env, exc):
    """The answer to an exception that left a handler.

    :param env: Environment in the language of the caller, or None
    :return: ``(status, body, headers)``
    """
    headers = dict(getattr(exc, "headers", None) or {})
    if isinstance(exc, RequestValidationError):
        text = _text(env, "Some of what was sent is missing or wrong.")
        return 422, {"code": "invalid", "detail": text, "fields": _fields(exc)}, headers
    if isinstance(exc, HTTPException | WerkzeugHTTPException):
        status = getattr(exc, "status_code", None) or exc.code or 500
        detail = _text(env, TEXTS[status]) if status in TEXTS else _words(exc)
        return status, {"code": CODES.get(status, "error"), "detail": detail, "fields": {}}, headers
    for kind, status, code in KINDS:
        if isinstance(exc, kind):
            if status is None:
                status = exc.http_status
                code = code if status == UserError.http_status else CODES.get(status, code)
            code = getattr(exc, "error_code", code)
            if retry_after := getattr(exc, "retry_after", None):
                headers["Retry-After"] = str(retry_after)
            is_ours = type(exc) not in (AccessError, MissingError, AccessDenied) or not _is_technical(exc)
            detail = str(exc.args[0]) if exc.args and is_ours else _text(env, TEXTS[status])
            return status, {"code": code, "detail": detail, "fields": {}}, headers
    return 500, {"code": "error", "detail": _text(env, TEXTS[500]), "fields": {}}, headers


def _is_technical(exc):
    """Whether Odoo's ORM wrote these words: they name models, rights and records."""
    text = str(exc.args[0]) if exc.args else ""
    return "\n" in text or len(text) > 200


def _words(exc):
    return str(getattr(exc, "detail", None) or getattr(exc, "description", None) or "")


def _text(env, text):
    return env["fastapi.endpoint"]._crab_text(text) if env is not None else text


def _fields(exc):
    """``{"lines.0.quantity": "what is wrong"}``; what was sent is not repeated."""
    return {
        ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")): error["msg"]
        for error in exc.errors()
    }
