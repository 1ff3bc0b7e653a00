"""Evidence files over HTTP: one for a case, one for a single entry."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response, Security

from services.audit.adapters.evidence_files import EvidenceFiles
from services.audit.adapters.http.evaluated import EvaluationParameter, evaluated
from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.http.room import malformed, unknown_case
from services.audit.domain.access import Reader
from services.audit.domain.access_log import SOURCE
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.reading import ReadingResult
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.read import ReadingRoom
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem

WAITING: Final = "Amtsweg-Waiting"
"""Header: so many of the entries are not in the published checkpoint yet, and therefore not in the file."""


_NOT_IN_A_NAME: Final = re.compile(r"[^0-9A-Za-z-]")


def evidence_routes(
    files: EvidenceFiles, *, room: ReadingRoom, evaluations: Evaluations, gate: ReaderAuth
) -> APIRouter:
    """``/v1/cases/{reference}/evidence`` and ``/v1/entries/{index}/evidence``."""
    routes = APIRouter(prefix="/v1", tags=["evidence"])

    @routes.get("/cases/{reference:path}/evidence", response_model=None)
    async def of_case(
        reference: str,
        request: Request,
        reader: Annotated[Reader, Security(gate)],
        evaluation: EvaluationParameter = None,
    ) -> Response:
        """One file that proves the case's entries offline: ``amtsweg verify FILE``."""
        visit = await gate.visit(request, reader)
        allowed = await evaluated(request, visit, evaluation, evaluations=evaluations, gate=gate)
        try:
            answer = await room.timeline(visit, reference, evaluated=allowed)
        except ProofRefused as refused:
            raise malformed(refused) from None
        if all(each.leaf.source == SOURCE for each in answer.entries):
            raise unknown_case(answer.look)
        # As typed it may hold whatever a UUID's reader skips, line ends among it.
        return await _file(answer, name=_NOT_IN_A_NAME.sub("", reference))

    @routes.get("/entries/{index}/evidence", response_model=None)
    async def of_entry(
        index: Annotated[int, Path(ge=0, lt=(1 << 63) - 1)],
        request: Request,
        reader: Annotated[Reader, Security(gate)],
        evaluation: EvaluationParameter = None,
    ) -> Response:
        """One file that proves a single entry offline: ``amtsweg verify FILE``."""
        visit = await gate.visit(request, reader)
        allowed = await evaluated(request, visit, evaluation, evaluations=evaluations, gate=gate)
        answer = await room.entry(visit, index, evaluated=allowed)
        return await _file(answer, name=str(index))

    async def _file(answer: ReadingResult, *, name: str) -> Response:
        made = await files.make(answer.entries)
        if made is None:
            raise _not_covered(answer.look)
        headers = {
            "Content-Disposition": f'attachment; filename="amtsweg-{name}.json"',
            "Cache-Control": "no-store",
            WAITING: str(len(answer.entries) - len(made.entries)),
        }
        return Response(made.to_bytes(), media_type="application/json", headers=headers)

    return routes


def _not_covered(look: int) -> Problem:
    return Problem(
        404,
        "not-covered",
        title=Bilingual(de="Noch nicht im veröffentlichten Stand", en="Not covered yet"),
        detail=Bilingual(
            de=f"Der veröffentlichte Stand reicht nicht so weit. Die Anfrage selbst ist Eintrag {look}.",
            en=f"The published state does not reach as far. The request itself is entry {look}.",
        ),
        resolution=Bilingual(
            de="Größe am Checkpoint prüfen und später erneut fragen.",
            en="Check the size in the checkpoint and ask again after the next one.",
        ),
    )
