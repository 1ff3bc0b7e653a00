"""What the calendar means for a case: a step is overdue, a period ends or has ended, an extension had no effect.

The notifier reports only what the calendar says. The router decides whether silence was an approval.
"""

from datetime import date
from typing import Literal

from shared.events.payload import AuthorityId, Instant, Payload
from shared.events.submission import Receipt

OverdueStep = Literal["forwarding", "fetching", "confirmation"]
"""The clearing desk forwards a submission, the authority fetches it, the authority confirms receipt (§ 71b VwVfG)."""

DeemedKind = Literal["approval", "entry", "none"]
"""What silence at the end of the period counts as: an approval, an entry in a register, nothing."""


class StepOverdue(Payload):
    """A step was not taken by its day; ``reminder`` counts the events about this step, from 1."""

    receipt: Receipt
    step: OverdueStep
    authority: AuthorityId | None = None
    due_on: date
    reminder: int = 1


class PeriodEnding(Payload):
    """``daysLeft`` days are left until a decision must be sent. ``earliestReading`` is the strictest last day.

    Where ``periodEnds`` is later than an end that was said, it takes that back: the period runs on.
    """

    receipt: Receipt
    authority: AuthorityId
    days_left: int
    last_safe_dispatch: date
    earliest_reading: date
    period_ends: date


class PeriodEnded(Payload):
    """A statutory period has ended; this says nothing about what was decided meanwhile.

    ``certain``: the statutory fiction covers every case of this service; where it is false, a person must say
    whether it covers this one. ``graceUntil`` is the next working day after the end by its latest reading: until the
    end of that day nobody concludes anything. Without ``authority`` no authority holds the case; the period runs
    nevertheless (§ 71b Abs. 2 VwVfG).
    ``extended``: whether the end is that of an extension; absent where this is not known.
    """

    receipt: Receipt
    authority: AuthorityId | None = None
    profile: str
    period_ended_on: date
    fiction_from: date | None = None
    deemed: DeemedKind = "none"
    certain: bool = False
    grace_until: date | None = None
    extended: bool | None = None


ExtensionFault = Literal["nothing-runs", "not-allowed", "too-long", "too-late"]
"""No period runs because documents are missing; the law of the service allows no extension; the extension is longer than
the law allows; the period had ended."""


class ExtensionIneffective(Payload):
    """An extension had no effect: the period is unchanged and may still be extended once.

    Without ``periodEnds`` no end is known, because documents are missing or the law sets none.
    """

    receipt: Receipt
    authority: AuthorityId
    months: int
    reason: ExtensionFault
    period_ends: date | None = None
    extended_at: Instant


TIME_PASSED: tuple[type[Payload], ...] = (StepOverdue, PeriodEnding, PeriodEnded, ExtensionIneffective)
"""Everything that the clock reports about a case."""
