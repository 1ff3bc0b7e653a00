"""The whole log for an auditor, as one stream of files."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Security
from fastapi.responses import StreamingResponse

from services.audit.adapters.exports.archive import Rows, export
from services.audit.adapters.http.completeness import Recorder
from services.audit.adapters.http.gate import Gate
from services.audit.adapters.proofs import Proofs
from services.audit.domain.access import Reader
from services.audit.domain.export import Form
from services.audit.domain.keys import SigningKey
from services.audit.ports import Clock


def export_routes(
    rows: Rows, *, record: Recorder, proofs: Proofs, keys: Sequence[SigningKey], clock: Clock, gate: Gate
) -> APIRouter:
    """``/v1/export``, for readers with the right ``export``."""
    routes = APIRouter(prefix="/v1", tags=["export"])

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
    ) -> StreamingResponse:
        """All entries of the published tree with their payloads, as tar: ``amtsweg audit export``."""
        visit = await gate.visit(request, reader)
        tree, note = await proofs.checkpoint()
        look = await record(visit, {"export": form, "size": str(tree.size)})
        stream = export(rows, form=form, note=note, tree=tree, look=look, at=clock(), keys=keys)
        name = f'attachment; filename="amtsweg-{tree.size}.tar"'
        return StreamingResponse(
            stream, media_type="application/x-tar", headers={"Content-Disposition": name}
        )

    return routes
