"""Decides whether an answer is new, a repetition, or contradicts an earlier one."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.router.domain.cases.sealed_parts import PartFault, SealedPart
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered, RefusalReason
from shared.events.envelope import Event

SOURCE = "urn:amtsweg:doors"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """An answer as an authority gives it; ``own_id`` is the authority's own id of it."""

    authority: str
    own_id: str
    case_id: UUID
    answer: AnswerGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEntry:
    """An answer's entry in the store before its event is sent; ``content_hash`` is keyed and covers case and answer."""

    authority: str
    own_id: str
    case_id: UUID
    submission_id: UUID
    content_hash: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFound:
    """An entry found in the store. ``taken``: Kafka has the event. ``running``: an attempt is under way."""

    entry: AnswerEntry
    taken: bool
    running: bool


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """Kafka has the answer; ``repeated``: it was accepted before."""

    entry: AnswerEntry
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class AnswerIneffective:
    """The answer has no effect. An unknown and another authority's case have one reason (promise 5)."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class AnswerPartRefused:
    """A sealed part of the answer is malformed or is bound to something else."""

    part: SealedPart
    fault: PartFault


@dataclass(frozen=True, slots=True)
class AnswerRunning:
    """An earlier request with this id is still in progress."""


@dataclass(frozen=True, slots=True)
class AnswerContradiction:
    """The id was used for another answer."""


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """Send its event. ``resumed``: an earlier attempt failed, and its entry has to be claimed first."""

    entry: AnswerEntry
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class AnswerOutdated:
    """The id was used for an answer of the time before the case came back to the authority."""


AnswerAdmission = AnswerDue | AnswerTaken | AnswerRunning | AnswerContradiction
AnswerOutcome = (
    AnswerTaken | AnswerIneffective | AnswerPartRefused | AnswerRunning | AnswerContradiction | AnswerOutdated
)

_NOT_COMPARED = {"given_at": True, "content": True, "notice": True}


def enter(given: AnswerRequest, *, submission_id: UUID, secret: bytes, now: datetime) -> AnswerEntry:
    """The entry for an answer; its instant is when the door accepts it.

    ``givenAt`` is not compared: a sender that repeats after a crash may no longer know it. Of the sealed parts only
    their presence is compared: the same plaintext, sealed again, has another ciphertext.
    """
    answer = given.answer.model_dump_json(by_alias=True, exclude_none=True, exclude=_NOT_COMPARED)
    parts = [name for name in ("content", "notice") if getattr(given.answer, name) is not None]
    content = f"{given.case_id}\n{answer}\n{' '.join(parts)}".encode()
    return AnswerEntry(
        authority=given.authority,
        own_id=given.own_id,
        case_id=given.case_id,
        submission_id=submission_id,
        content_hash=f"hmac-sha256:{hmac.digest(secret, content, 'sha256').hex()}",
        accepted_at=now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000),
    )


def entry_of(event: Event[CaseAnswered], *, secret: bytes) -> AnswerEntry:
    """The entry that the door made for the answer in this event."""
    given = AnswerRequest(
        authority=event.data.authority,
        own_id=event.data.own_id,
        case_id=event.case_id,
        answer=event.data.answer,
    )
    return enter(given, submission_id=event.submission_id, secret=secret, now=event.time)


def admit(asked: AnswerEntry, *, found: AnswerFound | None) -> AnswerAdmission:
    """Decide from the store's entry under this authority and id; ``found`` is None if the answer was just entered."""
    if found is None:
        return AnswerDue(asked)
    if found.entry.content_hash != asked.content_hash:
        return AnswerContradiction()
    if found.taken:
        return AnswerTaken(found.entry, repeated=True)
    return AnswerRunning() if found.running else AnswerDue(found.entry, resumed=True)


def answered(entry: AnswerEntry, answer: AnswerGiven, *, traceparent: str | None) -> Event[CaseAnswered]:
    """The event of an answer; a repetition has the same id and the same instant."""
    return Event(
        id=ids.answer_id(entry.authority, entry.own_id),
        source=SOURCE,
        time=entry.accepted_at,
        case_id=entry.case_id,
        submission_id=entry.submission_id,
        data=CaseAnswered(authority=entry.authority, own_id=entry.own_id, answer=answer),
        traceparent=traceparent,
    )
