"""Facts: what is to be logged, before it has a place in the log."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.audit.domain.payload import canonical, without_sealed
from services.audit.domain.secrecy import Secrecy
from shared.events.envelope import Undecodable, decode, event_type, timestamp
from shared.events.payload import Payload

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_SOURCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The parts of a leaf that are known before it is salted, and the payload that it will commit to."""

    id: UUID
    type: str
    time: str
    source: str
    payload: bytes
    case: str | None = None
    actor: str | None = None
    authority: str | None = None
    service: str | None = None
    trace: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None

    @property
    def owner(self) -> str:
        """Whose key encrypts the payload: the case's, or where there is none the acting person's."""
        return self.case or self.actor or ""


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
    secrecy: Secrecy,
) -> Fact:
    """Read a record of an audited topic; the payload is made from the bytes as they lie there.

    Raises:
        Undecodable: the record is not an event of its topic.
    """
    event = decode(value, headers, payloads)
    if len(event.source) > _MAX_SOURCE:
        raise Undecodable(f"header ce_source is longer than {_MAX_SOURCE} characters")
    data: dict[str, Any] = orjson.loads(value or b"")
    # Most events carry nothing sealed, and looking for it at every depth is what costs most here.
    shown = without_sealed(data) if b"ciphertext" in (value or b"") else data
    kind = event_type(type(event.data))
    attributes = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": kind,
        "time": timestamp(event.time),
        "caseid": str(event.case_id),
        "submissionid": str(event.submission_id),
    }
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    trace = _TRACEPARENT.fullmatch(event.traceparent or "")
    return Fact(
        id=event.id,
        type=kind,
        time=attributes["time"],
        source=event.source,
        payload=canonical({**attributes, "data": shown}),
        case=secrecy.case(event.case_id),
        authority=data.get("authority"),
        service=(data.get("receipt") or {}).get("service"),
        trace=trace[1] if trace else None,
        topic=position.topic,
        partition=position.partition,
        offset=position.offset,
    )
