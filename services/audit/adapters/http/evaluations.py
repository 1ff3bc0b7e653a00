"""Personal evaluations over HTTP: to ask for one, and to agree to another auditor's."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request, Security
from pydantic import ValidationError

from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.http.refused_words import in_words
from services.audit.domain.access import Reader
from services.audit.domain.evaluation import ActorName, Evaluation
from services.audit.domain.proof_refused import ProofRefused
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.read import ReadingRoom
from shared.events.payload import Instant, WireModel
from shared.web.bilingual import Bilingual
from shared.web.json_bodies import strict_body
from shared.web.problems import Problem


class EvaluationRequest(WireModel):
    """Whose acts are to be evaluated: the name of an auditor as it stands in the auditors file."""

    actor: ActorName


_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": EvaluationRequest.model_json_schema()}},
    }
}
"""Read only after the gate has let the visitor in: a refusal is recorded whatever the body holds."""


class EvaluationDocument(WireModel):
    """A request; entry ``index`` of the log says so. It may be read once ``approvedBy`` is there."""

    id: UUID
    index: int
    asked_at: Instant
    reader: str
    purpose: str
    reference: str
    actor: str
    approved_by: str | None = None


class EvaluationsDocument(WireModel):
    """The requests whose time is not over, newest first."""

    look: int
    evaluations: tuple[EvaluationDocument, ...]


class ApprovalDocument(WireModel):
    """Entry ``index`` of the log says that the request is approved."""

    id: UUID
    index: int


def evaluation_routes(desk: Evaluations, *, room: ReadingRoom, gate: ReaderAuth) -> APIRouter:
    """``/v1/evaluations``; what is approved is then read with ``evaluation=…`` on every route that discloses."""
    routes = APIRouter(prefix="/v1/evaluations", tags=["evaluations"])

    @routes.post("", status_code=201, response_model_exclude_none=True, openapi_extra=_BODY)
    async def ask(request: Request, reader: Annotated[Reader, Security(gate)]) -> EvaluationDocument:
        """Ask to see what a person has done; another auditor must agree within 30 days."""
        visit = await gate.visit(request, reader)
        try:
            asked = EvaluationRequest.model_validate_json(await strict_body(request))
        except ValidationError:
            raise _malformed() from None
        return _document(await desk.request(visit, asked.actor))

    @routes.get("", response_model_exclude_none=True)
    async def waiting(request: Request, reader: Annotated[Reader, Security(gate)]) -> EvaluationsDocument:
        """All requests whose time is not over."""
        visit = await gate.visit(request, reader)
        look = await room.record(visit, {"evaluations": "all"})
        return EvaluationsDocument(look=look, evaluations=tuple(map(_document, await desk.waiting())))

    @routes.post("/{id}/approval", status_code=201)
    async def approve(
        id: UUID,  # noqa: A002 - the word of the envelope
        request: Request,
        reader: Annotated[Reader, Security(gate)],
    ) -> ApprovalDocument:
        """Agree to another auditor's request."""
        visit = await gate.visit(request, reader)
        evaluation = await desk.find(id)
        if evaluation is None:
            raise _unknown()
        try:
            return ApprovalDocument(id=id, index=await desk.approve(visit, evaluation))
        except ProofRefused as refused:
            said = await gate.refuse(request, reader, str(refused))
            raise _not_approved(refused, said) from None

    return routes


def _document(evaluation: Evaluation) -> EvaluationDocument:
    return EvaluationDocument(
        id=evaluation.id,
        index=evaluation.index,
        asked_at=evaluation.asked_at,
        approved_by=evaluation.approved_by,
        **dict(evaluation.asked),
    )


def _malformed() -> Problem:
    return Problem(
        422,
        "request-invalid",
        title=Bilingual(de="Anfrage fehlerhaft", en="Request invalid"),
        detail=Bilingual(
            de="Der Inhalt der Anfrage nennt niemanden: actor fehlt, ist leer oder länger als 100 Zeichen.",
            en="The body names nobody: actor is missing, empty or longer than 100 characters.",
        ),
        resolution=Bilingual(de='Als JSON senden: {"actor": "Name"}.', en='Send as JSON: {"actor": "name"}.'),
    )


def _unknown() -> Problem:
    return Problem(
        404,
        "evaluation-unknown",
        title=Bilingual(de="Auswertung nicht vorhanden", en="No such evaluation"),
        detail=Bilingual(
            de="Unter dieser Kennung wurde keine Auswertung beantragt.",
            en="No evaluation was asked for under this id.",
        ),
        resolution=Bilingual(
            de="Offene Anträge zeigt GET /v1/evaluations.", en="GET /v1/evaluations lists open requests."
        ),
    )


def _not_approved(refused: ProofRefused, said: Bilingual) -> Problem:
    why = in_words(refused)
    return Problem(
        403,
        "evaluation-not-approved",
        title=Bilingual(de="Zustimmung nicht möglich", en="Cannot be approved"),
        detail=Bilingual(
            de=f"{why.de}. {said.de}",
            en=f"{why.en}. {said.en}",
        ),
        resolution=Bilingual(
            de="Eine andere Prüferin zustimmen lassen oder neu beantragen.",
            en="Have another auditor approve it, or ask anew.",
        ),
    )
