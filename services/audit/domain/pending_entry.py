"""Facts: what is to be logged, before it has a place in the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.audit.domain.completeness import EFFECTS
from services.audit.domain.payload import canonical, without_sealed
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.envelope import decode, event_type, timestamp
from shared.events.ids import child_id
from shared.events.payload import Payload
from shared.events.submission import Receipt
from shared.events.trace_context import trace_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """The parts of a leaf that are known before it is salted, the payload that it commits to, and what the index needs.

    ``id`` is the event's own id, which stands in the payload; the leaf has a keyed one. ``actor`` is the pseudonym of a
    person who acted. ``effects`` are the keyed ids that an effect of this event would have; ``tokens`` is what its case
    can be found by.
    """

    id: UUID
    type: str
    time: str
    source: str
    payload: bytes
    case: str | None = None
    actor: str | None = None
    authority: str | None = None
    service: str | None = None
    effects: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    about_log: bool = False

    @property
    def owner(self) -> str:
        """Whose key encrypts the payload: the case's, or where there is none the acting person's.

        What the audit service itself has to say (``about_log``) outlives the case's key.
        """
        return (None if self.about_log else self.case) or self.actor or NOBODYS


NOBODYS = "0" * 32
"""Stands for the owner of payloads that concern no case and no person."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record lies on the bus."""

    topic: str
    partition: int
    offset: int


def fact_of_record(
    value: bytes | None,
    headers: Sequence[tuple[str, bytes]],
    *,
    position: Position,
    payloads: Sequence[type[Payload]],
    secrecy: Pseudonymizer,
) -> PendingEntry:
    """Read a record of an audited topic; the payload is made from the bytes as they lie there.

    Raises:
        Undecodable: the record is not an event of its topic.
    """
    event = decode(value, headers, payloads)
    data: dict[str, Any] = orjson.loads(value or b"")
    # Most events carry nothing sealed, and looking for it at every depth is what costs most here.
    shown = without_sealed(data) if b"ciphertext" in (value or b"") else data
    kind, time = event_type(type(event.data)), timestamp(event.time)
    attributes = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": kind,
        "time": time,
        "caseid": str(event.case_id),
        "submissionid": str(event.submission_id),
        "bus": {"topic": position.topic, "partition": position.partition, "offset": position.offset},
    }
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    said: Any = event.data
    receipt, assignment = getattr(said, "receipt", None), getattr(said, "assignment", None)
    principal = getattr(assignment, "principal", None) or getattr(said, "principal", None)
    return PendingEntry(
        id=event.id,
        type=kind,
        time=time,
        source=event.source,
        payload=canonical({**attributes, "data": shown}),
        case=secrecy.case(event.case_id),
        actor=None if principal is None else secrecy.actor(principal, month_of(time)),
        authority=getattr(said, "authority", None),
        service=getattr(receipt, "service", None),
        effects=effects_of(event.id, kind, secrecy),
        tokens=tuple(_tokens(receipt, event.traceparent, secrecy)),
    )


def month_of(time: str) -> str:
    """The month of an instant, ``2026-01``: for so long a person has one pseudonym."""
    return time[:7]


def months(since: datetime, until: datetime) -> Iterator[str]:
    """All months from one instant to another, the one before and the one after included."""
    at = since.year * 12 + since.month - 2
    while at <= until.year * 12 + until.month:
        yield f"{at // 12:04d}-{at % 12 + 1:02d}"
        at += 1


def effects_of(event_id: UUID, kind: str, secrecy: Pseudonymizer) -> tuple[str, ...]:
    """The ids of the leaves that may follow from an event of this type."""
    return tuple(secrecy.event(child_id(event_id, name)) for name in EFFECTS.get(kind, ()))


def _tokens(receipt: Receipt | None, traceparent: str | None, secrecy: Pseudonymizer) -> Iterator[str]:
    if receipt is not None:
        yield secrecy.token(NUMBER, receipt.receipt_number.upper())
    if (trace := trace_id_of(traceparent)) is not None:
        yield secrecy.token(TRACE, trace)


NUMBER, TRACE = "number", "trace"
"""What a case can be found by, beside its ids: receipt number, W3C trace id."""
