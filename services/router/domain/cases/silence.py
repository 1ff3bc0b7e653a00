"""Whether silence at the end of a period is an approval: only where it is certain that the authority was silent."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from services.router.domain.cases.transitions import CLOSED, UNANSWERED, may
from shared.events.case import CaseDeemedApproved, SilenceDoubt, SilenceDoubted
from shared.events.clock import PeriodEnded, PeriodEnding
from shared.events.custody import CaseHeld, PeriodOver
from shared.local_time import CIVIL_TIME

_DECIDES_WITHIN = 14  # days before the end; after an earlier suspension the authority had time to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersRead:
    """What the router has read: every answer that a door accepted until ``answers_read_to`` (None: not known yet).

    ``unread``: an answer about the case is in a dead letter. ``suspended``: the authority was suspended in its
    `last_days`, according to the orders given until ``suspensions_read_to``.
    """

    answers_read_to: datetime | None
    unread: bool
    suspended: bool
    suspensions_read_to: datetime | None


def period_over(ended: PeriodEnded) -> PeriodOver | None:
    """The part of the event that custody keeps; None where silence has no legal effect."""
    if ended.deemed == "none" or ended.fiction_from is None:
        return None
    return PeriodOver(
        authority=ended.authority,
        profile=ended.profile,
        ended_on=ended.period_ended_on,
        fiction_from=ended.fiction_from,
        deemed=ended.deemed,
        certain=ended.certain,
        grace_until=ended.grace_until or ended.period_ended_on + timedelta(days=1),
        extended=ended.extended,
    )


def runs_on(over: PeriodOver | None, ending: PeriodEnding) -> bool:
    """Whether the period that was said to be over ends later: by an extension read late, by a holiday added late."""
    return over is not None and ending.period_ends > over.ended_on


def silence(
    custody: CaseHeld, heard: AnswersRead, *, now: datetime
) -> CaseDeemedApproved | SilenceDoubted | Literal["wait"] | None:
    """What follows from silence about the case; None if nothing does: no period ended, it is closed, or a person decides.

    An answer counts from its acceptance at the door. Therefore nothing is concluded ("wait") before all answers and
    all orders of suspension from before the end of the grace have been read: no decision on its way is overtaken.
    Nor while an extension is held that the clock did not know of when it struck: it says next that this one had no
    effect, or a later end.
    """
    period = custody.period
    if period is None or period.doubt is not None:
        return None
    if custody.standing in CLOSED:
        return None
    if custody.extended and period.extended is False and custody.authority is not None:
        return "wait"
    over = _midnight_after(period.grace_until)
    read_to = (heard.answers_read_to, heard.suspensions_read_to)
    if now < over or heard.answers_read_to is None or any(at is None or at < over for at in read_to):
        return "wait"
    doubt = _doubt(custody, period, heard)
    if doubt is not None or period.authority is None:
        return SilenceDoubted(
            receipt=custody.receipt,
            authority=custody.authority,
            period_ended_on=period.ended_on,
            reason=doubt or "parked",
        )
    return CaseDeemedApproved(
        receipt=custody.receipt,
        authority=period.authority,
        deemed=period.deemed,
        profile=period.profile,
        period_ended_on=period.ended_on,
        fiction_from=period.fiction_from,
        answers_read_to=heard.answers_read_to,
    )


def _doubt(custody: CaseHeld, period: PeriodOver, heard: AnswersRead) -> SilenceDoubt | None:
    if heard.unread:
        return "unread-answer"
    if custody.authority is None or period.authority is None:
        return "parked"
    if custody.handed_on_by or custody.authority != period.authority:
        return "forwarded"
    if heard.suspended:
        return "suspended"
    if not may("silence", custody.standing):
        return "unconfirmed" if custody.standing in UNANSWERED else "incomplete"
    return None if period.certain else "not-every-case-covered"


def last_days(period: PeriodOver) -> tuple[datetime, datetime]:
    """The days in which a late authority would still decide; if suspended then, it may have been unable to answer."""
    begin = datetime.combine(period.ended_on - timedelta(days=_DECIDES_WITHIN), time(0), CIVIL_TIME)
    return begin, _midnight_after(period.grace_until)


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), CIVIL_TIME)
