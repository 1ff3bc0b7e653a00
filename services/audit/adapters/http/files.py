"""The log's files as C2SP tlog-tiles wants them served. Entries need a token, hashes do not."""

from typing import Final

from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import PlainTextResponse

from services.audit.adapters.http.reader_auth import ReaderAuth, RecordRefusal, route_of
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName, parse_path
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.described import answering
from shared.web.problems import Problem

_FOR_EVER: Final = "max-age=31536000, immutable"


def file_routes(folder: TileFolder, *, gate: ReaderAuth, record: RecordRefusal) -> APIRouter:
    """``/log/checkpoint``, ``/log/tile/entries/…`` with a token, ``/log/tile/<level>/…`` without."""
    routes = APIRouter(prefix="/log", tags=["log"])

    @routes.get(
        "/checkpoint",
        response_class=PlainTextResponse,
        responses=answering("text/plain", "the signed note"),
        openapi_extra=OPEN_TO_ALL,
    )
    async def checkpoint() -> Response:
        """The signed checkpoint (C2SP tlog-checkpoint)."""
        note = await folder.read("checkpoint")
        if note is None:
            raise _absent()
        return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})

    tile_bytes = answering("application/octet-stream", "the file")

    @routes.get(
        "/tile/entries/{path:path}",
        dependencies=[Security(gate)],
        response_class=Response,
        responses=tile_bytes,
    )
    async def entries(path: str) -> Response:
        """A bundle of entries (C2SP tlog-tiles)."""
        return await _file(f"tile/entries/{path}", caching=f"private, {_FOR_EVER}")

    @routes.get(
        "/tile/{level}/{path:path}",
        response_class=Response,
        responses=tile_bytes,
        openapi_extra=OPEN_TO_ALL,
    )
    async def tile(level: str, path: str) -> Response:
        """A tile of hashes (C2SP tlog-tiles)."""
        return await _file(f"tile/{level}/{path}", caching=f"public, {_FOR_EVER}")

    @routes.get("/{path:path}", openapi_extra=OPEN_TO_ALL)
    async def outside(path: str, request: Request) -> Response:
        """Answer 404 for any other path, and record the attempt."""
        del path
        await record("outside the log", route_of(request), None)
        raise _absent()

    async def _file(path: str, *, caching: str) -> Response:
        data = await folder.read(_name(path).path)
        if data is None:
            raise _absent()
        return Response(data, media_type="application/octet-stream", headers={"Cache-Control": caching})

    return routes


def _name(path: str) -> TileName:
    try:
        return parse_path(path)
    except ProofRefused:
        raise _absent() from None


def _absent() -> Problem:
    return Problem(
        404,
        "not-found",
        title=Bilingual(de="Nicht vorhanden", en="Not there"),
        detail=Bilingual(de="Diese Datei gibt es im Protokoll nicht.", en="The log has no such file."),
        resolution=Bilingual(
            de="Größe am Checkpoint prüfen; Pfade wie in C2SP tlog-tiles.",
            en="Check the size in the checkpoint; paths as in C2SP tlog-tiles.",
        ),
    )
