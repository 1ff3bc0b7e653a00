"""When a decision counts as announced, and until when it must be sent for that: by channel, as the law stands on that day."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.notifier.domain.deadlines.calendar import LAST_YEAR, after_months
from services.notifier.domain.deadlines.inquiry import CHANNELS, BadDeadlineInquiry, Dispatch
from services.notifier.domain.deadlines.law import Announcement, DispatchChannel, KeptBy, Law, RemedyKind

_LONGEST: Final = 100
"""Days. No rule takes longer from the sending to the announcement, a letter after a portal in vain included."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What follows from a dispatch. Without ``on`` the decision is not announced: nobody has retrieved it in time.

    ``in_time``: None where no period runs. ``remedy_until``: the last day for an objection or an action.
    """

    dispatch: Dispatch
    rule: Announcement
    on: date | None
    in_time: bool | None
    remedy_until: date | None


def announce(
    dispatch: Dispatch, law: Law, *, period_ends: date | None, kept_by: KeptBy, remedy: RemedyKind
) -> Announced:
    """Return what the dispatch of a decision means for a period.

    Raises:
        BadDeadlineInquiry: no rule is known for this channel on that day, or the month of a remedy ends too late.
    """
    rule = law.announcement(dispatch.by, on=dispatch.on)
    if rule is None:
        raise BadDeadlineInquiry("sentBy", "no rule of announcement is known for it on that day")
    on = announced(dispatch.on, dispatch.by, law, retrieved_on=dispatch.retrieved_on)
    in_time: bool | None = None
    if period_ends is not None:
        reached = dispatch.on if kept_by == "dispatch" else on
        in_time = reached is not None and reached <= period_ends
    if on is not None and on.year >= LAST_YEAR:
        raise BadDeadlineInquiry("sentAt", f"the period would end after {LAST_YEAR}")
    return Announced(
        dispatch=dispatch,
        rule=rule,
        on=on,
        in_time=in_time,
        remedy_until=None if on is None or remedy == "none" else remedy_until(on, law),
    )


def announced(
    sent_on: date, channel: DispatchChannel, law: Law, *, retrieved_on: date | None = None
) -> date | None:
    """Return the day on which something sent on this day counts as announced; it is not moved to a working day.

    § 41 Abs. 2, 2a, § 71b Abs. 6 VwVfG, § 9 Abs. 1 OZG, in the version of that day; None where no rule is known, or
    where retrieval counts and has not come in time.
    """
    rule = law.announcement(channel, on=sent_on)
    if rule is None:
        return None
    if rule.retrieved_within is None:
        return _later(sent_on, rule)
    if retrieved_on is None or retrieved_on > sent_on + timedelta(days=rule.retrieved_within):
        return None
    return _later(retrieved_on, rule)


def remedy_until(announced_on: date, law: Law) -> date:
    """Return the last day for an objection or an action: one month (§ 70, § 74 VwGO), moved to a working day."""
    return law.calendar.next_working_day(after_months(announced_on, 1))


def last_dispatches(period_ends: date, law: Law) -> dict[DispatchChannel, date]:
    """Return for every channel the last day on which something sent counts as announced within the period.

    For a portal it is the last day of provision: what lies there unretrieved for as long as it may can go by letter the
    day after, and is in time still.
    """
    last: dict[DispatchChannel, date] = {}
    for channel in CHANNELS:
        days = (period_ends - timedelta(days=number) for number in range(_LONGEST))
        day = next((day for day in days if _is_safe(day, channel, period_ends, law)), None)
        if day is not None:
            last[channel] = day
    return last


def _is_safe(sent_on: date, channel: DispatchChannel, period_ends: date, law: Law) -> bool:
    rule = law.announcement(channel, on=sent_on)
    if rule is None:
        return False
    if rule.retrieved_within is not None:
        given_up_on = sent_on + timedelta(days=rule.retrieved_within) + _ONE_DAY
        return _is_safe(given_up_on, "letter", period_ends, law)
    return _later(sent_on, rule) <= period_ends


def _later(day: date, rule: Announcement) -> date:
    return day + timedelta(days=rule.length) if rule.unit == "days" else after_months(day, rule.length)
