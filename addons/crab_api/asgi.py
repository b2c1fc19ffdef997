"""The ASGI application is called in the thread of the request, and handlers run in place.

Handlers wait for the database, one request per thread: a loop in a thread of its own (a2wsgi, as OCA does it) and a
third thread for each handler only cost switches between them, and a2wsgi loses errors now and then.
"""

import asyncio
import collections
import contextlib
import functools
import inspect

import fastapi
from a2wsgi.asgi import build_scope
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

_idle_loops = collections.deque()  # one for each request that runs at a time; made after the fork of a worker


def call(app, environ, body):
    """Let an ASGI application answer; what its handlers raise is raised here.

    :param dict environ: of WSGI
    :param bytes body: of the request
    :return: ``(status, [(name, value)], content)``
    """
    asked = [{"type": "http.request", "body": body, "more_body": False}]
    status, headers, content = 500, [], []

    async def receive():
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message):
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
        else:
            content.append(message.get("body", b""))

    try:
        loop = _idle_loops.pop()
    except IndexError:
        loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(app(build_scope(environ), receive, send))
    finally:
        _idle_loops.append(loop)
    return status, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers], b"".join(content)


def prepare(app, path):
    """Let FastAPI make what it makes of all routes when first asked, a second of work: before workers are forked."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "root_path": ""}

    async def nothing(*_message):
        return {"type": "http.disconnect"}

    with contextlib.suppress(HTTPException):  # no such path: all have been tried
        asyncio.run(app(scope, nothing, nothing))


def _in_place(endpoint):
    """FastAPI gives plain functions to a pool of threads; it awaits this one."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    @functools.wraps(endpoint)
    async def run(*args, **kwargs):
        return endpoint(*args, **kwargs)

    return run


class InPlaceRoute(APIRoute):
    def __init__(self, path, endpoint, **options):
        super().__init__(path, _in_place(endpoint), **options)


class APIRouter(fastapi.APIRouter):
    """FastAPI's router, whose handlers run in place."""

    def __init__(self, **options):
        super().__init__(route_class=InPlaceRoute, **options)
