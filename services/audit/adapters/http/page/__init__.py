"""The auditors' page at ``/``: static files without a build step, and the verifier that auditors carry away."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from shared.web.app import OPEN_TO_ALL
from shared.web.problems import Problem

_HERE: Final = Path(__file__).parent
_TYPES: Final = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "app.js": "text/javascript; charset=utf-8",
    "draw.js": "text/javascript; charset=utf-8",
    "proof.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def page_routes() -> APIRouter:
    """``/``, ``/page/…`` and ``/verify.py``; they hold nothing but code, so they are for everybody."""
    files = {name: (_HERE / "files" / name).read_bytes() for name in _TYPES}
    verifier = (_HERE / "verify.py").read_bytes()
    routes = APIRouter(tags=["page"])

    @routes.get("/", openapi_extra=OPEN_TO_ALL)
    async def index() -> Response:
        """The auditors' page."""
        return Response(files["index.html"], media_type=_TYPES["index.html"], headers=_HEADERS)

    @routes.get("/page/{name}", openapi_extra=OPEN_TO_ALL)
    async def file(name: str) -> Response:
        """A part of the page."""
        if name not in files:
            raise Problem(
                404,
                "not-found",
                title="Nicht vorhanden (not there)",
                detail="Diese Datei gehört nicht zur Prüfseite (no part of the auditors' page).",
                resolution="Die Seite unter / neu laden (reload the page at /).",
            )
        return Response(files[name], media_type=_TYPES[name], headers=_HEADERS)

    @routes.get("/verify.py", openapi_extra=OPEN_TO_ALL)
    async def program() -> Response:
        """The verifier in one file, to be read and carried away."""
        return Response(verifier, media_type="text/x-python; charset=utf-8", headers=_HEADERS)

    return routes
