"""From a request to the FastAPI application: OCA's dispatcher with our errors, a log, one application per registry.

OCA keeps a pool of applications per *path of a request*: each id in a path would build an application and keep it.
An application holds no state between requests, so one per registry is enough.
"""

import json
import logging
import re
import time
import uuid
from contextlib import contextmanager
from io import BytesIO

from werkzeug.exceptions import RequestEntityTooLarge

from odoo.http import Response

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

from . import metrics
from .errors import answer

ROOT = "/api/v1"
MAX_BODY = 1_000_000
MAX_FILE_BODY = 6_000_000
MAX_DEPTH = 32
REQUEST_ID = re.compile(r"[\w.-]{1,64}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
# whoever keeps a public answer asks each time whether it still holds; nginx keeps what is over at once
PUBLIC_HEADERS = {"Cache-Control": "public, no-cache", "Vary": "Accept-Language", "X-Accel-Expires": "@1"}
_access = logging.getLogger("odoo.addons.crab_api.access")


def get_app(env):
    """The ASGI application of this registry, as WSGI."""
    registry = env.registry
    if not hasattr(registry, "crab_api_app"):
        wsgi = env["fastapi.endpoint"].sudo().get_app(ROOT)  # sudo: settings are not the caller's
        wsgi.app = Outermost(wsgi.app)
        registry.crab_api_app = wsgi
    return registry.crab_api_app


class Outermost:
    """Keeps what a handler raises for the dispatcher.

    a2wsgi loses it now and then: it ends a call whose application is done before it looks for its error.
    """

    KEY = "crab.error"

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  the dispatcher raises it again
            scope["wsgi_environ"][self.KEY] = error
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b""})


class CrabApiDispatcher(FastApiDispatcher):
    routing_type = "crab_api"

    def __init__(self, request):
        super().__init__(request)
        self.started = time.monotonic()
        asked = request.httprequest.headers.get("X-Request-ID", "")
        self.request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        self.notes = request.crab_api = {"route": "-", "subject": "-"}
        self.etag = None

    def dispatch(self, endpoint, args):
        self.request.params = {}
        environ = self._get_environ()
        self._check_body(environ)
        if not_modified := self._not_modified():
            return not_modified
        data = BytesIO()
        lang = self.request.env["fastapi.endpoint"]._crab_lang(self.request.httprequest.headers.get("Accept-Language"))
        self.request.update_context(lang=lang)
        with odoo_env(self.request.env):
            for part in get_app(self.request.env)(environ, self._make_response):
                data.write(part)
            if error := environ.pop(Outermost.KEY, None):
                raise error
        return self.request.make_response(data.getvalue(), headers=self.headers, status=self.status)

    def _not_modified(self):
        """304 for public answers that have not changed, before anything is computed."""
        httprequest = self.request.httprequest
        if httprequest.method not in ("GET", "HEAD"):
            return None
        self.etag = self.request.env["fastapi.endpoint"]._crab_etag(
            httprequest.path.removeprefix(ROOT), httprequest.query_string, httprequest.headers.get("Accept-Language")
        )
        if not self.etag or self.etag not in httprequest.headers.get("If-None-Match", ""):
            return None
        self.notes["route"] = "not modified"
        return Response(status=304)

    def _check_body(self, environ):
        """:raise RequestEntityTooLarge: before a body is parsed that nobody needs"""
        stream = environ["wsgi.input"]
        is_file = environ["PATH_INFO"] == f"{ROOT}/files"
        body = stream.read(MAX_FILE_BODY + 1)
        stream.seek(0)
        if len(body) > (MAX_FILE_BODY if is_file else MAX_BODY) or (not is_file and _depth(body) > MAX_DEPTH):
            raise RequestEntityTooLarge()

    def handle_error(self, exc):
        env = self.request.env
        if env is not None and env.cr.closed:
            env = None
        status, body, headers = answer(env, exc)
        response = self.request.make_json_response(body, status=status, headers=list(headers.items()))
        self._finish(response)
        return response

    def post_dispatch(self, response):
        result = super().post_dispatch(response)
        self._finish(response)
        return result

    def _finish(self, response):
        if self.etag and response.status_code in (200, 304):
            response.headers.update(PUBLIC_HEADERS)
            response.headers["ETag"] = self.etag
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-ID"] = self.request_id
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.pop("Set-Cookie", None)
        seconds = time.monotonic() - self.started
        method, route = self.request.httprequest.method, self.notes["route"]
        metrics.observe(method, route, response.status_code, seconds)
        _access.info(
            "%s",
            json.dumps(
                {
                    "request": self.request_id,
                    "method": method,
                    "route": route,
                    "status": response.status_code,
                    "ms": round(seconds * 1000, 1),
                    "subject": self.notes["subject"],
                    "source": self.request.httprequest.remote_addr,
                }
            ),
        )


@contextmanager
def odoo_env(env):
    """What handlers find as their environment."""
    token = odoo_env_ctx.set(env)
    try:
        yield
        env.flush_all()  # as the user of the handlers
    finally:
        odoo_env_ctx.reset(token)


def _depth(body):
    """How deep brackets are nested; those in texts count as well, which only makes the limit a little stricter."""
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
