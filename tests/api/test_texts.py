"""SQL, HTML and format strings in every text that the API takes: kept as they are or refused, never carried out."""

import re

import pytest
from test_openapi import body_of, filled, routes

import harness

HOSTILE = "'\"; DROP TABLE crab_member; -- <script>alert(1)</script><img src=x onerror=a> %s %(x)s {{7*7}} \u202e"
ROLES = (("/dealer/", "dealer"), ("/staff/", "staff"), ("/", "member"))


def role_of(path):
    return next(role for prefix, role in ROLES if path.startswith(prefix))


def texts_in(description, schema):
    """A body in which each free text is hostile, as long as it may be; the rest is the least that fits."""
    if "$ref" in schema:
        return texts_in(description, description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return texts_in(description, schema[word][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: texts_in(description, one) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [texts_in(description, schema["items"])] if "items" in schema else []
    if kind == "string" and not {"enum", "const", "format"} & schema.keys():
        return HOSTILE[: schema.get("maxLength", 1000)]
    return body_of(description, {"requestBody": {"content": {"application/json": {"schema": schema}}}})


@pytest.fixture(scope="module")
def counts(shop):
    def count(env):
        tables = ("crab_member", "crab_dealer", "crab_account", "crab_card", "res_users", "sale_order")
        found = {}
        for table in tables:
            env.cr.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  our own names
            found[table] = env.cr.fetchone()[0]
        return found

    return lambda: harness.in_transaction(shop.registry, count)


def test_every_body_and_query(people, counts):
    description = people["stranger"].get("/openapi.json")
    before, wrong, sent = counts(), [], 0
    for method, path, operation in routes(description):
        if path.startswith("/auth/") or (method, path) == ("DELETE", "/member/me"):
            continue  # logging in has tests of its own; the login must not end
        client = people[role_of(path)]
        params = {
            one["name"]: HOSTILE[: one["schema"].get("maxLength", 60)]
            for one in operation.get("parameters", ())
            if one["in"] == "query"
        }
        bodies = operation.get("requestBody", {}).get("content", {})
        body = texts_in(description, bodies["application/json"]["schema"]) if "application/json" in bodies else None
        calls = [{"json": body}] if body is not None else []
        calls += [{"params": {name: text}} for name, text in params.items()]
        calls += [{"url": re.sub(r"\{[^}]+\}", HOSTILE[:30], path)}] if "{" in path else []
        for call in calls:
            sent += 1
            url = call.pop("url", None) or filled(path)
            address = {"X-Forwarded-For": f"198.51.100.{sent % 250}"}  # not too many of one
            got = client.raw(method, url, key=True, headers=address, **call)
            if got.status_code >= 500 or got.status_code == 429:
                wrong.append((method, url, call, got.status_code, got.text[:200]))
    assert not wrong, wrong[:5]
    assert sent > 100
    after = counts()
    assert {name: after[name] for name in before if after[name] < before[name]} == {}


@pytest.mark.parametrize("text", ["%", "_", "\\", "a\\", "%\\%"])
def test_signs_of_patterns_are_looked_for_as_they_are(people, text):
    for who, path in (("stranger", "/catalog/products"), ("dealer", "/dealer/network")):
        assert people[who].get(path)["items"]
        assert not people[who].get(path, params={"q": text})["items"], path
    for path, name in (("/dealer/members", "q"), ("/dealer/staff", "q"), ("/dealer/cards", "number")):
        people["dealer"].get(path, params={name: text})


def test_kept_as_text(shop, people):
    """What is kept comes back letter for letter; the back office shows it as text."""
    member, dealer = people["member"], people["dealer"]
    name = "<b>' OR 1=1 --</b>"
    member.patch("/member/me", json={"name": name})
    assert member.get("/member/me")["name"] == name
    member.post("/feedback", status=201, key=True, json={"text": HOSTILE})
    assert member.get("/feedback")["items"][0]["text"] == HOSTILE
    below = dealer.get("/dealer/network")["items"][0]["id"]
    reason = "<script>alert(1)</script>' --"
    dealer.put(f"/dealer/network/{below}/ratio", json={"ratio": "0.72", "reason": reason})
    assert dealer.get(f"/dealer/network/{below}")["ratio_history"][0]["reason"] == reason
    assert not dealer.get("/dealer/members", params={"q": "' OR 1=1 --"})["items"]

    def bodies(env):
        rows = env["mail.message"].search([("model", "in", ["crab.dealer", "crab.member", "crab.feedback"])])
        return [str(row.body) for row in rows]

    for body in harness.in_transaction(shop.registry, bodies):
        assert "<script" not in body and "<img" not in body
