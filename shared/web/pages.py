"""Pages for people: static files without a build step, one look for all of them, and nothing from foreign hosts."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from shared.bounded_files import LARGE, read_bounded
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem

LOOK: Final = Path(__file__).parent / "look"
"""What all pages share: the style sheet, the icon, the pieces of which views are made."""

HEADERS: Final = {
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
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
}


def read_files(*folders: Path) -> dict[str, bytes]:
    """The pages' files by name; of two with one name the later folder's counts."""
    return {
        file.name: read_bounded(file, most=LARGE)
        for folder in folders
        for file in sorted(folder.iterdir())
        if file.suffix in TYPES
    }


def file_response(files: dict[str, bytes], name: str) -> Response:
    """One of the files.

    Raises:
        Problem: 404, there is none of this name.
    """
    if name not in files:
        raise Problem(
            404,
            "not-found",
            title=Bilingual(de="Nicht vorhanden", en="Not there"),
            detail=Bilingual(
                de="Diese Datei gehört nicht zu dieser Seite.", en="This file is no part of this page."
            ),
            resolution=Bilingual(de="Die Seite neu laden.", en="Reload the page."),
        )
    return Response(files[name], media_type=TYPES[Path(name).suffix], headers=HEADERS)


def file_routes(folder: Path, *, page: str) -> APIRouter:
    """``{page}/`` and ``{page}/files/…``; they contain only code, so no authentication."""
    files = read_files(LOOK, folder)
    routes = APIRouter(prefix=page, tags=["page"], include_in_schema=False)

    @routes.get("/", openapi_extra=OPEN_TO_ALL)
    async def index() -> Response:
        """The page."""
        return file_response(files, "index.html")

    @routes.get("/files/{name}", openapi_extra=OPEN_TO_ALL)
    async def file(name: str) -> Response:
        """A part of the page."""
        return file_response(files, name)

    return routes


def front_door(page: str) -> APIRouter:
    """``/`` leads to the page."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/", openapi_extra=OPEN_TO_ALL)
    async def front() -> Response:
        """The page."""
        return RedirectResponse(f"{page}/", HTTPStatus.SEE_OTHER)

    return routes
