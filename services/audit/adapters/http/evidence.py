"""Evidence files over HTTP: one for a case, one for a single entry."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, Security

from services.audit.adapters.evidence_files import EvidenceFiles
from services.audit.adapters.http.gate import Gate
from services.audit.adapters.http.room import malformed, unknown_case
from services.audit.domain.access import Reader
from services.audit.domain.looks import Visit
from services.audit.domain.refused import Refused
from services.audit.ports import Answer
from shared.runtime.problems import Problem

Timeline = Callable[[Visit, str], Awaitable[Answer]]
"""Everything about the case of this reference; the look is on record."""

EntryOf = Callable[[Visit, int], Awaitable[Answer]]
"""The entry at this index, or none; the look is on record."""


def evidence_routes(files: EvidenceFiles, *, timeline: Timeline, entry: EntryOf, gate: Gate) -> APIRouter:
    """``/v1/cases/{reference}/evidence`` and ``/v1/entries/{index}/evidence``."""
    routes = APIRouter(prefix="/v1", tags=["evidence"])

    @routes.get("/cases/{reference}/evidence", response_model=None)
    async def of_case(
        reference: str, request: Request, reader: Annotated[Reader, Security(gate)]
    ) -> Response:
        """One file that proves the case's entries offline: ``amtsweg verify FILE``."""
        visit = await gate.visit(request, reader)
        try:
            answer = await timeline(visit, reference)
        except Refused as refused:
            raise malformed(str(refused)) from None
        return await _file(answer, name=reference, absent=unknown_case(answer.look))

    @routes.get("/entries/{index}/evidence", response_model=None)
    async def of_entry(
        index: Annotated[int, Path(ge=0, lt=1 << 63)],
        request: Request,
        reader: Annotated[Reader, Security(gate)],
    ) -> Response:
        """One file that proves a single entry offline: ``amtsweg verify FILE``."""
        answer = await entry(await gate.visit(request, reader), index)
        return await _file(answer, name=str(index), absent=_unknown_entry(index, answer.look))

    async def _file(answer: Answer, *, name: str, absent: Problem) -> Response:
        made = await files.make(answer.entries)
        if made is None:
            raise absent
        attached = f'attachment; filename="amtsweg-{name}.json"'
        headers = {"Content-Disposition": attached, "Cache-Control": "no-store"}
        return Response(made.to_bytes(), media_type="application/json", headers=headers)

    return routes


def _unknown_entry(index: int, look: int) -> Problem:
    return Problem(
        404,
        "unknown-entry",
        title="Kein Eintrag an dieser Stelle (no entry at this place)",
        detail=f"Im veröffentlichten Stand gibt es den Eintrag {index} nicht. Die Anfrage selbst ist Eintrag {look}.",
        mend="Größe am Checkpoint prüfen und später erneut fragen (ask again after the next checkpoint).",
    )
