"""The order to erase a case: its ids from the log, the event on the bus, and the wait for what becomes of it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from services.audit.adapters.postgres.archive import PostgresArchive
from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.domain.access_log import PayloadErased
from services.audit.domain.leaf import Leaf
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reading import Found, Question
from services.audit.domain.reference import CaseReference
from services.audit.handler.erase import NOTHING_KEPT
from shared.events.envelope import Event, encode, event_type
from shared.events.erasure import HOLDERS, EraseOrdered
from shared.events.topics import CASE_ORDERED
from shared.kafka.client import KafkaAddress
from shared.kafka.publish_once import publish_once
from shared.postgres.pool import Pool

_EVERY_SECONDS: Final = 0.5
_PRINCIPAL: Final = "operator"
SEVERAL_CASES: Final = "several cases have this reference; name one by its receipt number or id"
_SOURCE: Final = "urn:amtsweg:operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedErasure:
    """What was ordered, and what has become of it: the leaf that says so, or who has not reported."""

    pseudonym: str
    index: int | None = None
    said: dict[str, Any] = field(default_factory=dict)
    missing: Sequence[str] = HOLDERS


async def order(
    reference: str, basis: str, *, pool: Pool, origin: str, secrecy: Pseudonymizer, address: KafkaAddress
) -> OrderedErasure:
    """Put the order on the bus.

    Raises:
        Refused: the log knows no such case, or nothing that could be erased.
        Unavailable: Kafka or PostgreSQL is away.
    """
    archive = PostgresArchive(pool, origin=origin)
    event = next(
        (e for found in await _entries(reference, archive, secrecy) if (e := _event(found, secrecy))), None
    )
    if event is None:
        raise ProofRefused(NOTHING_KEPT)
    case = UUID(event["caseid"])
    ordered: Event[EraseOrdered] = Event(
        id=uuid4(),
        source=_SOURCE,
        time=datetime.now(UTC),
        case_id=case,
        submission_id=UUID(event["submissionid"]),
        data=EraseOrdered(basis=basis, principal=_PRINCIPAL),
    )
    message = encode(ordered, CASE_ORDERED.name)
    await publish_once(address, [message])
    return OrderedErasure(pseudonym=secrecy.case(case))


async def outcome(
    ordered: OrderedErasure, *, pool: Pool, origin: str, secrecy: Pseudonymizer, patience: timedelta
) -> OrderedErasure:
    """Wait until the log says that the case is erased, or the patience is over."""
    archive, until = PostgresArchive(pool, origin=origin), time.monotonic() + patience.total_seconds()
    asked = Question(case=(ordered.pseudonym,), type=event_type(PayloadErased), limit=100)
    while not (found := await archive.find(asked)):
        if time.monotonic() > until:
            waiting = await PostgresErasures(pool, origin=origin, secrecy=secrecy).ordered()
            missing = [each.missing for each in waiting if each.case == ordered.pseudonym]
            return replace(ordered, missing=missing[0] if missing else HOLDERS)
        await asyncio.sleep(_EVERY_SECONDS)
    event = _event(found[-1], secrecy) or {"data": {"remaining": [], "lastCopyExpires": "-"}}
    return replace(ordered, index=found[-1].index, said=event["data"])


async def _entries(reference: str, archive: PostgresArchive, secrecy: Pseudonymizer) -> Sequence[Found]:
    named = CaseReference.of(reference, secrecy)
    cases = named.pseudonyms or await archive.cases(named.tokens)
    if named.tokens and len(cases) > 1:
        raise ProofRefused(SEVERAL_CASES)
    return await archive.find(Question(case=cases, looks=False, limit=100)) if cases else ()


def _event(found: Found, secrecy: Pseudonymizer) -> dict[str, Any] | None:
    if found.sealed is None or found.key is None:
        return None
    leaf = Leaf.from_bytes(found.entry)
    payload = secrecy.open(found.sealed, key=found.key, leaf_id=leaf.id).payload
    event: dict[str, Any] = orjson.loads(payload)
    return event
