"""What only a real server shows: headers, limits, races, log and figures."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from client import Api

import harness

PASSWORD = "Crab-2026"


def at_once(count, func):
    barrier = threading.Barrier(count)

    def work(number):
        barrier.wait(60)
        return func(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@pytest.fixture(scope="module")
def member(shop, people):
    def set_password(env):
        env["crab.member"].browse(shop.member_id).account_id._set_password(PASSWORD)

    harness.in_transaction(shop.registry, set_password)
    return Api.login(people["stranger"].server, shop.registry, "crab.member", shop.member_id)


def test_headers(people):
    got = people["stranger"].raw("GET", "/auth/roles", headers={"X-Request-ID": "from-the-client"})
    assert got.status_code == 401
    assert got.json() == {"code": "unauthorized", "detail": "请先登录。", "fields": {}}
    headers = got.headers
    assert headers["X-Request-ID"] == "from-the-client"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers
    made = people["stranger"].raw("GET", "/auth/roles", headers={"X-Request-ID": "a b" + "x" * 200})
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-ID"])


def test_who_cannot_send_patch_sends_post(people, member):
    instead = {"X-HTTP-Method-Override": "PATCH"}
    got = member.raw("POST", "/member/me", json={"name": "蟹友"}, headers=instead)
    assert (got.status_code, got.json()["name"]) == (200, "蟹友")
    assert member.raw("POST", "/member/me", json={"name": "蟹友"}).status_code == 405
    assert people["stranger"].raw("GET", "/auth/roles", headers=instead).status_code == 401, (
        "nothing else is overridden"
    )


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b"[]", 422),
        (b'{"phone": ' + b"[" * 5000 + b"]" * 5000 + b"}", 413),
        (b'{"phone": "' + b"1" * 2_000_000 + b'"}', 413),
        (b'{"phone": "13800138000", "password": "\x00"}', 422),
        (b'{"phone": "13800138000", "password": "x", "role": "admin"}', 422),
        (b'{"phone": "13800138000", "password": "x", "is_admin": true}', 422),
        (b'{"phone": "13800138000", "phone_verified": 1e400}', 422),
    ],
)
def test_hostile_bodies(people, content, status):
    got = people["stranger"].raw(
        "POST", "/auth/login/password", content=content, headers={"Content-Type": "application/json"}
    )
    assert got.status_code == status, got.text[:300]
    if "nginx" not in got.text:
        assert set(got.json()) == {"code", "detail", "fields"}


@pytest.mark.parametrize("path", ["/%2e%2e/%2e%2e/etc/passwd", "//auth/roles", "/auth/roles/", "/auth%00"])
def test_tricks_with_paths(people, path):
    got = people["stranger"].raw("GET", path)
    assert got.status_code in (400, 401, 404), (got.status_code, got.text[:200])
    assert "Traceback" not in got.text


@pytest.mark.parametrize(
    "path", ["/auth/roles%0A", "/auth%0Aroles", "/%0A", "/catalog/products%0D%0A", "/orders/a%0Ab"]
)
def test_line_breaks_in_paths(people, path):
    for who in ("stranger", "member"):
        got = people[who].raw("GET", path)
        assert got.status_code in (401, 404, 422), (got.status_code, got.text[:200])
        assert set(got.json()) == {"code", "detail", "fields"}


def test_pages_for_people(people):
    """The description as a page that loads nothing from anywhere."""
    got = people["stranger"].raw("GET", "/docs")
    assert (got.status_code, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert not re.search(r"<script|<link|<img|https?://|@import|\bon\w+=", got.text)
    description = people["stranger"].get("/openapi.json")
    for path in description["paths"]:
        assert f"<code>{path}</code>" in got.text
    for name in description["components"]["schemas"]:
        assert f'<details id="{name}">' in got.text


@pytest.mark.parametrize("text", ["' OR 1=1 --", "<script>alert(1)</script>", "%s%n", "🦀", "${7*7}"])
def test_hostile_texts(people, text):
    for path, body in (
        ("/auth/login/password", {"phone": text, "password": text}),
        ("/auth/login/sms", {"phone": "13800138000", "code": text[:16].ljust(4, "0"), "invite": text}),
        ("/auth/refresh", {"refresh_token": text}),
    ):
        got = people["stranger"].raw("POST", path, json=body)
        assert got.status_code in (401, 422, 429), (path, got.status_code, got.text[:200])


def test_many_wrong_passwords_at_once(shop, people, member):
    """However many try at once, no more than five are looked at."""
    phone = "13711112222"

    def guess(number):
        one = Api(people["stranger"].server, address="203.0.113.7")
        return one.raw("POST", "/auth/login/password", json={"phone": phone, "password": f"Wrong-{number}"}).status_code

    statuses = at_once(16, guess) + at_once(16, guess)
    assert set(statuses) <= {401, 429}
    count = shop.run(
        lambda env: env["crab.login.attempt"].search_count(
            [("outcome", "=", "tried"), ("source", "=", "203.0.113.7"), ("phone", "=", "+8613711112222")]
        )
    )
    assert statuses.count(401) == count <= 5
    # elsewhere the same person is let in, and right ones do not count, whatever else is wrong
    elsewhere = Api(people["stranger"].server, address="203.0.113.8")
    body = {"phone": phone, "password": PASSWORD}
    for _time in range(6):
        elsewhere.post("/auth/login/password", json={**body, "role": "dealer"}, status=403)
        elsewhere.post("/auth/login/password", json=body)
    outcomes = shop.run(
        lambda env: env["crab.login.attempt"].search([("source", "=", "203.0.113.8")], order="id").mapped("outcome")
    )
    assert outcomes == ["refused", "ok"] * 6


def test_refresh_at_once(people, member):
    tokens = member.tokens

    def renew(_number):
        return people["stranger"].raw("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

    answers = at_once(8, renew)
    assert [got.status_code for got in answers] == [200] * 8
    assert len({got.json()["refresh_token"] for got in answers}) == 1
    assert member.raw("GET", "/auth/roles").status_code == 200


def test_stolen_token(shop, people):
    session = Api.login(people["stranger"].server, shop.registry, "crab.member", shop.member_id)
    first = session.tokens["refresh_token"]
    second = people["stranger"].post("/auth/refresh", json={"refresh_token": first})
    third = people["stranger"].post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
    people["stranger"].post("/auth/refresh", json={"refresh_token": first}, status=401)
    assert session.raw("GET", "/auth/roles").status_code == 401
    people["stranger"].post("/auth/refresh", json={"refresh_token": third["refresh_token"]}, status=401)


def test_too_many_requests_of_one_address(people):
    one = Api(people["stranger"].server, address="198.51.100.9")
    answers = at_once(32, lambda _n: one.raw("POST", "/auth/refresh", json={"refresh_token": "x"})) + at_once(
        32, lambda _n: one.raw("POST", "/auth/refresh", json={"refresh_token": "x"})
    )
    refused = [got for got in answers if got.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "too_many"
    assert refused[0].headers["Retry-After"]


def test_log_and_figures(shop, people, member):
    server = people["stranger"].server
    people["stranger"].raw("POST", "/auth/login/password", json={"phone": "13711112222", "password": "Secret-Word-1"})
    member.get("/auth/roles")
    text = server.log.read_text(errors="replace")
    lines = [json.loads(line[line.index("{") :]) for line in text.splitlines() if "crab_api.access" in line]
    assert any(line["route"] == "/auth/roles" and line["subject"] == f"member:{shop.member_id}" for line in lines)
    assert "Secret-Word-1" not in text
    assert member.tokens["access_token"] not in text
    assert httpx.get(f"{server.url}/metrics").status_code == 404, "not from outside"
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/readyz").json() == {"status": "ok"}
    figures = httpx.get(f"http://127.0.0.1:{server.web_port}/metrics").text
    assert 'crab_api_requests_total{method="GET",route="/auth/roles",status="200"}' in figures


def test_errors_say_nothing_of_the_inside(people):
    for path in ("/nothing", "/auth/nothing", "/orders/%00"):
        got = people["stranger"].raw("GET", path)
        assert got.status_code in (400, 401, 404)
        assert not re.search(r"Traceback|odoo|psycopg|File \"", got.text), got.text
