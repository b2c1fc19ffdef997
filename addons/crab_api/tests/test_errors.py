from psycopg2 import errors as pg_errors
from pydantic import Field

from odoo.exceptions import AccessError, LockError, MissingError, UserError, ValidationError

from odoo.addons.crab_member.tests.common import MemberCase

from .. import errors
from ..asgi import APIRouter
from ..dependencies import ApiEnv, MemberSubject, Once, Paging
from ..dispatcher import ROOT, _depth
from ..schemas import Amount, In, Out, When
from .common import ApiCase


class Wish(In):
    name: str = Field(max_length=10)
    count: int = 1


class Made(Out):
    number: int
    price: Amount
    at: When


class TestErrors(ApiCase, MemberCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        router = APIRouter()
        cls.made = []
        cls.raised = None

        @router.post("/try")
        def make(data: Wish, subject: MemberSubject, once: Once, env: ApiEnv) -> Made:
            def make_one():
                cls.made.append(data.name)
                env["crab.region"].sudo().search([], limit=1)
                return Made(number=len(cls.made), price=12.345, at="2026-11-01T16:00:00")

            return once(make_one)

        @router.get("/raise")
        def refuse(env: ApiEnv) -> None:
            raise cls.raised

        @router.get("/page")
        def page(asked: Paging) -> list:
            return [asked.cursor, asked.limit]

        cls.app.routes.clear()
        inner = type(cls.app)()
        inner.include_router(router)
        cls.app.mount(ROOT, inner)
        cls.endpoint._clear_fastapi_exception_handlers(cls.app)
        cls.member = cls._new_member()

    def test_shapes(self):
        api = self.api(self.subject(self.member))
        got = api.post("/try", json={"name": "a"}, key="key-00001")
        self.assertEqual(got.json, {"number": len(self.made), "price": "12.35", "at": "2026-11-02T00:00:00+08:00"})

    def test_replay(self):
        api = self.api(self.subject(self.member))
        first = api.post("/try", json={"name": "b"}, key="key-00002").json
        self.assertEqual(api.post("/try", json={"name": "b"}, key="key-00002").json, first)
        other = api.post("/try", json={"name": "c"}, key="key-00002")
        self.assertEqual((other.status, other.code), (409, "conflict"))
        someone = self.api(self.subject(self._new_member()))
        self.assertNotEqual(someone.post("/try", json={"name": "b"}, key="key-00002").json, first)

    def test_invalid(self):
        api = self.api(self.subject(self.member))
        self.assertEqual(list(api.post("/try", json={"name": "a"}).json["fields"]), ["idempotency-key"])
        got = api.post("/try", json={"name": "x" * 11, "count": "many", "is_admin": True}, key="key-00003")
        self.assertEqual((got.status, got.code), (422, "invalid"))
        self.assertEqual(sorted(got.json["fields"]), ["count", "is_admin", "name"])
        self.assertNotIn("x" * 11, str(got.json))

    def test_roles(self):
        self.assertEqual(self.api().post("/try", json={"name": "a"}, key="key-00004").status, 401)
        dealer = self.api(self.subject(self.dealer1)).post("/try", json={"name": "a"}, key="key-00004")
        self.assertEqual((dealer.status, dealer.code), (403, "forbidden"))

    def test_kinds(self):
        class Locked(UserError):
            error_code = "card_locked"

        table = (
            (UserError("No."), 422, "refused", "No."),
            (ValidationError("No."), 422, "refused", "No."),
            (Locked("No."), 422, "card_locked", "No."),
            (
                AccessError("You are not allowed to access 'x' (crab.x) records.\n\n"),
                403,
                "forbidden",
                errors.TEXTS[403],
            ),
            (AccessError("Not yours."), 403, "forbidden", "Not yours."),
            (MissingError("Gone."), 404, "not_found", "Gone."),
            (LockError("Wait."), 409, "busy", "Wait."),
            (errors.ApiError(429, "too_many", "Wait.", 7), 429, "too_many", "Wait."),
            (ZeroDivisionError("secret"), 500, "error", errors.TEXTS[500]),
            (pg_errors.UniqueViolation("Key (password)=(x)"), 500, "error", errors.TEXTS[500]),
        )
        for exc, status, code, detail in table:
            got_status, body, headers = errors.answer(self.env, exc)
            self.assertEqual((got_status, body["code"], body["detail"]), (status, code, detail))
            self.assertEqual(headers.get("Retry-After"), "7" if status == 429 else None)

    def test_unknown_path_and_method(self):
        self.assertEqual((self.api().get("/nothing").status, self.api().get("/nothing").code), (404, "not_found"))
        self.assertEqual(self.api().delete("/page").status, 405)

    def test_paging(self):
        self.assertEqual(self.api().get("/page").json, [None, 20])
        self.assertEqual(self.api().get("/page", params={"limit": 100, "cursor": "x"}).json, ["x", 100])
        for wrong in ({"limit": 101}, {"limit": 0}, {"cursor": "x" * 301}):
            self.assertEqual(self.api().get("/page", params=wrong).status, 422)

    def test_depth(self):
        self.assertEqual((_depth(b'{"a": [1, [2]]}'), _depth(b"[" * 1000), _depth(b"")), (3, 1000, 0))

    def test_language(self):
        endpoint = self.env["fastapi.endpoint"]
        self.assertEqual(endpoint._crab_lang(None), "zh_CN")
        self.assertEqual(endpoint._crab_lang("en"), "en_US")
        self.assertEqual(endpoint._crab_lang("zh-CN,zh;q=0.9"), "zh_CN")
        self.assertEqual(endpoint._crab_lang("fr,en-GB;q=0.9,zh;q=0.8"), "en_US")
        for other in (None, "", "xx", "*", "x" * 10_000, "\x00", "en;q=x", ";"):
            self.assertEqual(endpoint._crab_lang(other), "zh_CN")
