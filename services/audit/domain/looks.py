"""Looks are facts too: who asked what, why, and who was turned away (promise 7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.audit.domain.access import Reader
from services.audit.domain.fact import Fact
from services.audit.domain.payload import canonical
from services.audit.domain.refused import Refused
from services.audit.domain.secrecy import Secrecy
from shared.events.envelope import event_type, timestamp
from shared.events.ids import case_id
from shared.events.payload import Payload

SOURCE = "urn:amtsweg:audit"

_REFERENCE = re.compile(r"[\w ./:-]{1,64}")
_PURPOSE_LENGTHS = range(3, 201)
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


class Looked(Payload):
    """Somebody with the right to look has asked."""

    reader: str
    purpose: str
    reference: str
    question: dict[str, str]


class LookRefused(Payload):
    """Somebody was turned away; ``unrecorded`` more were, since the last such record."""

    reader: str | None = None
    reason: str
    route: str
    unrecorded: int = 0


class PayloadErased(Payload):
    """The key of a case is destroyed, and with it salts and payloads; its leaves stay provable."""

    basis: str
    entries: int
    last_sealed_copy_expires: datetime


class LooksExpired(Payload):
    """What looks before this instant said is destroyed, their time being over; that they were taken stays on record."""

    basis: str
    entries: int
    before: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A look that may be taken: by whom, why, under which file number."""

    reader: Reader
    purpose: str
    reference: str


def visit(reader: Reader, *, purpose: str | None, reference: str | None) -> Visit:
    """Accept a look.

    Raises:
        Refused: purpose or reference is missing or malformed.
    """
    if purpose is None or len(purpose.strip()) not in _PURPOSE_LENGTHS:
        raise Refused("the purpose is missing; expected 3 to 200 characters")
    if reference is None or not _REFERENCE.fullmatch(reference):
        raise Refused("the reference is missing; expected a file number of 1 to 64 characters")
    return Visit(reader, purpose.strip(), reference)


def pseudonyms(reference: str, secrecy: Secrecy) -> tuple[str, ...]:
    """The pseudonyms under which a case may stand: ``reference`` is its id, its first submission's, or one.

    Raises:
        Refused: it is neither a UUID nor a pseudonym of 32 hex digits.
    """
    if _PSEUDONYM.fullmatch(reference):
        return (reference,)
    try:
        named = UUID(reference)
    except ValueError:
        raise Refused(
            "expected the id of a case or submission (UUID), or a pseudonym (32 hex digits)"
        ) from None
    return secrecy.case(case_id(named)), secrecy.case(named)


def fact_of(
    said: Payload,
    *,
    id: UUID,  # noqa: A002 - the word of the envelope
    at: datetime,
    secrecy: Secrecy,
    case: str | None = None,
    actor: str | None = None,
) -> Fact:
    """What the audit service itself has to say, as a fact; ``actor`` is a name and becomes a pseudonym."""
    kind, time = event_type(type(said)), timestamp(at)
    attributes = {"specversion": "1.0", "id": str(id), "source": SOURCE, "type": kind, "time": time}
    data = said.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Fact(
        id=id,
        type=kind,
        time=time,
        source=SOURCE,
        payload=canonical({**attributes, "data": data}),
        case=case,
        actor=None if actor is None else secrecy.actor(actor),
    )


def look(
    taken: Visit,
    question: Mapping[str, str],
    *,
    id: UUID,  # noqa: A002 - the word of the envelope
    at: datetime,
    secrecy: Secrecy,
    case: str | None = None,
) -> Fact:
    """The fact of a look, on the case that it concerns."""
    said = Looked(
        reader=taken.reader.name,
        purpose=taken.purpose,
        reference=taken.reference,
        question=dict(question),
    )
    return fact_of(said, id=id, at=at, secrecy=secrecy, case=case, actor=taken.reader.name)
