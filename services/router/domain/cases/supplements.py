"""What the platform hands in later: a supplement goes to the holder of the case, a withdrawal closes the case."""

from datetime import datetime
from typing import Final

from services.router.domain.cases.answer_keys import more_names
from services.router.domain.cases.custody import CustodyChange, applying, refusing, telling
from services.router.domain.cases.transitions import Act, may
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefusal,
    SubmissionRefused,
    SupplementReceived,
    WithdrawalReceived,
)

MOST_SUPPLEMENTS: Final = 50
"""Most supplements of a case; each of them is delivered again when the case moves."""


def supplement(custody: CaseHeld | None, cause: Event[SupplementReceived], *, now: datetime) -> CustodyChange:
    """Add a supplement to the case, which no longer waits for information, or refuse it. The caller has checked `is_new`."""
    reason = _refusal(custody, "supplemented")
    if custody is None or reason is not None:
        return _refuse(custody, cause, reason or "unknown-case", now=now)
    requested = custody.standing == "information-requested"
    changed: dict[str, object] = {"standing": "supplemented", "since": now} if requested else {}
    delivered = (*custody.delivered, now) if custody.authority is not None else ()
    supplements = (*custody.supplements, cause.submission_id)
    changed["answer_keys"] = more_names(custody.answer_keys, cause.data.answer_keys)
    after = applying(custody, cause.id, now=now, supplements=supplements, delivered=delivered, **changed)
    fact = CaseSupplemented(
        receipt=custody.receipt,
        authority=custody.authority,
        supplement=cause.data.receipt,
        requested=requested,
        supplemented_at=cause.data.receipt.received_at,
    )
    return CustodyChange(custody=after, event=telling(after, cause, "supplemented", fact, now=now))


def withdraw(custody: CaseHeld | None, cause: Event[WithdrawalReceived], *, now: datetime) -> CustodyChange:
    """Close the case, or refuse the withdrawal because it is too late. The caller has checked `is_new`."""
    reason = _refusal(custody, "withdrawn")
    if custody is None or reason is not None:
        return _refuse(custody, cause, reason or "unknown-case", now=now)
    after = applying(custody, cause.id, now=now, standing="withdrawn", since=now)
    fact = CaseWithdrawn(
        receipt=custody.receipt,
        authority=custody.authority,
        withdrawn_at=cause.data.receipt.received_at,
    )
    return CustodyChange(custody=after, event=telling(after, cause, "withdrawn", fact, now=now))


def _refusal(custody: CaseHeld | None, act: Act) -> SubmissionRefusal | None:
    if custody is None:
        return "unknown-case"
    if not may(act, custody.standing):
        return "already-closed"
    full = act == "supplemented" and len(custody.supplements) >= MOST_SUPPLEMENTS
    return "too-many" if full else None


def _refuse(
    custody: CaseHeld | None, cause: Event[Payload], reason: SubmissionRefusal, *, now: datetime
) -> CustodyChange:
    fact = SubmissionRefused(submission_id=cause.submission_id, reason=reason)
    return refusing(custody, cause, "submission-refused", fact, now=now)
