"""The console's map: the areas of the Land, and where the candidates of a parked case work."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Response, Security

from services.router.adapters.borders import read_borders
from services.router.adapters.directory_files import read_manifest
from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import without_store
from services.router.adapters.http.desk_problems import no_effect
from services.router.domain.cases.desk import Ineffective
from services.router.domain.directory.model import Directory
from services.router.domain.directory.territory import territory
from services.router.handler.clearing_desk import ClearingDesk
from shared.events.payload import AuthorityId, WireModel
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

_MOST: int = 40


class TerritoryDocument(WireModel):
    authority: AuthorityId
    areas: tuple[str, ...]


class TerritoriesDocument(WireModel):
    """``areas`` are those that the case's place may mean, as the decision understood it."""

    areas: tuple[str, ...]
    territories: tuple[TerritoryDocument, ...]


def read_sheet(folder: Path | None) -> bytes | None:
    """The map as JSON, None without a folder or where it has no areas to draw."""
    if folder is None or not (folder / "areas.geojson").exists():
        return None
    paths, width, height = read_borders(folder).paths()
    sheet: dict[str, Any] = {"width": round(width), "height": round(height), "paths": dict(paths)}
    return orjson.dumps(sheet | {"attribution": read_manifest(folder)["tables"]["map"]["attribution"]})


def map_routes(
    desk: ClearingDesk,
    *,
    sheet: bytes | None,
    gate: SessionGate,
    directory: Callable[[], Directory],
    today: Callable[[], date],
) -> APIRouter:
    """The sheet, the same for every case, and what is coloured on it for one."""
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/map")
    async def drawn(_: Annotated[Caller, Security(gate, scopes=["desk"])]) -> Response:
        """Every area's outline, by its key."""
        if sheet is None:
            raise _no_map()
        return Response(
            sheet, media_type="application/json", headers={"Cache-Control": "private, max-age=3600"}
        )

    @routes.get("/parked/{reference}/territories", response_model=TerritoriesDocument)
    async def territories(reference: str, _: Annotated[Caller, Security(gate, scopes=["desk"])]) -> Response:
        """Where the candidates of this case work today."""
        waiting, known = await desk.show(reference), directory()
        if waiting is None:
            raise no_effect(Ineffective(obstacle="not-at-the-desk"), directory=known)
        decision = waiting.held.decision
        found = (
            TerritoryDocument(
                authority=each, areas=tuple(sorted(territory(each, directory=known, on=today())))
            )
            for each in waiting.candidates[:_MOST]
        )
        return without_store(
            TerritoriesDocument(areas=() if decision is None else decision.areas, territories=tuple(found))
        )

    return routes


def _no_map() -> Problem:
    return Problem(
        404,
        "no-map",
        title=Bilingual(de="Keine Karte", en="No map"),
        detail=Bilingual(
            de="Diesem Leitstand ist keine Karte mitgegeben.", en="This console was given no map."
        ),
        resolution=Bilingual(
            de="Den Ordner des Verzeichnisses in AMTSWEG_DIRECTORY nennen.",
            en="Name the directory's folder in AMTSWEG_DIRECTORY.",
        ),
    )
