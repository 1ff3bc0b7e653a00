"""What the passing of time means for a case: a step is overdue, a period is about to end, a period has ended.

The notifier says only what the calendar says. Whether silence was an approval, the router decides.
"""

from datetime import date
from typing import Literal

from shared.events.payload import AuthorityId, Payload
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


TIME_PASSED: tuple[type[Payload], ...] = (StepOverdue, PeriodEnding, PeriodEnded)
"""What the clock says of a case."""
