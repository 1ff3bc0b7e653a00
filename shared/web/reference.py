"""An OpenAPI description as a page for people, made here: no script, no foreign host."""

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from shared.web.app import OPEN_TO_ALL
from shared.web.plain_page import plain_page

_METHODS: Final = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


def reference_routes(description: Callable[[], dict[str, Any]]) -> APIRouter:
    """``/api``: the description as a page."""
    routes = APIRouter(tags=["guide"], include_in_schema=False)

    @routes.get("/api", openapi_extra=OPEN_TO_ALL)
    async def reference() -> HTMLResponse:
        """The description for people."""
        return reference_page(description())

    return routes


def reference_page(document: Document) -> HTMLResponse:
    """The whole page."""
    title = f"{document['info']['title']} {document['info']['version']}"
    listed = "".join(
        f'<li><a href="#{_anchor(method, path)}"><span class="method">{method}</span> {escape(path)}</a></li>'
        for method, path, _ in _operations(document)
    )
    body = "".join(_operation(method, path, each) for method, path, each in _operations(document))
    schemas = "".join(
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    content = (
        f'<h1>{escape(title)}</h1><p>For programs: <a href="/openapi.json">/openapi.json</a></p><ul>{listed}</ul>'
        f'<div class="any">{body}<h2>Schemas</h2>{schemas}</div>'
    )
    return plain_page(title, content, language="en")


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield method, path, methods[method]


def _operation(method: str, path: str, operation: Document) -> str:
    security = ", ".join(
        " ".join((scheme, *scopes))
        for each in operation.get("security", ())
        for scheme, scopes in each.items()
    )
    return (
        f'<section id="{_anchor(method, path)}"><h2><span class="method">{method}</span> <code>{escape(path)}</code></h2>'
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"<p>Who: {escape(security) or 'everybody, without a token'}</p>"
        f"{_parameters(operation)}{_body(operation)}{_responses(operation)}</section>"
    )


def _parameters(operation: Document) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}{', required' if each.get('required') else ''}</td>"
        f"<td>{_type(each.get('schema', {}))}</td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in operation.get("parameters", ())
    )
    return f"<h3>Parameters</h3><table>{rows}</table>" if rows else ""


def _body(operation: Document) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(f"<h3>Body, {escape(kind)}</h3>{_content(each)}" for kind, each in content.items())


def _responses(operation: Document) -> str:
    rows = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(each.get('description', ''))}</td><td>"
        + "".join(
            f"<code>{escape(kind)}</code> {_content(content)}"
            for kind, content in each.get("content", {}).items()
        )
        + "</td></tr>"
        for status, each in operation["responses"].items()
    )
    return f"<h3>Answers</h3><table>{rows}</table>"


def _content(content: Document) -> str:
    example = content.get("example")
    shown = (
        "" if example is None else f"<pre>{escape(json.dumps(example, ensure_ascii=False, indent=2))}</pre>"
    )
    return f"{_type(content.get('schema', {}))}{shown}"


def _schema(name: str, schema: Document) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(each)}</code>{' *' if each in required else ''}</td><td>{_type(inner)}</td>"
        f"<td>{escape(inner.get('description', ''))}</td></tr>"
        for each, inner in schema.get("properties", {}).items()
    )
    told = f"<p>{escape(schema.get('description', ''))}</p>"
    return (
        f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>{told}'
        f"{f'<table>{rows}</table>' if rows else _type(schema)}</section>"
    )


def _type(schema: Document) -> str:
    """A schema in one line; what has a name leads to it."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " | ".join(_type(each) for each in schema[joined])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    limits = ", ".join(
        f"{name} {escape(str(schema[name]))}"
        for name in ("format", "pattern", "minLength", "maxLength", "minimum", "maximum", "default")
        if name in schema
    )
    return f"{escape(str(schema.get('type', 'any')))}{f' ({limits})' if limits else ''}"


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}")
