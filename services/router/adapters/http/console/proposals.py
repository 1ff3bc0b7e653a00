"""Proposals for the directory from the clearing desk's assignments, each with a preview; only the command publishes them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Response, Security

from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import without_store
from services.router.adapters.http.console.documents import name_in
from services.router.adapters.http.console.parts import WordsDocument
from services.router.domain.cases.desk import CasesById
from services.router.domain.decision.proposal_draft import skeleton
from services.router.domain.decision.proposals import Assigned, DeskProposal, is_settled, proposals, question
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from services.router.ports import DeskCases
from services.router.ports.console import Assignments
from shared.events.competence import Place
from shared.events.payload import Instant, WireModel
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

DIRECTORY: Final = "directory"
"""The scope of those who look after the directory."""

_MOST: Final = 200


class ProposalDocument(WireModel):
    """Assignments of one question to one authority; ``reason`` is why the directory could not decide."""

    id: str
    service: str
    service_name: str
    place: str
    reason: str
    authority: str
    authority_name: str
    times: int
    last: Instant


class ProposalsDocument(WireModel):
    proposals: tuple[ProposalDocument, ...]


class AssignedCaseDocument(WireModel):
    """A case that a person has assigned, and why."""

    case: UUID
    at: Instant
    reason: str
    by: str


class WaitingCaseDocument(WireModel):
    """A case that is parked now for the same question."""

    case: UUID
    receipt_number: str
    received_at: Instant


class ChangedTableDocument(WireModel):
    table: str
    lines: tuple[str, ...]


class ProposalPreviewDocument(WireModel):
    """What the directory would get, and which cases it is about.

    ``remark`` is what a person has to add or check.
    """

    proposal: ProposalDocument
    change: tuple[ChangedTableDocument, ...]
    remark: WordsDocument
    assigned: tuple[AssignedCaseDocument, ...]
    waiting: tuple[WaitingCaseDocument, ...]


def proposal_routes(
    assignments: Assignments,
    *,
    cases: DeskCases,
    gate: SessionGate,
    resolver: Callable[[], Resolver],
) -> APIRouter:
    """``/console/proposals``, for those with the scope ``directory``.

    Asking the directory every question takes a while, so a thread does it.
    """
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/proposals", response_model=ProposalsDocument)
    async def listed(_: Annotated[Caller, Security(gate, scopes=[DIRECTORY])]) -> Response:
        """What the directory does not decide by itself so far, the latest first."""
        asked = resolver()
        found = (await asyncio.to_thread(_open, assignments.assigned(), asked))[:_MOST]
        known = asked.directory
        return without_store(ProposalsDocument(proposals=tuple(_document(each, known) for each in found)))

    @routes.get("/proposals/{proposal}", response_model=ProposalPreviewDocument)
    async def preview(proposal: str, _: Annotated[Caller, Security(gate, scopes=[DIRECTORY])]) -> Response:
        """One of them with the lines that the directory would get, and its cases."""
        asked = resolver()
        open_ = await asyncio.to_thread(_open, assignments.assigned(), asked)
        found = next((each for each in open_ if each.id == proposal), None)
        if found is None:
            raise _no_proposal()
        return without_store(_preview(found, cases=await cases.now(), directory=asked.directory))

    return routes


def _open(assigned: Sequence[Assigned], resolver: Resolver) -> list[DeskProposal]:
    found = [each for each in proposals(assigned) if not is_settled(each, resolver=resolver)]
    return sorted(found, key=lambda each: each.last.at, reverse=True)


def _preview(proposal: DeskProposal, *, cases: CasesById, directory: Directory) -> ProposalPreviewDocument:
    draft = skeleton(proposal, directory=directory)
    asked = question(proposal.last.decision)
    return ProposalPreviewDocument(
        proposal=_document(proposal, directory),
        change=tuple(ChangedTableDocument(table=name, lines=lines) for name, lines in draft.lines.items()),
        remark=WordsDocument(de=draft.remark["de"], en=draft.remark["en"]),
        assigned=tuple(
            AssignedCaseDocument(
                case=each.case, at=each.at, reason=each.assignment.reason, by=each.assignment.principal
            )
            for each in proposal.assigned[-_MOST:]
        ),
        waiting=tuple(
            WaitingCaseDocument(
                case=case, receipt_number=held.receipt.receipt_number, received_at=held.receipt.received_at
            )
            for case, held in cases.items()
            if held.standing == "parked" and held.decision is not None and question(held.decision) == asked
        )[:_MOST],
    )


def _document(proposal: DeskProposal, directory: Directory) -> ProposalDocument:
    inquiry = proposal.last.decision.inquiry
    return ProposalDocument(
        id=proposal.id,
        service=inquiry.service,
        service_name=directory.services.get(inquiry.service, inquiry.service),
        place=_place(inquiry.place, directory),
        reason=str(proposal.last.decision.reason),
        authority=proposal.last.authority,
        authority_name=name_in(directory, proposal.last.authority),
        times=len(proposal.assigned),
        last=proposal.last.at,
    )


def _place(place: Place | None, directory: Directory) -> str:
    if place is None:
        return ""
    area = directory.areas.get(place.ags or "")
    named = place.ags if area is None else area.name
    return " ".join(filter(None, (place.plz, place.town, named, place.ars)))


def _no_proposal() -> Problem:
    return Problem(
        404,
        "proposal-unknown",
        title=Bilingual(de="Kein Vorschlag", en="No proposal"),
        detail=Bilingual(
            de="Diesen Vorschlag gibt es nicht, oder das Verzeichnis entscheidet inzwischen selbst so.",
            en="There is no such proposal, or the directory decides like that by now.",
        ),
        resolution=Bilingual(de="Die Liste neu laden.", en="Reload the list."),
    )
