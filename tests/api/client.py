"""The API as its clients call it: HTTP through nginx, tokens, keys."""

import itertools

import httpx

import harness

_keys = itertools.count(1)


class Api:
    """A client of one person; ``login`` opens a session as an SMS code would."""

    def __init__(self, server, registry=None, tokens=None, address=None):
        self.server, self.registry = server, registry
        headers = {"Accept-Language": "zh-CN"}
        if address:
            headers["X-Forwarded-For"] = address
        self.http = httpx.Client(base_url=server.url + "/api/v1", headers=headers, timeout=60)
        self.use(tokens)

    def use(self, tokens):
        self.tokens = tokens
        if tokens:
            self.http.headers["Authorization"] = "Bearer " + tokens["access_token"]
        return self

    @classmethod
    def login(cls, server, registry, model, record_id):
        """As this member, dealer or staff member."""
        kind = {"crab.member": "member", "crab.dealer": "dealer", "crab.dealer.staff": "staff"}[model]

        def open_session(env):
            account = env[model].browse(record_id).account_id
            return env["crab.session"]._open(account, kind, "sms")._tokens()

        return cls(server, registry, harness.in_transaction(registry, open_session))

    def call(self, method, path, status=200, key=None, **request):
        """JSON of an answer that must have this status; ``key=True`` makes a new idempotency key."""
        got = self.raw(method, path, key=key, **request)
        assert got.status_code == status, (method, path, got.status_code, got.text[:2000])
        return got.json() if got.content else None

    def raw(self, method, path, key=None, **request):
        headers = dict(request.pop("headers", {}))
        if key:
            headers["Idempotency-Key"] = key if isinstance(key, str) else f"e2e-key-{next(_keys):06}"
        return self.http.request(method, path, headers=headers, **request)

    def get(self, path, **request):
        return self.call("GET", path, **request)

    def post(self, path, **request):
        return self.call("POST", path, **request)

    def put(self, path, **request):
        return self.call("PUT", path, **request)

    def patch(self, path, **request):
        return self.call("PATCH", path, **request)

    def delete(self, path, status=204, **request):
        return self.call("DELETE", path, status=status, **request)
