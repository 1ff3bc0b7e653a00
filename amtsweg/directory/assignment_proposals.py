"""What assignments at the clearing desk leave behind for the directory, from the permanent topic of decisions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from aiokafka.structs import TopicPartition

from services.router.domain.decision.resolver import Resolver
from shared.events.competence import CompetenceDecision
from shared.events.envelope import Event, Undecodable, carries, decode
from shared.events.submission import Assignment, SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record

_ASSIGNED: Final = b'"assignment":{'
_NAMES: Final = UUID("5c0a8d43-9f3e-5b7a-8a56-0a8f2b7a6c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """One assignment: what the directory did not decide, and what a person decided instead."""

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
        """What a program reads: JSON in camelCase."""
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


async def assignments(address: KafkaAddress, *, since: datetime) -> list[Assigned]:
    """The assignments since an instant, oldest first.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
    """
    starts = await _starts(address, since)
    found = [
        each async for batch in read_to_end(address, starts) for record in batch for each in _assigned(record)
    ]
    return sorted(found, key=lambda each: each.at)


def proposals(assigned: Iterable[Assigned]) -> list[DeskProposal]:
    """The assignments, taken together by service, place, reason of parking and authority."""
    groups: defaultdict[str, list[Assigned]] = defaultdict(list)
    for each in assigned:
        inquiry = each.decision.inquiry
        place = "" if inquiry.place is None else inquiry.place.model_dump_json(exclude_none=True)
        groups[f"{inquiry.service}/{place}/{each.decision.reason}/{each.authority}"].append(each)
    return [
        DeskProposal(id=uuid5(_NAMES, name).hex[:8], assigned=tuple(found)) for name, found in groups.items()
    ]


def is_settled(proposal: DeskProposal, *, resolver: Resolver) -> bool:
    """True when the directory by now decides the last of these inquiries as the person did."""
    return resolver.resolve(proposal.last.decision.inquiry).authority == proposal.last.authority


def _assigned(record: Record) -> Iterator[Assigned]:
    if record.value is None or _ASSIGNED not in record.value:
        return
    try:
        event: Event[Any] = decode(record.value, record.headers, SUBMISSION_ROUTED.payloads)
    except Undecodable:
        return  # it lies in the dead letter of its readers
    if not carries(event, SubmissionRouted):
        return
    decision, assignment = event.data.decision, event.data.assignment
    # Where the directory names the same authority, or nothing could be decided, there is nothing to mend in it.
    if decision is not None and decision.authority != event.data.authority and assignment is not None:
        yield Assigned(
            case=event.case_id,
            at=event.time,
            authority=event.data.authority,
            decision=decision,
            assignment=assignment,
        )


async def _starts(address: KafkaAddress, since: datetime) -> Mapping[TopicPartition, int]:
    """The first offset of each partition that is not older; a partition without one is left out."""
    partitions = await partitions_of(address, SUBMISSION_ROUTED.name)
    consumer = reader(address)
    try:
        await consumer.start()
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, int(1000 * since.timestamp())))
    finally:
        await close(consumer)
    return {tp: at.offset for tp, at in found.items() if at is not None}
