"""Whether an event calls for a message: each piece of news is told once, however often its event comes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifier.domain.case import Case
from services.notifier.domain.message import Message, Told, written
from shared.events.case import CaseAccepted, CaseDecided
from shared.events.envelope import Event
from shared.events.notification import MessageKind
from shared.events.payload import Payload
from shared.events.submission import Receipt, SubmissionParked, SubmissionReceived, SubmissionRouted

_WHEREABOUTS: tuple[MessageKind, ...] = ("routed", "parked")


@dataclass(frozen=True, slots=True)
class Send:
    """The applicant is to be told this."""

    message: Message


@dataclass(frozen=True, slots=True)
class Nothing:
    """No message follows, and why."""

    why: Literal["repeated", "no-news", "not-for-the-applicant"]


@dataclass(frozen=True, slots=True)
class _News:
    kind: MessageKind
    receipt: Receipt
    occurred_at: datetime
    authority: str | None = None


def plan(event: Event[Payload], case: Case) -> Send | Nothing:
    """Decide whether the applicant hears of this event.

    News of one kind come from one topic and so in one order; a message's revision counts within its kind.
    Hence the same messages are planned in whatever order the topics are read.
    """
    news = _news(event)
    if news is None:
        return Nothing("not-for-the-applicant")
    if event.id in case.handled:
        return Nothing("repeated")
    if news.kind in _WHEREABOUTS and _whereabouts(case) == (news.kind, news.authority):
        return Nothing("no-news")  # a parked case was tried again and is parked still
    return Send(
        written(
            news.receipt,
            case_id=event.case_id,
            submission_id=event.submission_id,
            kind=news.kind,
            revision=1 + sum(told.kind == news.kind for told in case.told),
            occurred_at=news.occurred_at,
            authority=news.authority,
        )
    )


def _news(event: Event[Payload]) -> _News | None:
    match event.data:
        case SubmissionReceived(receipt=receipt):
            return _News("received", receipt, receipt.received_at)
        case SubmissionRouted(receipt=receipt, authority=authority):
            return _News("routed", receipt, event.time, authority)
        case SubmissionParked(receipt=receipt):
            return _News("parked", receipt, event.time)
        case CaseAccepted(receipt=receipt, authority=authority, accepted_at=at):
            return _News("accepted", receipt, at, authority)
        case CaseDecided(receipt=receipt, authority=authority, decided_at=at):
            return _News("decided", receipt, at, authority)
        case _:
            return None


def _whereabouts(case: Case) -> tuple[MessageKind, str | None] | None:
    last: Told | None = next((told for told in reversed(case.told) if told.kind in _WHEREABOUTS), None)
    return None if last is None else (last.kind, last.authority)
