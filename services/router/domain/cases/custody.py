"""Who holds a case and how an event changes that: (custody, event) → the custody after it and the event to publish.

An event that was applied before has no effect (promise 2): see `is_new`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.router.domain.cases.answer_effects import effect_of
from services.router.domain.cases.answer_keys import names_of
from services.router.domain.cases.placed_again import REMEMBERED, PlacedAgain
from services.router.domain.cases.transitions import CLOSED, answer_refusal_in
from shared.events.case import (
    AnswerKind,
    AnswerRefused,
    CaseAnswered,
    CaseForwarded,
    CaseReturned,
    OrderRefusalReason,
    OrderRefused,
    RefusalReason,
)
from shared.events.competence import CompetenceDecision
from shared.events.custody import CaseHeld, CustodyState
from shared.events.envelope import Event
from shared.events.ids import child_id, delivery_id
from shared.events.payload import Payload
from shared.events.sealed_answer import AnswerKeyNames
from shared.events.submission import (
    Assignment,
    Receipt,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)

SOURCE = "urn:amtsweg:router"

KEPT_AFTER_CLOSE = timedelta(days=32)
"""Inputs with sealed data expire after 30 days, and a log segment may outlive that by its one day."""

TAKEN_WITHIN = KEPT_AFTER_CLOSE - timedelta(days=1)
"""An older input about an unknown case was applied to a case that is forgotten; the day allows for clock differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """The case goes to this authority; with ``assignment`` a person decided that."""

    authority: str
    decision: CompetenceDecision | None
    assignment: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A person has to decide; ``reason`` is the decision's or one of ``RouterReason``."""

    reason: str
    decision: CompetenceDecision | None = None


Placement = Routed | Parked
HANDING_ON: frozenset[AnswerKind] = frozenset({"returned", "forwarded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The part of a custody that decides about an answer; the doors keep only this of each case.

    ``again`` tells which answers are of the time before it came to its authority; None where nothing was before.
    ``answer_keys`` are the keys that its records have named; None where these are not known.
    """

    submission_id: UUID
    standing: CustodyState
    authority: str
    again: PlacedAgain | None = None
    answer_keys: AnswerKeyNames | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyChange:
    """The custody after an event (None: the case is unknown, nothing is kept) and the event to publish.

    ``before`` are events to publish before it.
    """

    custody: CaseHeld | None
    event: Event[Payload]
    before: tuple[Event[Payload], ...] = ()


def is_new(custody: CaseHeld | None, cause: Event[Payload]) -> bool:
    """Return False if the event has been applied, or would open a case that is known."""
    opens = isinstance(cause.data, SubmissionReceived)
    return custody is None or not (opens or cause.id in custody.applied)


def receive(cause: Event[SubmissionReceived], placement: Placement, *, now: datetime) -> CustodyChange:
    """Open the case: route it or park it. The caller has checked `is_new`."""
    opening = CaseHeld(
        submission_id=cause.submission_id,
        receipt=cause.data.receipt,
        standing="parked",
        since=now,
        answer_keys=names_of(cause.data.answer_keys),
    )
    return place(opening, cause, placement, now=now)


def refuse_order(
    custody: CaseHeld | None, cause: Event[Payload], reason: OrderRefusalReason, *, now: datetime
) -> CustodyChange:
    """The order has no effect; publish why."""
    return refusing(custody, cause, "order-refused", OrderRefused(order_id=cause.id, reason=reason), now=now)


def answer(custody: CaseHeld | None, cause: Event[CaseAnswered], *, now: datetime) -> CustodyChange:
    """Apply an authority's answer that keeps the case with it, or refuse the answer.

    An unknown case and another authority's case get the same refusal (promise 5).
    """
    given = cause.data
    reason = answer_refusal(custody, authority=given.authority, kind=given.answer.kind)
    if custody is None or reason is not None:
        return refuse_answer(custody, cause, reason or "not-in-custody", now=now)
    if given.answer.months is not None and custody.extended:
        return refuse_answer(custody, cause, "already-extended", now=now)
    told, standing = effect_of(custody, given)
    changed = {"standing": standing, "extended": custody.extended or given.answer.months is not None}
    since = {} if standing == custody.standing else {"since": now}
    after = applying(custody, cause.id, now=now, **changed, **since)
    return CustodyChange(custody=after, event=telling(after, cause, given.answer.kind, told, now=now))


def refuse_answer(
    custody: CaseHeld | None, cause: Event[CaseAnswered], reason: RefusalReason, *, now: datetime
) -> CustodyChange:
    """The answer has no effect; publish why."""
    given = cause.data
    refused = AnswerRefused(
        authority=given.authority,
        answer_id=cause.id,
        own_id=given.own_id,
        kind=given.answer.kind,
        reason=reason,
    )
    return refusing(custody, cause, "answer-refused", refused, now=now)


def hand_on(
    custody: CaseHeld, cause: Event[CaseAnswered], placement: Placement, *, now: datetime
) -> CustodyChange:
    """The holder returns or forwards the case: it goes to the next authority or is parked.

    The caller has checked that `answer_refusal` is None.
    """
    given = cause.data
    told = _handed_on(custody.receipt, given)
    passed = tuple(dict.fromkeys((*custody.handed_on_by, given.authority)))
    placed = place(
        custody.model_copy(
            update={"handed_on_by": passed, "standing": "parked", "since": now, "authority": None}
        ),
        cause,
        placement,
        now=now,
    )
    return replace(placed, before=(telling(custody, cause, given.answer.kind, told, now=now),))


def goes_in_a_circle(custody: CaseHeld, authority: str) -> bool:
    """Whether this authority holds the case or has handed it on before."""
    return authority == custody.authority or authority in custody.handed_on_by


def is_closed(custody: CaseHeld) -> bool:
    return custody.standing in CLOSED


def is_expired(custody: CaseHeld, *, now: datetime) -> bool:
    """Whether the case is closed and its inputs have expired, so that its custody may be deleted."""
    return is_closed(custody) and now - (custody.applied_at or custody.since) > KEPT_AFTER_CLOSE


def is_forgotten(custody: CaseHeld | None, *, written_at: datetime, now: datetime) -> bool:
    """Whether an input of an unknown case is so old (by the broker's clock) that its case may have been deleted."""
    return custody is None and now - written_at > TAKEN_WITHIN


def answer_refusal(
    custody: CaseHeld | Holding | None, *, authority: str, kind: AnswerKind
) -> RefusalReason | None:
    """Why this authority's answer has no effect, or None. An unknown and another authority's case have one reason."""
    if custody is None or custody.authority != authority:
        return "not-in-custody"
    return answer_refusal_in(custody.standing, kind)


def _handed_on(receipt: Receipt, given: CaseAnswered) -> CaseReturned | CaseForwarded:
    stated, authority = given.answer, given.authority
    if stated.reason is None:
        raise AssertionError(f"{stated.kind}: an answer that hands a case on gives a reason")
    if stated.forward_to is None:
        return CaseReturned(
            receipt=receipt, authority=authority, reason=stated.reason, returned_at=stated.given_at
        )
    return CaseForwarded(
        receipt=receipt,
        authority=authority,
        forward_to=stated.forward_to,
        reason=stated.reason,
        forwarded_at=stated.given_at,
    )


def place(custody: CaseHeld, cause: Event[Payload], placement: Placement, *, now: datetime) -> CustodyChange:
    """Route the case, or park it with the current reason. The caller has checked that the cause may do so."""
    match placement:
        case Routed(authority=authority, decision=decision, assignment=assignment):
            after = applying(
                custody,
                cause.id,
                now=now,
                standing="routed",
                since=now,
                authority=authority,
                reason=None,
                decision=decision,
                delivery=delivery_id(cause.id),
                delivered=(now,),
                placed_by=None if isinstance(cause.data, SubmissionReceived) else cause.id,
            )
            told: Payload = SubmissionRouted(
                receipt=custody.receipt, authority=authority, decision=decision, assignment=assignment
            )
            return CustodyChange(custody=after, event=telling(after, cause, "routed", told, now=now))
        case Parked(reason=reason, decision=decision):
            # A case parked again stays parked since it was parked first: nobody has taken it meanwhile.
            after = applying(
                custody, cause.id, now=now, reason=reason, decision=decision, delivery=None, delivered=()
            )
            told = SubmissionParked(receipt=custody.receipt, reason=reason, decision=decision)
            return CustodyChange(custody=after, event=telling(after, cause, "parked", told, now=now))
        case _:
            assert_never(placement)


def refusing(
    custody: CaseHeld | None, cause: Event[Payload], kind: str, data: Payload, *, now: datetime
) -> CustodyChange:
    """The event has no effect except that its id is kept; publish ``data``."""
    after = None if custody is None else applying(custody, cause.id, now=now)
    return CustodyChange(custody=after, event=telling(after, cause, kind, data, now=now))


def parked_again(custody: CaseHeld, cause: Event[Payload], reason: str, *, now: datetime) -> CustodyChange:
    """Take the case from its holder and park it: a person has to decide."""
    taken = custody.model_copy(update={"standing": "parked", "since": now, "authority": None})
    return place(taken, cause, Parked(reason=reason, decision=custody.decision), now=now)


def applying(custody: CaseHeld, event_id: UUID, *, now: datetime, **changed: object) -> CaseHeld:
    """The custody with the event among those that have been acted on, and what it has changed."""
    applied = (*custody.applied, event_id)[-REMEMBERED:]
    return custody.model_copy(update={"applied": applied, "applied_at": now, **changed})


def telling(
    custody: CaseHeld | None, cause: Event[Payload], kind: str, data: Payload, *, now: datetime
) -> Event[Payload]:
    """The event with this payload that follows from the cause."""
    return Event(
        id=child_id(cause.id, kind),
        source=SOURCE,
        time=now,
        case_id=cause.case_id,
        # The cause's submission id counts only where no custody has the right one.
        submission_id=cause.submission_id if custody is None else custody.submission_id,
        data=data,
        traceparent=cause.traceparent,
    )
