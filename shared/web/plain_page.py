"""A page of text that is made here: no script, no file beside it, nothing from a foreign host."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Final

from fastapi.responses import HTMLResponse

from shared.local_time import ReadIn

_STYLE: Final = (
    ":root{color-scheme:light;--paper:#ffffff;--ink:#1b2733;--link:#1f4e79;--code:#f0f2f4;--line:#c8ced4}"
    "@media screen and (prefers-color-scheme:dark)"
    "{:root{color-scheme:dark;--paper:#14191f;--ink:#e6e9ec;--link:#8cc2f2;--code:#252c34;--line:#4a545e}}"
    "html{background:var(--paper);color:var(--ink)}a{color:var(--link)}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{white-space:pre-wrap;background:var(--code);padding:1rem}pre,code,a{overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0}"
    "td code,td a{overflow-wrap:normal}.any td,.any td code,.any td a{overflow-wrap:anywhere}"
    ".any table{width:100%}.any td{border-bottom:1px solid var(--line)}"
    ".any section{border-top:1px solid var(--line);padding-top:1rem;margin-top:2rem}"
    ".method{font-weight:700;text-transform:uppercase}"
    "@media(max-width:30rem){td,th{padding-right:.4rem}}"
)
_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def plain_page(
    title: str,
    body: str,
    *,
    language: ReadIn = "de",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page around ``body``, which is HTML; ``title`` is text."""
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><main>{body}</main></html>"
    )
    return HTMLResponse(page, status_code=status, headers={**_HEADERS, **(headers or {})})
