"""The description of the API is current, and every route of it refuses strangers."""

import json
import os
import re
import uuid

import crabenv

PATH = crabenv.ROOT / "docs" / "openapi.json"
# what needs no login; everything else answers 401 without one
OPEN = re.compile(
    r"/(auth/(sms-codes|login/.+|refresh|password)|site/.*|catalog/(?!prices).*|redemptions/quick.*|gifts/[^/]+|dealer-invitations/[^/]+)"
)
UNKNOWN = str(uuid.UUID(int=0x0192_0000_0000_7000_8000_0000_0000_0001))


def routes(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def filled(path):
    """The path with unknown ids."""
    return re.sub(r"\{[^}]+\}", UNKNOWN, path)


def body_of(description, operation):
    """A request that fits the schema as far as it must: required fields with the least they may be."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    return example(description, content["application/json"]["schema"])


def example(description, schema):
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return example(description, description["components"]["schemas"][name])
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return example(description, schema[word][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "examples" in schema:
        return schema["examples"][0]
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        return {name: example(description, schema["properties"][name]) for name in required}
    if kind == "array":
        return [example(description, schema["items"])] * schema.get("minItems", 1)
    if kind == "string":
        known = {"date": "2026-11-01", "date-time": "2026-11-01T00:00:00+08:00", "uuid": UNKNOWN}
        return known.get(schema.get("format"), "x" * max(1, schema.get("minLength", 1)))
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": True}.get(kind)


def test_description_is_current(people):
    """``docs/openapi.json`` is what the server says. ``CRAB_OPENAPI=write`` writes it anew."""
    found = people["stranger"].get("/openapi.json")
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("CRAB_OPENAPI") == "write":
        PATH.write_text(text, encoding="utf-8")
    assert PATH.read_text(encoding="utf-8") == text, "CRAB_OPENAPI=write pytest … tests/api/test_openapi.py"


def test_every_operation_says_what_it_does(people):
    description = people["stranger"].get("/openapi.json")
    assert len(list(routes(description))) > 10
    for method, path, operation in routes(description):
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)


def test_bodies_hold_nothing_that_is_not_named(people):
    """Nobody gives itself a role, a price or a state by sending one more field: bodies are closed, with all in them."""
    description = people["stranger"].get("/openapi.json")
    schemas, seen, open_ones = description["components"]["schemas"], set(), []

    def look(schema, where):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name not in seen:
                seen.add(name)
                look(schemas[name], name)
            return
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            open_ones.append(where)
        for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for one in schema.get(word, ()):
                look(one, where)
        for name, one in schema.get("properties", {}).items():
            look(one, f"{where}.{name}")
        if isinstance(schema.get("items"), dict):
            look(schema["items"], where)

    for method, path, operation in routes(description):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            look(content["application/json"]["schema"], f"{method} {path}")
    assert len(seen) > 30
    assert not open_ones, open_ones


def test_strangers_are_asked_to_log_in(people):
    description = people["stranger"].get("/openapi.json")
    wrong = []
    for method, path, operation in routes(description):
        got = people["stranger"].raw(method, filled(path), key=True, json=body_of(description, operation))
        if got.status_code >= 500 or (not OPEN.fullmatch(path) and got.status_code != 401):
            wrong.append((method, path, got.status_code, got.text[:200]))
    assert not wrong, wrong


def test_ids_of_others_are_unknown(people):
    """With every role, an id that is not one's own gives 401, 403, 404, or 422 where the body is judged first."""
    description = people["stranger"].get("/openapi.json")
    wrong = []
    for method, path, operation in routes(description):
        if "{" not in path:
            continue
        for role in ("member", "dealer", "staff"):
            got = people[role].raw(method, filled(path), key=True, json=body_of(description, operation))
            if got.status_code not in (401, 403, 404, 422):
                wrong.append((role, method, path, got.status_code, got.text[:200]))
    assert not wrong, wrong


def test_roles_stay_in_their_part(people):
    """No path of dealers answers members, no path of members dealers."""
    description = people["stranger"].get("/openapi.json")
    parts = {
        "/dealer/": ("member",),
        "/staff/": ("member", "dealer"),
        "/member/": ("dealer", "staff"),
        "/cart": ("dealer",),
    }
    wrong = []
    for method, path, operation in routes(description):
        for prefix, roles in parts.items():
            for role in roles if path.startswith(prefix) else ():
                got = people[role].raw(method, filled(path), key=True, json=body_of(description, operation))
                if got.status_code != 403:
                    wrong.append((role, method, path, got.status_code, got.text[:200]))
    assert not wrong, wrong
