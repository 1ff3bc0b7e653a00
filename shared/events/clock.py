"""What the calendar means for a case: a step is overdue, a period ends or has ended, an extension has moved nothing.

The notifier says only what the calendar says. Whether silence was an approval, the router decides.
"""

from datetime import date
from typing import Literal

from shared.events.payload import AuthorityId, Instant, Payload
from shared.events.submission import Receipt

OverdueStep = Literal["forwarding", "fetching", "confirmation"]
"""Passing a submission on, taking it from the inbox, confirming its receipt (§ 71b VwVfG)."""

DeemedKind = Literal["approval", "entry", "none"]
"""What silence at the end of the period counts as: an approval, an entry in a register, nothing."""


class StepOverdue(Payload):
    """A step has not been taken by its day; ``reminder`` counts from 1 where it is said more than once."""

    receipt: Receipt
    step: OverdueStep
    authority: AuthorityId | None = None
    due_on: date
    reminder: int = 1


class PeriodEnding(Payload):
    """So many days are left until a decision must be sent. ``earliest_reading`` is the strictest last day."""

    receipt: Receipt
    authority: AuthorityId
    days_left: int
    last_safe_dispatch: date
    earliest_reading: date
    period_ends: date


class PeriodEnded(Payload):
    """A statutory period has ended; nothing is said about what was decided meanwhile.

    ``certain``: the law's fiction covers every case of this service; where it is false, a person must say
    whether it covers this one. ``graceUntil`` is the next working day: until its end nobody concludes anything.
    Without ``authority`` the case lies with none: the period runs all the same (§ 71b Abs. 2 VwVfG).
    """

    receipt: Receipt
    authority: AuthorityId | None = None
    profile: str
    period_ended_on: date
    fiction_from: date | None = None
    deemed: DeemedKind = "none"
    certain: bool = False
    grace_until: date | None = None


ExtensionFault = Literal["nothing-runs", "not-allowed", "too-long", "too-late"]
"""Documents are missing, so that there is no end to move; the law of the service allows none, or none so long; it had ended."""


class ExtensionIneffective(Payload):
    """An extension has moved nothing: the period is as it was, and may still be extended once.

    Without ``periodEnds`` no end is known, since documents are missing or the law sets none.
    """

    receipt: Receipt
    authority: AuthorityId
    months: int
    reason: ExtensionFault
    period_ends: date | None = None
    extended_at: Instant


TIME_PASSED: tuple[type[Payload], ...] = (StepOverdue, PeriodEnding, PeriodEnded, ExtensionIneffective)
"""What the clock says of a case."""
