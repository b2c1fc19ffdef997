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

from werkzeug.exceptions import RequestEntityTooLarge

from odoo.http import Response

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

from . import asgi, metrics
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
    """The ASGI application of this registry."""
    registry = env.registry
    if not hasattr(registry, "crab_api_app"):
        # sudo: settings are not the caller's; of OCA's WSGI application only what it wraps
        registry.crab_api_app = env["fastapi.endpoint"].sudo().get_app(ROOT).app
    return registry.crab_api_app


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
        # WeChat's mini-programs can send everything but PATCH
        if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") == "PATCH":
            environ["REQUEST_METHOD"] = "PATCH"
        body = self._read_body(environ)
        if not_modified := self._not_modified():
            return not_modified
        lang = self.request.env["fastapi.endpoint"]._crab_lang(self.request.httprequest.headers.get("Accept-Language"))
        self.request.update_context(lang=lang)
        with odoo_env(self.request.env):
            status, headers, content = asgi.call(get_app(self.request.env), environ, body)
        return self.request.make_response(content, headers=headers, status=status)

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

    def _read_body(self, environ):
        """:raise RequestEntityTooLarge: before a body is parsed that nobody needs"""
        stream = environ["wsgi.input"]
        is_file = environ["PATH_INFO"] == f"{ROOT}/files"
        body = stream.read(MAX_FILE_BODY + 1)
        if len(body) > (MAX_FILE_BODY if is_file else MAX_BODY) or (not is_file and _depth(body) > MAX_DEPTH):
            raise RequestEntityTooLarge()
        return body

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
