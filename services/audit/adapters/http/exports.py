"""The whole log for an auditor, as one stream of files."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Security
from fastapi.responses import StreamingResponse

from services.audit.adapters.exports.archive import export
from services.audit.adapters.http.evaluated import EvaluationParameter, evaluated
from services.audit.adapters.http.one_at_a_time import OneAtATime
from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.proofs import Proofs
from services.audit.domain.access import Reader
from services.audit.domain.export import Form
from services.audit.domain.keys import SigningKey
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.read import ReadingRoom
from services.audit.ports import Clock
from shared.web.bilingual import Bilingual


async def leaving(place: OneAtATime, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream; when it ends, however it ends, the place is free."""
    try:
        async for part in stream:
            yield part
    finally:
        place.leave()


def export_routes(
    room: ReadingRoom,
    *,
    evaluations: Evaluations,
    proofs: Proofs,
    keys: Sequence[SigningKey],
    clock: Clock,
    gate: ReaderAuth,
) -> APIRouter:
    """``/v1/export``, for readers with the right ``export``."""
    routes, place = (
        APIRouter(prefix="/v1", tags=["export"]),
        OneAtATime(Bilingual(de="Ein Export", en="An export")),
    )

    @routes.get(
        "/export",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"application/x-tar": {}}, "description": "The files, one after the other"}
        },
    )
    async def whole_log(
        request: Request,
        reader: Annotated[Reader, Security(gate)],
        form: Annotated[Form, Query(alias="format")] = "jsonl",
        evaluation: EvaluationParameter = None,
    ) -> StreamingResponse:
        """All entries of the published tree with their payloads, as tar: ``amtsweg audit export``."""
        visit = await gate.visit(request, reader)
        allowed = await evaluated(request, visit, evaluation, evaluations=evaluations, gate=gate)
        tree, note = await proofs.checkpoint()
        place.take()
        try:
            look = await room.record(visit, {"export": form, "size": str(tree.size)})
        except BaseException:
            place.leave()
            raise
        chosen = partial(room.rows, evaluated=allowed)
        stream = export(chosen, form=form, note=note, tree=tree, look=look, at=clock(), keys=keys)
        name = f'attachment; filename="amtsweg-{tree.size}.tar"'
        return StreamingResponse(
            leaving(place, stream), media_type="application/x-tar", headers={"Content-Disposition": name}
        )

    return routes
