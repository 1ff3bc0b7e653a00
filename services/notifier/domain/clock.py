"""Which instants matter for a case, from what is known of it: pure, so that a replay sets the same timers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal, Self
from uuid import UUID, uuid5

from services.notifier.domain.deadlines.calendar import Calendar
from services.notifier.domain.deadlines.compute import Deadline
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.period import Extension, Progress, deadline_of, effective, in_vain
from shared.events.case import (
    CaseAccepted,
    CaseDecided,
    CaseDeemedApproved,
    CaseFetched,
    InformationRequested,
    PeriodExtended,
)
from shared.events.clock import ExtensionIneffective, OverdueStep, PeriodEnded, PeriodEnding, StepOverdue
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import Receipt, SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import CaseSupplemented, CaseWithdrawn
from shared.local_time import CIVIL_TIME, calendar_day

TimerKind = Literal["forwarding", "fetching", "confirmation", "ending", "ended", "extension"]
CaseStage = Literal["unheard", "received", "parked", "routed", "accepted", "closed"]

_STAGES: Sequence[CaseStage] = ("unheard", "received", "parked", "routed", "accepted", "closed")
_FORWARDED_WITHIN = 1  # working days; § 71b Abs. 1 VwVfG says "unverzüglich"
_FETCHED_WITHIN = (3, 10, 13)  # days; FIT-Connect rejects on the fourteenth
_CONFIRMED_WITHIN = 7  # days after the deemed receipt; § 71b Abs. 3 VwVfG
_WARNINGS = (30, 14, 7, 2)  # days before the last safe dispatch; the last before its strictest reading, too
_MORNING = time(6)  # an alarm is of use when somebody comes to work


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClock:
    """What the clock knows of a case; ``since`` is the instant of the stage in which it stands."""

    case_id: UUID
    standing: CaseStage = "unheard"
    submission_id: UUID | None = None
    receipt: Receipt | None = None
    authority: str | None = None
    since: datetime | None = None
    progress: Progress = field(default_factory=Progress)

    def after(self, event: Event[Payload]) -> Self:
        """Return the clock once this event is known. Topics are read apart: the order of events changes nothing."""
        if self.is_erased:
            return self  # nothing brings it back
        match event.data:
            case SubmissionReceived(receipt=receipt):
                after = self._at("received", receipt, event)
            case SubmissionParked(receipt=receipt):
                after = self._at("parked", receipt, event)
            case SubmissionRouted(receipt=receipt, authority=authority):
                after = self._at("routed", receipt, event, authority=authority)
            case (
                CaseAccepted(receipt=receipt, authority=authority)
                | InformationRequested(receipt=receipt, authority=authority)
                | PeriodExtended(receipt=receipt, authority=authority)
            ):
                after = self._at("accepted", receipt, event, authority=authority)
            case CaseSupplemented(receipt=receipt) | CaseFetched(receipt=receipt):
                after = self._knowing(receipt, event)
            case (
                CaseDecided(receipt=receipt)
                | CaseDeemedApproved(receipt=receipt)
                | CaseWithdrawn(receipt=receipt)
            ):
                after = self._at("closed", receipt, event)
            case EraseOrdered():
                gone = replace(self, submission_id=None, receipt=None, authority=None, since=None)
                after = replace(gone, standing="closed", progress=Progress())
            case _:
                after = self
        return after

    @property
    def is_erased(self) -> bool:
        """Whether it was erased on an order, or removed with time: of a case that was decided the facts of receipt stay."""
        return self.standing == "closed" and self.receipt is None

    def _at(
        self, standing: CaseStage, receipt: Receipt, event: Event[Payload], *, authority: str | None = None
    ) -> Self:
        known = self._knowing(receipt, event)
        if self.since is not None and self._stays(standing, event.time, since=self.since):
            return known
        return replace(known, standing=standing, authority=authority, since=event.time)

    def _knowing(self, receipt: Receipt, event: Event[Payload]) -> Self:
        progress = self.progress.after(event)
        return replace(self, receipt=receipt, submission_id=event.submission_id, progress=progress)

    def _stays(self, standing: CaseStage, at: datetime, *, since: datetime) -> bool:
        """Whether this stage is over: closed is closed, and a receipt comes first, whatever another clock said.

        Of the stages between, the latest holds: a case that is handed on begins anew with the next authority.
        """
        for last in ("closed", "received"):
            if last in {self.standing, standing}:
                return _STAGES.index(standing) <= _STAGES.index(self.standing)
        return (at, _STAGES.index(standing)) <= (since, _STAGES.index(self.standing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """An instant that matters. ``subject`` is the day it speaks of, ``step`` tells timers of a kind apart.

    The id is derived from both: a period that is computed anew has new timers, a replay has the old ones.
    """

    case_id: UUID
    kind: TimerKind
    step: int
    subject: date
    due_at: datetime

    @property
    def id(self) -> UUID:
        """Derived; the event's id follows from it."""
        return uuid5(self.case_id, f"timer/{self.kind}/{self.step}/{self.subject}")


def timers(clock: CaseClock, law: Law) -> tuple[Timer, ...]:
    """Return every timer of the case as it stands, those whose instant has passed included."""
    receipt = clock.receipt
    if receipt is None or clock.standing == "closed":
        return ()
    deadline = deadline_of(receipt.service, receipt.received_at, law, clock.progress)
    found = _period(clock, receipt, deadline, law) if deadline is not None else []
    found += [_at_once(clock, made) for made, _ in _in_vain(clock, law)]
    received_on = calendar_day(receipt.received_at)
    if clock.authority is None:
        due = received_on
        for _ in range(_FORWARDED_WITHIN):
            due = law.calendar.next_working_day(due + timedelta(days=1))
        return (_timer(clock, "forwarding", 1, due + timedelta(days=1)), *found)
    if clock.standing == "routed":
        routed_on = calendar_day(clock.since) if clock.since else received_on
        found += _first_steps(clock, deadline, law.calendar, routed_on=routed_on)
    return tuple(found)


def _first_steps(
    clock: CaseClock, deadline: Deadline | None, calendar: Calendar, *, routed_on: date
) -> list[Timer]:
    """What the authority owes that has the case and has not spoken yet; the next one owes it anew."""
    steps = [
        _timer(clock, "fetching", step, routed_on + timedelta(days=days))
        for step, days in enumerate(_FETCHED_WITHIN, start=1)
        if not _is_fetched(clock)
    ]
    if deadline is None or deadline.profile.confirmation is None:
        return steps
    due = (
        max(deadline.deemed_received, routed_on) + timedelta(days=_CONFIRMED_WITHIN)
        if deadline.profile.kept_by == "announcement" or deadline.period_ends is None
        else max(deadline.period_ends, routed_on)
    )
    return [*steps, _timer(clock, "confirmation", 1, calendar.next_working_day(due) + timedelta(days=1))]


def _is_fetched(clock: CaseClock) -> bool:
    """Whether the authority has taken out of its inbox what was routed to it last."""
    fetched, since = clock.progress.fetched_since, clock.since
    return fetched is not None and since is not None and fetched >= since


def struck(timer: Timer, clock: CaseClock, law: Law, *, now: datetime | None = None) -> Payload | None:
    """Return what a timer says when its instant has come; None if the case has moved on meanwhile.

    Where it strikes later than that, fewer days are left ``now``.
    """
    receipt, authority = clock.receipt, clock.authority
    if receipt is None or timer not in timers(clock, law):
        return None
    if timer.kind == "extension":
        return _said_in_vain(timer, clock, law)
    if timer.kind not in {"ending", "ended"}:
        step: OverdueStep = timer.kind  # type: ignore[assignment] # the three others
        due_on = timer.subject - timedelta(days=1) if timer.kind != "fetching" else timer.subject
        return StepOverdue(
            receipt=receipt, step=step, authority=authority, due_on=due_on, reminder=timer.step
        )
    return _said_of_period(timer, clock, receipt, law, now=now)


def _said_of_period(
    timer: Timer, clock: CaseClock, receipt: Receipt, law: Law, *, now: datetime | None
) -> Payload | None:
    authority = clock.authority
    deadline = deadline_of(receipt.service, receipt.received_at, law, clock.progress)
    if deadline is None or deadline.period_ends is None or deadline.latest_end is None:
        return None
    last, careful = deadline.last_safe_dispatch, deadline.careful
    if timer.kind == "ending":
        if last is None or careful is None or authority is None:
            return None
        left = timer.step if now is None else min(timer.step, (last - calendar_day(now)).days)
        return PeriodEnding(
            receipt=receipt,
            authority=authority,
            days_left=max(left, 0),
            last_safe_dispatch=last,
            earliest_reading=careful,
            period_ends=deadline.period_ends,
        )
    return PeriodEnded(
        receipt=receipt,
        authority=authority,
        profile=deadline.profile.name,
        period_ended_on=deadline.period_ends,
        fiction_from=deadline.fiction_from,
        deemed=deadline.profile.deemed,
        certain=deadline.fiction_is_certain,
        grace_until=law.calendar.next_working_day(deadline.latest_end + timedelta(days=1)),
        extended=bool(deadline.inquiry.extended_by),
    )


def _in_vain(clock: CaseClock, law: Law) -> Sequence[tuple[Extension, ExtensionIneffective]]:
    if clock.receipt is None or clock.authority is None:
        return ()
    return in_vain(clock.receipt, clock.authority, law, clock.progress)


def _said_in_vain(timer: Timer, clock: CaseClock, law: Law) -> ExtensionIneffective | None:
    return next((told for made, told in _in_vain(clock, law) if _at_once(clock, made) == timer), None)


def _at_once(clock: CaseClock, made: Extension) -> Timer:
    """Due when it is made; by its second of the day it has an id of its own."""
    second = made.at.hour * 3600 + made.at.minute * 60 + made.at.second
    return _timer(clock, "extension", second, made.at.date(), due=made.at)


def pending(all_timers: Sequence[Timer], *, now: datetime) -> tuple[Timer, ...]:
    """Leave out warnings that a later one has overtaken: a case that comes late is warned about once."""
    overtaken = sorted(
        (timer for timer in all_timers if timer.kind in {"ending", "fetching"} and timer.due_at <= now),
        key=lambda timer: timer.due_at,
    )
    latest = {timer.kind: timer for timer in overtaken}
    return tuple(timer for timer in all_timers if timer not in overtaken or latest[timer.kind] is timer)


def _period(clock: CaseClock, receipt: Receipt, deadline: Deadline, law: Law) -> list[Timer]:
    """The period runs wherever the case lies (§ 71b Abs. 2 VwVfG); warned is who holds it."""
    last, ends = deadline.last_safe_dispatch, deadline.period_ends
    if last is None or ends is None:
        return []
    midnight = datetime.combine(ends + timedelta(days=1), time(0), CIVIL_TIME)
    made = effective(receipt.service, receipt.received_at, law, clock.progress)
    warned = _warnings(clock, deadline, last, law.calendar, made) if clock.authority is not None else []
    return [*warned, _timer(clock, "ended", 1, ends, due=midnight)]


def _warnings(
    clock: CaseClock, deadline: Deadline, last: date, calendar: Calendar, made: Extension | None
) -> list[Timer]:
    """One more where the law may be read more strictly, unless another comes on that day and says so.

    An extension is followed by one at once, which withdraws what was said of the old end.
    """
    strict, found = (last - (deadline.careful or last)).days + _WARNINGS[-1], dict[datetime, Timer]()
    for days in (*_WARNINGS, strict):
        if (subject := last - timedelta(days=days)) > deadline.deemed_received:
            timer = _timer(clock, "ending", days, subject, on=calendar.last_working_day)
            if made is None or timer.due_at.date() > made.on:
                found.setdefault(timer.due_at, timer)
    if made is not None and made.on > deadline.deemed_received:
        found[made.at] = _timer(clock, "ending", (last - made.on).days, made.on, due=made.at)
    return [found[due] for due in sorted(found)]


def _timer(
    clock: CaseClock,
    kind: TimerKind,
    step: int,
    subject: date,
    *,
    on: Callable[[date], date] | None = None,
    due: datetime | None = None,
) -> Timer:
    day = on(subject) if on is not None else subject
    due_at = due if due is not None else datetime.combine(day, _MORNING, CIVIL_TIME)
    return Timer(case_id=clock.case_id, kind=kind, step=step, subject=subject, due_at=due_at)
