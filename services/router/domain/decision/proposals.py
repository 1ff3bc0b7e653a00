"""Proposals for the directory from assignments at the clearing desk, grouped by the question they answer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from services.router.domain.decision.resolver import Resolver
from shared.events.competence import CompetenceDecision
from shared.events.envelope import Event, carries
from shared.events.payload import Payload
from shared.events.submission import Assignment, SubmissionRouted

_NAMES: Final = UUID("5c0a8d43-9f3e-5b7a-8a56-0a8f2b7a6c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """One assignment: the inquiry that the directory did not decide, and the person's decision."""

    case: UUID
    at: datetime
    authority: str
    decision: CompetenceDecision
    assignment: Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskProposal:
    """All assignments of one service and place to one authority, oldest first, for the same reason of parking."""

    id: str
    assigned: tuple[Assigned, ...]

    @property
    def last(self) -> Assigned:
        return self.assigned[-1]

    def to_json(self) -> dict[str, Any]:
        """The proposal for programs: JSON in camelCase."""
        inquiry = self.last.decision.inquiry
        return {
            "id": self.id,
            "service": inquiry.service,
            "place": None
            if inquiry.place is None
            else inquiry.place.model_dump(mode="json", by_alias=True, exclude_none=True),
            "choice": inquiry.choice,
            "parkedBecause": str(self.last.decision.reason),
            "authority": self.last.authority,
            "assignments": [
                {
                    "at": each.at.isoformat(),
                    "case": str(each.case),
                    "on": each.decision.inquiry.on.isoformat(),
                    "rule": each.decision.rule,
                    "directoryVersion": each.decision.directory_version,
                    **each.assignment.model_dump(mode="json", by_alias=True, exclude_none=True),
                }
                for each in self.assigned
            ],
        }


def assigned_in(event: Event[Payload]) -> Assigned | None:
    """The assignment in an event; None if there is none or the directory decides the same."""
    if not carries(event, SubmissionRouted):
        return None
    decision, assignment = event.data.decision, event.data.assignment
    # If the directory names the same authority, or no decision could be made, it needs no correction.
    if decision is None or decision.authority == event.data.authority or assignment is None:
        return None
    return Assigned(
        case=event.case_id,
        at=event.time,
        authority=event.data.authority,
        decision=decision,
        assignment=assignment,
    )


def question(decision: CompetenceDecision) -> str:
    """The question that the directory could not answer: service, place and reason. Equal questions get one proposal."""
    place = decision.inquiry.place
    asked = "" if place is None else place.model_dump_json(exclude_none=True)
    return f"{decision.inquiry.service}/{asked}/{decision.reason}"


def proposals(assigned: Iterable[Assigned]) -> list[DeskProposal]:
    """The assignments grouped by service, place, reason of parking and authority."""
    groups: defaultdict[str, list[Assigned]] = defaultdict(list)
    for each in assigned:
        groups[f"{question(each.decision)}/{each.authority}"].append(each)
    return [
        DeskProposal(id=uuid5(_NAMES, name).hex[:8], assigned=tuple(found)) for name, found in groups.items()
    ]


def is_settled(proposal: DeskProposal, *, resolver: Resolver) -> bool:
    """Return whether the directory now decides the last of these inquiries as the person did."""
    return resolver.resolve(proposal.last.decision.inquiry).authority == proposal.last.authority
