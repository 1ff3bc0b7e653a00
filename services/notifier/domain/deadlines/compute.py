"""The deadline engine: pure arithmetic on days, each step named by the paragraph that asks for it.

Two questions are open in law, and the careful answer is computed beside the likely one: whether § 31 Abs. 3
VwVfG lengthens the authority's own period, and whether forwarding at once shortens the three days of
§ 71b Abs. 2 VwVfG. ``careful`` holds the earliest day of all readings: an authority is warned before it, too (ADR 0016).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.notifier.domain.deadlines.announcement import Announced, announce
from services.notifier.domain.deadlines.calendar import LAST_YEAR, after_months, last_day_of_month
from services.notifier.domain.deadlines.inquiry import BadDeadlineInquiry, DeadlineInquiry
from services.notifier.domain.deadlines.law import Law, LegalProfile, ServiceProfile

_SINGLE_CONTACT_DAYS = timedelta(days=3)  # § 71b Abs. 2 VwVfG; the postal reform of 2025 left it alone
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A period. Without an end where the law sets none, or where documents are still missing.

    ``started_by`` is the day whose event starts the period; it is not counted itself. ``raw_end`` is the end
    before it is moved to a working day, of the extension too if there is one. What is sent to somebody in Germany on
    ``last_safe_dispatch`` counts as announced within the period by every rule that may apply. ``announced``: what
    follows from the dispatch that was asked about. ``latest_end`` is the latest end of all readings: before it is
    over nobody is told of a fiction.
    """

    inquiry: DeadlineInquiry
    profile: LegalProfile
    service: ServiceProfile | None
    deemed_received: date
    started_by: date | None
    raw_end: date | None = None
    period_ends: date | None = None
    latest_end: date | None = None
    raw_end_before_extension: date | None = None
    ended_before_extension: date | None = None
    fiction_from: date | None = None
    last_safe_dispatch: date | None = None
    careful: date | None = None
    announced: Announced | None = None

    @property
    def fiction_is_certain(self) -> bool:
        """Whether silence alone shows that the fiction occurs: the law covers every case of the service."""
        return self.fiction_from is not None and not (self.service and self.service.only_for)


def compute(inquiry: DeadlineInquiry, law: Law) -> Deadline:
    """Return the deadline of a receipt.

    Raises:
        BadDeadlineInquiry: there is no such service or profile on that day, it allows no such extension, or
            the end lies beyond the years that can be computed.
    """
    deadline = _period(inquiry, law)
    dispatch, service = inquiry.dispatch, deadline.service
    if dispatch is None:
        return deadline
    remedy = service.remedy if service is not None and service.remedy is not None else deadline.profile.remedy
    told = announce(
        dispatch, law, period_ends=deadline.period_ends, kept_by=deadline.profile.kept_by, remedy=remedy
    )
    return replace(deadline, announced=told)


def _period(inquiry: DeadlineInquiry, law: Law) -> Deadline:
    service, profile = _profile(inquiry, law)
    received = _received(inquiry, profile)
    deemed = received + _SINGLE_CONTACT_DAYS if inquiry.via == "single-contact" else received
    started_by = deemed if inquiry.complete or profile.starts == "receipt" else None
    if started_by is None or profile.length is None:
        if inquiry.extended_by:
            raise BadDeadlineInquiry("extendedByMonths", "nothing runs that could be extended")
        return Deadline(
            inquiry=inquiry, profile=profile, service=service, deemed_received=deemed, started_by=started_by
        )
    try:
        first = _first_end(started_by, profile)
        raw, ends, before = _end(first, inquiry.extended_by, law)
        latest = ends if before is None else _latest_end(before, raw, law)
        careful = after_months(_first_end(received, profile), inquiry.extended_by)
    except OverflowError:
        raise BadDeadlineInquiry("receivedAt", f"the period would end after {LAST_YEAR}") from None
    days = timedelta(days=law.slowest_announcement) if profile.kept_by == "announcement" else timedelta()
    return Deadline(
        inquiry=inquiry,
        profile=profile,
        service=service,
        deemed_received=deemed,
        started_by=started_by,
        raw_end=raw,
        period_ends=ends,
        latest_end=latest,
        raw_end_before_extension=None if before is None else first,
        ended_before_extension=before,
        fiction_from=ends + _ONE_DAY if profile.deemed != "none" else None,
        last_safe_dispatch=ends - days,
        careful=careful - days,
    )


def _profile(inquiry: DeadlineInquiry, law: Law) -> tuple[ServiceProfile | None, LegalProfile]:
    service, name = None, inquiry.profile
    if inquiry.service is not None:
        service = law.service(inquiry.service, on=inquiry.received_on)
        if service is None:
            raise BadDeadlineInquiry("service", "no legal profile is known for it on that day")
        name = service.profile
    profile = law.profile(name or "", on=inquiry.received_on)
    if profile is None:
        raise BadDeadlineInquiry(
            "profile", f"expected one of {', '.join(law.profiles)}, in force on that day"
        )
    if inquiry.extended_by:
        _allow(inquiry.extended_by, profile)
    return service, profile


def _allow(months: int, profile: LegalProfile) -> None:
    if profile.extension == "none":
        raise BadDeadlineInquiry("extendedByMonths", f"profile {profile.name} allows no extension")
    if profile.longest_extension is not None and months > profile.longest_extension:
        raise BadDeadlineInquiry(
            "extendedByMonths", f"profile {profile.name} allows {profile.longest_extension} months at most"
        )


def _received(inquiry: DeadlineInquiry, profile: LegalProfile) -> date:
    """The day of what starts the period; supplements start nothing where the receipt alone does."""
    completed_on = inquiry.completed_on if profile.starts == "complete-documents" else None
    return completed_on or inquiry.received_on


def _first_end(start: date, profile: LegalProfile) -> date:
    """The end before it is moved; the day of the event is not counted (§ 187 Abs. 1, § 188 BGB)."""
    length = profile.length or 0
    return start + timedelta(days=length) if profile.unit == "days" else after_months(start, length)


def _end(raw: date, extended_by: int, law: Law) -> tuple[date, date, date | None]:
    """Raw end, end on a working day, and the end before the extension if there is one."""
    ends = _working_day(raw, law)
    if not extended_by:
        return raw, ends, None
    extended = after_months(ends, extended_by)  # § 190 BGB: from the end of the old period
    return extended, _working_day(extended, law), ends


def _latest_end(before: date, extended: date, law: Law) -> date:
    """The end if the new period is read as beginning on the day after the old one (§ 190, § 187 Abs. 2, § 188 Abs. 2 BGB).

    Then months that begin on the first of one end on the last of another: after 30 April, on 31 May.
    """
    if before != last_day_of_month(before):
        return _working_day(extended, law)
    return _working_day(last_day_of_month(extended), law)


def _working_day(day: date, law: Law) -> date:
    if day.year > LAST_YEAR:
        raise OverflowError("holidays are not known so far ahead")
    return law.calendar.next_working_day(day)
