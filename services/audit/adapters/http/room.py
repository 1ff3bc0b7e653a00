"""The reading room over HTTP: timelines, search, proofs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Security
from pydantic import Field, StringConstraints

from services.audit.adapters.http.documents import (
    ConsistencyDocument,
    EntriesDocument,
    EntryDocument,
    InclusionDocument,
    TimelineDocument,
    checkpoint_document,
    entry_document,
    hashes,
)
from services.audit.adapters.http.evaluated import EvaluationParameter, evaluated, second_person
from services.audit.adapters.http.event_kinds import EventKind
from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.http.refused_words import in_words
from services.audit.adapters.proofs import Proofs
from services.audit.domain.access import Reader
from services.audit.domain.access_log import SOURCE
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.cursor import Cursor, CursorRefused
from services.audit.domain.mentioned import mentioned
from services.audit.domain.note import Note
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.reading import LONGEST_TIMELINE, ReadingResult, Search
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.read import ReadingRoom
from shared.directory_names import NamesByKey
from shared.events.payload import AuthorityId, Instant, ServiceKey, WireModel
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.platform_reference import PLATFORM_REFERENCE
from shared.web.problems import Problem
from shared.web.query_parameters import check_parameters

Correlation = Annotated[str, Field(pattern=r"^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$")]
"""A trace id (32 hex digits) or an event's id (UUID)."""

_Position = Annotated[int, Query(ge=0, lt=1 << 63)]


_Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
"""No control characters: neither PostgreSQL nor a person can make anything of them."""


class SearchParameters(WireModel):
    """What to search for; all that is given must hold. Purpose and reference may stand here or in headers.

    ``correlation``: a W3C trace id (32 hex digits) or an event's id (UUID). ``actor`` needs an ``evaluation`` that
    another auditor has approved. ``after``: the ``next`` of the page before.
    """

    case: tuple[_Word, ...] = ()
    actor: _Word | None = None
    authority: AuthorityId | None = None
    service: ServiceKey | None = None
    type: EventKind | None = None
    correlation: Correlation | None = None
    since: Instant | None = None
    until: Instant | None = None
    looks: bool = True
    after: _Word | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    evaluation: UUID | None = None
    purpose: _Word | None = None
    reference: _Word | None = None

    def question(self) -> Search:
        """What is asked of the archive.

        Raises:
            ProofRefused: ``after`` is not what ``next`` was.
        """
        start = None if self.after is None else Cursor.from_text(self.after)
        traced = self.correlation is not None and "-" not in self.correlation
        return Search(
            case=self.case,
            actor=self.actor,
            authority=self.authority,
            service=self.service,
            type=self.type,
            trace=self.correlation if traced else None,
            event=None if traced or self.correlation is None else UUID(self.correlation),
            since=self.since,
            until=self.until,
            looks=self.looks,
            after=-1 if start is None else start.after,
            before=None if start is None else start.before,
            limit=self.limit,
        )


def room_routes(
    room: ReadingRoom, *, proofs: Proofs, gate: ReaderAuth, evaluations: Evaluations, names: NamesByKey
) -> APIRouter:
    """``/v1/cases/{reference}/timeline`` and ``/v1/entries``."""
    routes = APIRouter(prefix="/v1", tags=["reading room"])

    @routes.get("/cases/{reference:path}/timeline", response_model_exclude_none=True)
    async def timeline(
        reference: str,
        request: Request,
        reader: Annotated[Reader, Security(gate)],
        evaluation: EvaluationParameter = None,
    ) -> TimelineDocument:
        """Everything about the case with this number, id or pseudonym, each entry with its payload.

        What a person did (a look, an order of the clearing desk) comes without its payload, ``withheld``; with an
        ``evaluation`` that another auditor has approved, that person's acts are open.
        """
        visit = await gate.visit(request, reader)
        allowed = await evaluated(request, visit, evaluation, evaluations=evaluations, gate=gate)
        try:
            answer = await room.timeline(visit, reference, evaluated=allowed)
        except ProofRefused as refused:
            raise malformed(refused) from None
        checkpoint, _ = await proofs.checkpoint()
        cases = [each.leaf.case for each in answer.entries if each.leaf.source != SOURCE]
        if not cases:
            raise unknown_case(answer.look)
        return TimelineDocument(
            case=cases[0] or "",
            look=answer.look,
            checkpoint=checkpoint_document(checkpoint),
            entries=_documents(answer, size=checkpoint.size, disclosing=True),
            names=names.of(*mentioned(answer.entries)),
            next=_next(answer, limit=LONGEST_TIMELINE),
        )

    @routes.get("/entries", response_model_exclude_none=True)
    async def entries(
        request: Request,
        reader: Annotated[Reader, Security(gate)],
        asked: Annotated[SearchParameters, Query()],
    ) -> EntriesDocument:
        """Entries by what is given, oldest first; what one person did only if another auditor has agreed."""
        visit = await gate.visit(request, reader)
        allowed = await evaluated(request, visit, asked.evaluation, evaluations=evaluations, gate=gate)
        if asked.actor is not None and asked.actor not in allowed:
            raise second_person(await gate.refuse(request, reader, "no second person"))
        try:
            answer = await room.search(visit, asked.question())
        except CursorRefused as refused:
            raise _not_a_cursor(refused) from None
        except ProofRefused as refused:
            raise malformed(refused) from None
        checkpoint, _ = await proofs.checkpoint()
        found = _documents(answer, size=checkpoint.size, disclosing=False)
        return EntriesDocument(
            look=answer.look,
            checkpoint=checkpoint_document(checkpoint),
            total=answer.total,
            entries=found,
            names=names.of(*mentioned(answer.entries)),
            next=_next(answer, limit=asked.limit),
        )

    return routes


def proof_routes(proofs: Proofs) -> APIRouter:
    """``/v1/proofs/inclusion`` and ``/v1/proofs/consistency``: hashes only, so no authentication."""
    routes = APIRouter(prefix="/v1/proofs", tags=["proofs"], dependencies=[Depends(check_parameters)])

    @routes.get("/inclusion", openapi_extra=OPEN_TO_ALL)
    async def inclusion(index: _Position) -> InclusionDocument:
        """That the entry is in the published tree; ``proof`` is the whole C2SP tlog-proof file."""
        try:
            proof = await proofs.inclusion(index)
        except ProofRefused as refused:
            raise _not_covered(refused) from None
        checkpoint = Checkpoint.from_text(Note.from_bytes(proof.checkpoint).text)
        return InclusionDocument(
            index=index,
            size=checkpoint.size,
            hashes=hashes(proof.hashes),
            proof=proof.to_bytes().decode(),
            checkpoint=proof.checkpoint.decode(),
        )

    @routes.get("/consistency", openapi_extra=OPEN_TO_ALL)
    async def consistency(old: _Position, size: _Position | None = None) -> ConsistencyDocument:
        """That the tree of ``size`` entries, or the published one, extends that of ``old``."""
        checkpoint, note = await proofs.checkpoint()
        try:
            path = await proofs.consistency(old, checkpoint.size if size is None else size)
        except ProofRefused as refused:
            raise _not_covered(refused) from None
        return ConsistencyDocument(
            old=old,
            size=checkpoint.size if size is None else size,
            hashes=hashes(path),
            checkpoint=note.decode(),
        )

    return routes


def _documents(answer: ReadingResult, *, size: int, disclosing: bool) -> tuple[EntryDocument, ...]:
    return tuple(entry_document(each, size=size, disclosing=disclosing) for each in answer.entries)


def _next(answer: ReadingResult, *, limit: int) -> str | None:
    """The cursor of the next page; None where this one is the last, as far as its length shows."""
    if len(answer.entries) < limit:
        return None
    return Cursor(answer.entries[-1].index, answer.before).to_text()


def malformed(refused: ProofRefused) -> Problem:
    return Problem(
        422,
        "reference-malformed",
        title=Bilingual(de="Vorgangsnummer fehlerhaft", en="Reference malformed"),
        detail=_sentence(refused),
        resolution=Bilingual(
            de="Die Nummer aus der Eingangsbestätigung verwenden.",
            en="Use the number from the acknowledgement.",
        ),
    )


def _not_a_cursor(refused: CursorRefused) -> Problem:
    return Problem(
        422,
        "cursor-malformed",
        title=Bilingual(de="Fortsetzung fehlerhaft", en="Cursor malformed"),
        detail=_sentence(refused),
        resolution=Bilingual(
            de="Als after den Wert von next aus der vorigen Antwort senden, oder ohne after von vorn beginnen.",
            en="Send the value of next in the answer before as after, or begin anew without after.",
        ),
    )


def unknown_case(look: int) -> Problem:
    return Problem(
        404,
        "unknown-case",
        title=Bilingual(de="Kein Eintrag zu diesem Vorgang", en="No entry about this case"),
        detail=Bilingual(
            de=f"Unter dieser Nummer steht nichts im Protokoll. Die Anfrage selbst ist Eintrag {look}.",
            en=f"The log has nothing under this number. The request itself is entry {look}.",
        ),
        resolution=Bilingual(
            de=f"Nummer prüfen; Vorgänge früherer Jahre stehen im Protokoll ihres Jahres. {PLATFORM_REFERENCE.de}",
            en=f"Check the number; cases of former years are in the log of their year. {PLATFORM_REFERENCE.en}",
        ),
    )


def _not_covered(refused: ProofRefused) -> Problem:
    return Problem(
        404,
        "not-covered",
        title=Bilingual(de="Noch nicht im veröffentlichten Stand", en="Not covered yet"),
        detail=_sentence(refused),
        resolution=Bilingual(
            de="Größe am Checkpoint prüfen und später erneut fragen.",
            en="Check the size in the checkpoint and ask again after the next one.",
        ),
    )


def _sentence(refused: ProofRefused) -> Bilingual:
    why = in_words(refused)
    return Bilingual(de=f"{why.de}.", en=f"{why.en}.")
