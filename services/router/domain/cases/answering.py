"""May this answer be taken, is it a repetition, or does it contradict an earlier one?"""

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
    """An answer as an authority gives it; ``own_id`` is the id that the authority gave it."""

    authority: str
    own_id: str
    case_id: UUID
    answer: AnswerGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEntry:
    """An answer as it stands in the book before it is sent; ``content_hash`` is keyed and covers case and answer."""

    authority: str
    own_id: str
    case_id: UUID
    submission_id: UUID
    content_hash: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFound:
    """An entry found in the book. ``taken``: Kafka has the event. ``running``: an attempt is under way."""

    entry: AnswerEntry
    taken: bool
    running: bool


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """The platform has it; ``repeated`` where it had it before."""

    entry: AnswerEntry
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class AnswerIneffective:
    """It changes nothing. Unknown and not yours are one reason (promise 5)."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class AnswerPartRefused:
    """A sealed part of it is none, or is sealed for something else."""

    part: SealedPart
    fault: PartFault


@dataclass(frozen=True, slots=True)
class AnswerRunning:
    """An earlier request with this id has no result yet."""


@dataclass(frozen=True, slots=True)
class AnswerContradiction:
    """This id was used for another answer."""


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """Send its event. ``resumed``: an earlier attempt came to nothing, and its entry has to be claimed first."""

    entry: AnswerEntry
    resumed: bool = False


AnswerAdmission = AnswerDue | AnswerTaken | AnswerRunning | AnswerContradiction
AnswerOutcome = AnswerTaken | AnswerIneffective | AnswerPartRefused | AnswerRunning | AnswerContradiction

_NOT_COMPARED = {"given_at": True, "content": True, "notice": True}


def enter(given: AnswerRequest, *, submission_id: UUID, secret: bytes, now: datetime) -> AnswerEntry:
    """The entry for an answer; what counts as its instant is when the door takes it.

    ``givenAt`` is no part of what is compared: who sends again after a crash may not know it any more. Of the sealed
    parts it counts only which there are: sealed anew, the same plaintext is another ciphertext.
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
    """The entry that the door made for the answer that this event tells."""
    given = AnswerRequest(
        authority=event.data.authority,
        own_id=event.data.own_id,
        case_id=event.case_id,
        answer=event.data.answer,
    )
    return enter(given, submission_id=event.submission_id, secret=secret, now=event.time)


def admit(asked: AnswerEntry, *, found: AnswerFound | None) -> AnswerAdmission:
    """Decide by what stands in the book under this authority and id; None if it was entered just now."""
    if found is None:
        return AnswerDue(asked)
    if found.entry.content_hash != asked.content_hash:
        return AnswerContradiction()
    if found.taken:
        return AnswerTaken(found.entry, repeated=True)
    return AnswerRunning() if found.running else AnswerDue(found.entry, resumed=True)


def answered(entry: AnswerEntry, answer: AnswerGiven, *, traceparent: str | None) -> Event[CaseAnswered]:
    """The event; whoever repeats the answer repeats its id and its instant."""
    return Event(
        id=ids.answer_id(entry.authority, entry.own_id),
        source=SOURCE,
        time=entry.accepted_at,
        case_id=entry.case_id,
        submission_id=entry.submission_id,
        data=CaseAnswered(authority=entry.authority, own_id=entry.own_id, answer=answer),
        traceparent=traceparent,
    )
