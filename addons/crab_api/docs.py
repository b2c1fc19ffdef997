"""The API for people to read: a page made of its OpenAPI description, without scripts and without other hosts."""

import base64
import hashlib

from markupsafe import Markup, escape

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
pre { font: inherit; white-space: pre-wrap }
details { border-top: 1px solid #ddd; padding: .3em 0 }
details > :not(summary) { margin-left: 1.5em }
summary { cursor: pointer }
summary b { display: inline-block; min-width: 4.5em }
table { border-collapse: collapse; width: 100% }
td { border: 1px solid #ddd; padding: .2em .5em; vertical-align: top }
td:nth-child(1) { width: 18%; font-family: monospace }
td:nth-child(2) { width: 30% }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width"><style>{style}</style></head><body><h1>{title}</h1>'
    '<pre>{text}</pre><p><a href="openapi.json">openapi.json</a></p><p>{index}</p>{parts}<h2>Schemas</h2>{schemas}'
    "</body></html>"
)
PART = Markup('<h2 id="tag-{tag}">{tag}</h2>{operations}')
OPERATION = Markup(
    "<details><summary><b>{method}</b> <code>{path}</code></summary><pre>{text}</pre>{parameters}"
    "<p>{body}</p><p>Answers: {answers}</p></details>"
)
SCHEMA = Markup('<details id="{name}"><summary><code>{name}</code></summary><pre>{text}</pre>{fields}</details>')
ROW = Markup("<tr><td>{name}{star}</td><td>{type}</td><td>{text}</td></tr>")


def page(description):
    """The page as text.

    :param dict description: OpenAPI 3.1
    """
    parts = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts.setdefault((operation.get("tags") or ["other"])[0], []).append(_operation(method, path, operation))
    return PAGE.format(
        title=description["info"]["title"],
        text=description["info"].get("description", "").strip(),
        style=Markup(STYLE),
        index=Markup(" · ").join(Markup('<a href="#tag-{0}">{0}</a>').format(tag) for tag in parts),
        parts=_join(PART.format(tag=tag, operations=_join(operations)) for tag, operations in parts.items()),
        schemas=_join(_schema(name, schema) for name, schema in description["components"]["schemas"].items()),
    )


def _operation(method, path, operation):
    body = operation.get("requestBody", {}).get("content", {})
    return OPERATION.format(
        method=method.upper(),
        path=path,
        text=operation.get("description", ""),
        parameters=_table(
            _row(one["name"], one["schema"], one.get("required"), one.get("description"))
            for one in operation.get("parameters", ())
        ),
        body=_join(Markup("Body ({}): {}").format(kind, _type(one["schema"])) for kind, one in body.items()),
        answers=Markup(", ").join(_answer(status, one) for status, one in operation["responses"].items()),
    )


def _answer(status, answer):
    content = answer.get("content", {})
    kinds = (_type(one["schema"]) if "schema" in one else escape(kind) for kind, one in content.items())
    return Markup("{} {}").format(status, Markup(" or ").join(kinds))


def _schema(name, schema):
    required = schema.get("required", ())
    rows = (_row(field, one, field in required) for field, one in schema.get("properties", {}).items())
    return SCHEMA.format(name=name, text=schema.get("description", ""), fields=_table(rows))


def _row(name, schema, required=False, text=None):
    return ROW.format(
        name=name, star="*" if required else "", type=_type(schema), text=text or schema.get("description", "")
    )


def _table(rows):
    rows = _join(rows)
    return rows and Markup("<table>{}</table>").format(rows)


def _type(schema):
    """A schema in words, with links to those that have a name."""
    if "$ref" in schema:
        return Markup('<a href="#{0}">{0}</a>').format(schema["$ref"].rsplit("/", 1)[1])
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return Markup(" or ").join(_type(one) for one in schema[word])
    if "const" in schema or "enum" in schema:
        return escape(" | ".join(str(value) for value in schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return Markup("list of {}").format(_type(schema.get("items", {})))
    limits = (f"{name} {schema[name]}" for name in ("minLength", "maxLength", "minimum", "maximum") if name in schema)
    return escape(" ".join([schema.get("type", "anything"), *filter(None, [schema.get("format")]), *limits]))


def _join(parts):
    return Markup("").join(parts)
