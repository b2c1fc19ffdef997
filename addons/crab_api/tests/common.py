"""What tests of every API addon start from: a client in process, through the real application and its errors."""

import json
from types import SimpleNamespace

from fastapi import FastAPI
from fastapi.testclient import TestClient

from odoo.addons.crab_base.tests.common import CrabCase
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.fastapi.context import odoo_env_ctx

from ..dispatcher import ROOT
from ..errors import answer


class Answer(SimpleNamespace):
    """``status``, ``json`` (None for an empty body), ``headers``, ``code`` of an error."""

    @property
    def code(self):
        return self.json and self.json.get("code")


class Client:
    """Calls the API as ``subject``; what a refused call changed is undone, as after a request."""

    def __init__(self, test, subject, lang, source):
        self._test, self._lang, self._source, self._tokens = test, lang, source, None
        if subject:
            account = test.env["crab.account"].sudo().browse(subject.account_id)
            session_sudo = test.env["crab.session"]._open(account, subject.kind, "sms")
            test.assertEqual((session_sudo.role, session_sudo.role_id), (subject.kind, subject.id))
            self.use(session_sudo._tokens())

    def use(self, tokens):
        """Go on with these tokens."""
        self._tokens = tokens
        return self

    def _client(self):
        return TestClient(self._test.app, base_url="http://testserver", client=(self._source, 50000))

    def call(self, method, path, key=None, headers=None, **request):
        test = self._test
        headers = {"User-Agent": "test", **(headers or {})}
        if self._tokens:
            headers["Authorization"] = "Bearer " + self._tokens["access_token"]
        if key:
            headers["Idempotency-Key"] = key
        env = test.env(user=test.env.ref("base.public_user"), su=False)
        env = env(context={"lang": self._lang})
        token = odoo_env_ctx.set(env)
        env.cr.flush()
        try:
            with env.cr.savepoint(), self._client() as client:
                got = client.request(method, ROOT + path, headers=headers, **request)
                env.flush_all()
            content, status, found = got.content, got.status_code, dict(got.headers)
        except Exception as error:
            status, body, found = answer(env, error)
            if status == 500:
                raise
            content = json.dumps(body).encode()
        finally:
            odoo_env_ctx.reset(token)
            test.env.invalidate_all()
        is_json = content and content[:1] in b'{["n'
        return Answer(status=status, json=json.loads(content) if is_json else None, content=content, headers=found)

    def get(self, path, **request):
        return self.call("GET", path, **request)

    def post(self, path, **request):
        return self.call("POST", path, **request)

    def put(self, path, **request):
        return self.call("PUT", path, **request)

    def patch(self, path, **request):
        return self.call("PATCH", path, **request)

    def delete(self, path, **request):
        return self.call("DELETE", path, **request)


class ApiCase(CrabCase):
    """Calls paths as members, dealers and strangers do; servers, HTTP and races are for the end-to-end tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.env.ref("crab_api.fastapi_endpoint_crab")
        cls.app = FastAPI()
        cls.app.mount(ROOT, cls.endpoint._get_app())
        cls.endpoint._clear_fastapi_exception_handlers(cls.app)

    def api(self, subject=None, lang="en_US", source="testclient"):
        """A client of this ``Subject``, or a stranger's, at this network address."""
        return Client(self, subject, lang, source)

    def subject(self, record):
        """The ``Subject`` of a member, a dealer (its contact person) or a staff member."""
        kinds = {"crab.member": "member", "crab.dealer": "dealer", "crab.dealer.staff": "staff"}
        return Subject(kinds[record._name], record.id, record.account_id.id)
