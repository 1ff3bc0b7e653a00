"""Access is logged like any event: who asked for what and why, and who was refused (promise 7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.audit.domain.access import Reader
from services.audit.domain.payload import canonical
from services.audit.domain.pending_entry import PendingEntry, month_of
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.envelope import event_type, timestamp
from shared.events.erasure import Holder, RemainingCopy
from shared.events.payload import Payload

SOURCE = "urn:amtsweg:audit"

_REFERENCE = re.compile(r"[\w ./:-]{1,64}")
_PURPOSE_LENGTHS = range(3, 201)


class Looked(Payload):
    """An authorised reader has asked."""

    reader: str
    purpose: str
    reference: str
    question: dict[str, str]


class LookRefused(Payload):
    """A reader was refused; or, with ``attempts``, how many unknown ones were in a period, with nothing else kept of them."""

    reader: str | None = None
    reason: str
    route: str
    attempts: int | None = None


class PayloadErased(Payload):
    """The key of a case is destroyed, and with it salts and payloads; its leaves stay provable.

    ``reported``: who else has destroyed what it held. ``last_copy_expires``: the latest day on which a copy that nobody
    could reach is gone, over all that hold content or contact; ``remaining`` says which and when.
    """

    basis: str
    entries: int
    reported: tuple[Holder, ...] = ()
    remaining: tuple[RemainingCopy, ...] = ()
    last_copy_expires: datetime


class LooksExpired(Payload):
    """The content of access records before this instant is destroyed (retention expired); that access took place stays."""

    basis: str
    entries: int
    before: datetime


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """A permitted access: by whom, for which purpose, under which file number."""

    reader: Reader
    purpose: str
    reference: str


def visit(reader: Reader, *, purpose: str | None, reference: str | None) -> AccessGrant:
    """Accept a look.

    Raises:
        ProofRefused: purpose or reference is missing or malformed.
    """
    if purpose is None or len(purpose.strip()) not in _PURPOSE_LENGTHS or not purpose.strip().isprintable():
        raise ProofRefused("the purpose is missing; expected 3 to 200 characters")
    if reference is None or not _REFERENCE.fullmatch(reference):
        raise ProofRefused(
            "the reference is missing; expected a file number of 1 to 64 letters, digits and . / : _ -"
        )
    return AccessGrant(reader, purpose.strip(), reference)


def fact_of(
    said: Payload,
    *,
    id: UUID,  # noqa: A002 - the word of the envelope
    at: datetime,
    secrecy: Pseudonymizer,
    case: str | None = None,
    actor: str | None = None,
) -> PendingEntry:
    """An event of the audit service itself as an entry to append; ``actor`` is a name and becomes a pseudonym."""
    kind, time = event_type(type(said)), timestamp(at)
    attributes = {"specversion": "1.0", "id": str(id), "source": SOURCE, "type": kind, "time": time}
    data = said.model_dump(mode="json", by_alias=True, exclude_none=True)
    return PendingEntry(
        id=id,
        type=kind,
        time=time,
        source=SOURCE,
        payload=canonical({**attributes, "data": data}),
        about_log=True,
        case=case,
        actor=None if actor is None else secrecy.actor(actor, month_of(time)),
    )


def look(
    taken: AccessGrant,
    question: Mapping[str, str],
    *,
    id: UUID,  # noqa: A002 - the word of the envelope
    at: datetime,
    secrecy: Pseudonymizer,
    case: str | None = None,
) -> PendingEntry:
    """The fact of a look, on the case that it concerns."""
    said = Looked(
        reader=taken.reader.name,
        purpose=taken.purpose,
        reference=taken.reference,
        question=dict(question),
    )
    return fact_of(said, id=id, at=at, secrecy=secrecy, case=case, actor=taken.reader.name)
