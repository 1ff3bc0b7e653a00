"""The auditors' page at ``/``: static files without a build step, and the verifier that auditors carry away."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from shared.bounded_files import LARGE, read_bounded
from shared.web.app import OPEN_TO_ALL
from shared.web.described import Responses, answering
from shared.web.pages import HEADERS, LOOK, TYPES, file_response, read_files

_HERE: Final = Path(__file__).parent
_PARTS: Final[Responses] = {
    200: {
        "description": "the part",
        "content": {each.partition(";")[0]: {} for each in sorted(TYPES.values())},
    }
}


def page_routes() -> APIRouter:
    """``/``, ``/page/…`` and ``/verify.py``; they contain only code, so no authentication."""
    files = read_files(LOOK, _HERE / "files")
    verifier = read_bounded(_HERE / "verify.py", most=LARGE)
    routes = APIRouter(tags=["page"])

    @routes.get("/", response_class=HTMLResponse, openapi_extra=OPEN_TO_ALL)
    async def index() -> Response:
        """The auditors' page."""
        return file_response(files, "index.html")

    @routes.get("/page/{name}", response_class=Response, responses=_PARTS, openapi_extra=OPEN_TO_ALL)
    async def file(name: str) -> Response:
        """A part of the page."""
        return file_response(files, name)

    @routes.get(
        "/verify.py",
        response_class=Response,
        responses=answering("text/x-python", "the program"),
        openapi_extra=OPEN_TO_ALL,
    )
    async def program() -> Response:
        """The verifier in one file, to be read and carried away."""
        return Response(verifier, media_type="text/x-python; charset=utf-8", headers=HEADERS)

    return routes
