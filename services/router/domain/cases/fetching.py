"""An authority has fetched a case: it has confirmed the record in its inbox and has not answered yet."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router.domain.cases.answering import SOURCE
from services.router.domain.cases.custody import CustodyChange, Holding, applying, telling
from services.router.domain.cases.inbox import InboxRecord
from services.router.domain.cases.transitions import may
from shared.events.case import CaseFetched, DeliveryFetched
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, event_type
from shared.events.ids import fetched_id
from shared.events.submission import SubmissionDelivered
from shared.events.trace_context import TRACEPARENT, trace_context

_DELIVERED: Final = event_type(SubmissionDelivered).encode()
_IDS: Final = ("ce_caseid", "ce_submissionid", "ce_id")


def fetched(
    custody: CaseHeld | None, cause: Event[DeliveryFetched], *, now: datetime
) -> CustodyChange | None:
    """The case after its authority has fetched it; None if that changes nothing.

    It changes nothing if the record is not the case's latest delivery or the authority has already answered.
    """
    told = cause.data
    if custody is None or (custody.authority, custody.delivery) != (told.authority, told.delivery_id):
        return None
    if not may("fetched", custody.standing):
        return None
    data = CaseFetched(
        receipt=custody.receipt,
        authority=told.authority,
        routed_at=custody.since,
        fetched_at=told.fetched_at,
    )
    after = applying(custody, cause.id, now=now, standing="fetched", since=now)
    return CustodyChange(custody=after, event=telling(after, cause, "fetched", data, now=now))


def fetches(
    records: Iterable[InboxRecord], *, held: Callable[[UUID], Holding | None], now: datetime
) -> Iterator[Event[DeliveryFetched]]:
    """The events for records that an authority has confirmed: one for each that brought a case and is still ``routed``."""
    for record in records:
        if record.fault is not None or record.header("ce_type") != _DELIVERED:
            continue
        case, submission, delivery = (UUID(record.header(name).decode()) for name in _IDS)
        custody = held(case)
        if custody is None or (custody.authority, custody.standing) != (record.authority, "routed"):
            continue
        yield Event(
            id=fetched_id(delivery),
            source=SOURCE,
            time=now,
            case_id=case,
            submission_id=submission,
            data=DeliveryFetched(authority=record.authority, delivery_id=delivery, fetched_at=now),
            traceparent=trace_context(record.header(TRACEPARENT)),
        )
