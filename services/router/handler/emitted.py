"""The records that the router emits: decisions, with ids derived from their cause."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.router.domain.cases import custody as custodies
from services.router.domain.cases.custody import CustodyChange
from services.router.ports import Cases
from shared.events.case import CaseAnswered, CaseMessage
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, P, encode, id_bytes
from shared.events.erasure import CaseErased, EraseOrdered, RemainingCopy
from shared.events.ids import child_id
from shared.events.payload import Payload
from shared.events.retention import gone_after
from shared.events.submission import (
    SubmissionDelivered,
    SubmissionHeld,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_CUSTODY,
    CASE_ERASED,
    CASE_MESSAGE,
    CASE_UPDATED,
    SUBMISSION_HELD,
    SUBMISSION_ROUTED,
)


def erasure_report(event: Event[EraseOrdered], gone: Sequence[str], *, now: datetime) -> Message:
    """The router's report, with what lies on topics until it expires."""
    remaining = [
        RemainingCopy(what=topic.name, until=now + after)
        for topic in (SUBMISSION_HELD, CASE_CUSTODY, AUTHORITY_INBOX, CASE_ANSWERED, CASE_MESSAGE)
        if (after := gone_after(topic)) is not None
    ]
    told = CaseErased(holder="router", order_id=event.id, gone=tuple(gone), remaining=tuple(remaining))
    report = follows(event, "erased-router", told, now=now)
    return encode(report, CASE_ERASED.name)


def sealed_parts(answered: Event[CaseAnswered], custody: CaseHeld, *, now: datetime) -> tuple[Message, ...]:
    """What the authority has sealed, on its way to the client; nothing where it has sealed nothing."""
    given = answered.data
    stated = given.answer
    if stated.content is None and stated.notice is None:
        return ()
    told = CaseMessage(
        receipt=custody.receipt,
        authority=given.authority,
        kind=stated.kind,
        answer_id=answered.id,
        outcome=stated.outcome,
        content=stated.content,
        notice=stated.notice,
        given_at=stated.given_at,
    )
    event = replace(follows(answered, "message", told, now=now), submission_id=custody.submission_id)
    return (encode(event, CASE_MESSAGE.name, key=id_bytes(event.id)),)


def follows(cause: Event[Payload], kind: str, data: P, *, now: datetime) -> Event[P]:
    return Event(
        id=child_id(cause.id, kind),
        source=custodies.SOURCE,
        time=now,
        case_id=cause.case_id,
        submission_id=cause.submission_id,
        data=data,
        traceparent=cause.traceparent,
    )


def held_from(event: Event[SubmissionReceived]) -> SubmissionHeld:
    return SubmissionHeld(
        receipt=event.data.receipt,
        place=event.data.place,
        choice=event.data.choice,
        attributes=event.data.attributes,
        submission_id=event.submission_id,
        content=event.data.content,
        contact=event.data.contact,
        answer_keys=event.data.answer_keys,
    )


def emit(
    step: CustodyChange, cases: Cases, delivered: SubmissionDelivered | None = None
) -> tuple[Message, ...]:
    told = step.event
    if step.custody is not None:
        cases.keep(told.case_id, step.custody)
    before = tuple(encode(event, CASE_UPDATED.name) for event in step.before)
    placed = isinstance(told.data, SubmissionRouted | SubmissionParked)
    message = encode(told, SUBMISSION_ROUTED.name if placed else CASE_UPDATED.name)
    if delivered is None:
        return (*before, message)
    inbox = AUTHORITY_INBOX.for_authority(delivered.authority)
    return (*before, encode(replace(told, id=child_id(told.id, "delivered"), data=delivered), inbox), message)


def shelve(received: Event[Payload], held: SubmissionHeld) -> Message:
    kept = replace(received, id=child_id(received.id, "held"), source=custodies.SOURCE, data=held)
    return encode(kept, SUBMISSION_HELD.name, key=id_bytes(held.submission_id))


def tombstone(submission: UUID) -> Message:
    """The tombstone for what is held of a case that is over."""
    return Message(SUBMISSION_HELD.name, id_bytes(submission), None)
