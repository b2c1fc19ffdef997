"""What every sandbox server has in common: a small HTTP server on this machine that can be told to misbehave.

A sandbox plays an outside service. It checks what it receives by code of its own, keeps its state in a file so that a
restart changes nothing, and never reaches beyond 127.0.0.1. Besides the service's own addresses it answers

- ``POST /__ctl/<command>`` with a JSON object: the methods ``ctl_<command>`` of the sandbox;
- ``POST /__ctl/fault`` ``{"on": name of a route, "do": "drop" | "lose" | "status" | "delay", "times": 1, …}``:
  ``drop`` ends the connection before anything is done, ``lose`` does the work and ends it without an answer,
  ``status`` answers that status without doing anything, ``delay`` answers only after so many ``seconds``;
- ``POST /__ctl/received`` ``{"on": name of a route}``: what came in, each with the verdict on its signature.
"""

import argparse
import collections
import json
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LARGEST_BODY = 2**20


@dataclass
class Request:
    """What came in. ``target`` is the path with its query as sent: signatures cover it."""

    method: str
    target: str
    headers: object
    body: bytes
    verdict: str = ""

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json(self):
        """The body as an object; anything else counts as an empty one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace")))


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)

    @classmethod
    def of_json(cls, value, status=200):
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": "application/json"})

    @classmethod
    def of_html(cls, text, status=200):
        return cls(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


class Store:
    """Records by kind and key, as JSON in one SQLite file (``:memory:``: gone with the process).

    ``with store:`` holds the lock over several steps; a single call holds it by itself.
    """

    def __init__(self, path=":memory:"):
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
            " CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, data TEXT, PRIMARY KEY (kind, key))"
        )

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *_error):
        self._lock.release()

    def get(self, kind, key):
        with self._lock:
            row = self._connection.execute("SELECT data FROM record WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind, key, data):
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, json.dumps(data)))
        return data

    def all(self, kind):
        with self._lock:
            rows = self._connection.execute("SELECT data FROM record WHERE kind = ? ORDER BY rowid", (kind,)).fetchall()
        return [json.loads(data) for (data,) in rows]


def route(method, pattern, name):
    """Mark a method of a sandbox as the answer to requests whose path matches ``pattern`` wholly."""

    def decorate(func):
        func.route = (method, re.compile(pattern), name)
        return func

    return decorate


class Sandbox:
    """One outside service; subclasses have methods marked with :func:`route` and ``ctl_…`` methods."""

    name = "sandbox"

    def __init__(self, store):
        self.store = store
        self.received = collections.deque(maxlen=2000)
        self.faults = []
        self._faults_lock = threading.Lock()
        members = (getattr(self, name) for name in dir(type(self)) if not name.startswith("__"))
        self.routes = [(*member.route, member) for member in members if hasattr(member, "route")]

    # ------------------------------------------------------------------ what subclasses fill in

    def check(self, request, name):
        """``None`` when the request is authentic, else what is wrong with it."""

    def refuse(self, request, reason):
        """The answer to a request that is not authentic."""
        return Answer(401, reason.encode())

    def finish(self, request, answer):
        """The answer as it leaves, signed."""
        return answer

    # ------------------------------------------------------------------ handling

    def handle(self, request):
        """The answer to a request; ``None``: end the connection without one."""
        if request.path.startswith("/__ctl/"):
            return self._control(request)
        for method, pattern, name, func in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return self._serve(request, name, func, match.groups())
        return Answer(404, b"no such address")

    def _serve(self, request, name, func, groups):
        reason = self.check(request, name)
        request.verdict = reason or "fine"
        self.received.append(
            {
                "on": name,
                "target": request.target,
                "body": request.body.decode("utf-8", "replace"),
                "headers": dict(request.headers.items()),
                "verdict": request.verdict,
            }
        )
        fault = self._fault(name)
        if fault.get("do") == "drop":
            return None
        if fault.get("do") == "status":
            return Answer.of_json(fault.get("body") or {"code": "SYSTEM_ERROR"}, fault["status"])
        answer = self.refuse(request, reason) if reason else func(request, *groups)
        if fault.get("do") == "delay":
            time.sleep(fault["seconds"])
        return None if fault.get("do") == "lose" else self.finish(request, self.distort(answer, fault))

    def distort(self, answer, fault):
        """A wrong answer of the service's own kind, asked for by a fault."""
        return answer

    def _fault(self, name):
        with self._faults_lock:
            for fault in self.faults:
                if fault["on"] == name:
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        self.faults.remove(fault)
                    return fault
        return {}

    def _control(self, request):
        command = getattr(self, "ctl_" + request.path.removeprefix("/__ctl/"), None)
        if not command:
            return Answer.of_json({"error": "no such command"}, 404)
        try:
            return Answer.of_json(command(**request.json()))
        except (KeyError, TypeError, ValueError) as error:
            return Answer.of_json({"error": repr(error)}, 400)

    def ctl_fault(self, on, do, times=1, **values):
        with self._faults_lock:
            self.faults.append({"on": on, "do": do, "times": times, **values})
        return {}

    def ctl_received(self, on=None):
        return [one for one in list(self.received) if on in (None, one["on"])]

    def ctl_reset(self):
        """Forget faults and what was received; the state stays."""
        with self._faults_lock:
            self.faults.clear()
        self.received.clear()
        return {}


def server_for(sandbox, port=0):
    """The HTTP server of a sandbox on 127.0.0.1; ``serve_forever()`` runs it."""

    class Handler(BaseHTTPRequestHandler):
        server_version = "Sandbox"

        def _handle(self):
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST_BODY:
                self.send_error(413)
                return
            answer = sandbox.handle(Request(self.command, self.path, self.headers, self.rfile.read(length)))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _handle

        def log_message(self, format, *args):  # noqa: A002  the base class's name
            print(f"{sandbox.name}: {format % args}", flush=True)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request, client_address):
            if not isinstance(sys.exc_info()[1], OSError):  # else the connection ended, maybe by our own doing
                super().handle_error(request, client_address)

    return Server(("127.0.0.1", port), Handler)


def main(make, name, default_port):
    """The command line of a sandbox: ``make(store, keys)`` gives it. Prints its address when it is ready."""
    parser = argparse.ArgumentParser(prog=f"python tests/sandboxes/{name}")
    parser.add_argument("--port", type=int, default=default_port, help="0: any free one")
    parser.add_argument("--state", type=Path, help="SQLite file that keeps the state; without: in memory")
    parser.add_argument("--keys", type=Path, required=True, help="directory of keys, made at the first start")
    options = parser.parse_args()
    if options.state:
        options.state.parent.mkdir(parents=True, exist_ok=True)
    sandbox = make(Store(str(options.state or ":memory:")), options.keys)
    server = server_for(sandbox, options.port)
    sandbox.address = f"http://127.0.0.1:{server.server_address[1]}"
    signal.signal(signal.SIGTERM, lambda *_args: threading.Thread(target=server.shutdown).start())
    print(f"{name}: {sandbox.address}", flush=True)
    try:
        server.serve_forever(0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
