"""A case's statutory period, from its receipt and from what has happened to it since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from services.notifier.domain.deadlines.compute import Deadline, compute
from services.notifier.domain.deadlines.inquiry import BadDeadlineInquiry, DeadlineInquiry
from services.notifier.domain.deadlines.law import Law
from shared.events.case import CaseFetched, InformationRequested, PeriodExtended
from shared.events.clock import ExtensionFault, ExtensionIneffective
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.submission import Receipt
from shared.events.supplement import CaseSupplemented
from shared.local_time import calendar_day

_MOST_EXTENSIONS = 16
"""Of one case, the first and the last; an authority that is told each time that it had no effect needs no more."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Extension:
    """An authority has made its period longer: ``at`` by the router's clock, ``on`` the day that counts in law."""

    at: datetime
    on: date
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What has happened since the receipt, as far as the period depends on it.

    ``asked_at``: the authority said last that documents are missing. ``supplied_at``: the applicant handed in last what
    was asked for. These are instants of the router's one clock, which say what came first. ``supplied_on`` is the day
    that counts in law. ``earlier_asks`` and ``earlier_supplies`` came before the last ones: an extension is read against
    what stood when it was made. Of the ``extensions`` the first counts that has an effect.
    """

    fetched_since: datetime | None = None
    """When the case was routed that an authority has fetched last: nobody reminds it of that."""
    asked_at: datetime | None = None
    supplied_at: datetime | None = None
    supplied_on: date | None = None
    extensions: frozenset[Extension] = frozenset()
    earlier_asks: frozenset[datetime] = frozenset()
    earlier_supplies: frozenset[datetime] = frozenset()

    def after(self, event: Event[Payload]) -> Self:
        """Return the progress once this event is known; the order in which events come changes nothing."""
        match event.data:
            case CaseFetched(routed_at=at):
                return replace(self, fetched_since=max(self.fetched_since or at, at))
            case InformationRequested():
                last, earlier = _noted(event.time, self.asked_at, self.earlier_asks)
                return replace(self, asked_at=last, earlier_asks=earlier)
            case CaseSupplemented(requested=True, supplemented_at=at):
                last, earlier = _noted(event.time, self.supplied_at, self.earlier_supplies)
                on = calendar_day(at) if last != self.supplied_at else self.supplied_on
                return replace(self, supplied_at=last, supplied_on=on, earlier_supplies=earlier)
            case PeriodExtended(months=months, extended_at=at):
                made = Extension(at=event.time, on=calendar_day(at), months=months)
                *known, newest = sorted(self.extensions | {made})
                return replace(self, extensions=frozenset((*known[: _MOST_EXTENSIONS - 1], newest)))
        return self

    @property
    def complete(self) -> bool:
        """Whether the authority waits for no document; what it has not asked for it does not wait for."""
        return self.asked_at is None or (self.supplied_at is not None and self.supplied_at >= self.asked_at)

    @property
    def completed_on(self) -> date | None:
        """The day on which the last of the missing documents arrived at the single contact (§ 71b Abs. 4 VwVfG)."""
        return self.supplied_on if self.complete else None

    def as_of(self, at: datetime) -> Self:
        """What was known then, without extensions. Of an earlier supplement the router's day stands for the day in law."""
        asks = {each for each in (*self.earlier_asks, self.asked_at) if each and each <= at}
        supplies = {each for each in (*self.earlier_supplies, self.supplied_at) if each and each <= at}
        asked, supplied = max(asks, default=None), max(supplies, default=None)
        on = self.supplied_on
        if supplied != self.supplied_at:
            on = None if supplied is None else calendar_day(supplied)
        return replace(
            self,
            asked_at=asked,
            supplied_at=supplied,
            supplied_on=on,
            extensions=frozenset(),
            earlier_asks=frozenset(asks - {asked}),
            earlier_supplies=frozenset(supplies - {supplied}),
        )

    def written(self) -> dict[str, str]:
        """As facts of a message; `read` turns them back."""
        one = {
            "suppliedOn": self.supplied_on,
            "askedAt": self.asked_at,
            "suppliedAt": self.supplied_at,
            "fetchedSince": self.fetched_since,
        }
        facts = {name: known.isoformat() for name, known in one.items() if known is not None}
        many = {"earlierAsks": self.earlier_asks, "earlierSupplies": self.earlier_supplies}
        facts |= {name: " ".join(each.isoformat() for each in sorted(at)) for name, at in many.items() if at}
        made = " ".join(
            f"{each.at.isoformat()}/{each.on.isoformat()}/{each.months}" for each in sorted(self.extensions)
        )
        return facts | ({"extensions": made} if made else {})

    @classmethod
    def read(cls, facts: Mapping[str, str]) -> Self:
        """From what `written` has written."""
        return cls(
            fetched_since=_instant(facts.get("fetchedSince")),
            asked_at=_instant(facts.get("askedAt")),
            supplied_at=_instant(facts.get("suppliedAt")),
            supplied_on=_day(facts.get("suppliedOn")),
            earlier_asks=_instants(facts.get("earlierAsks", "")),
            earlier_supplies=_instants(facts.get("earlierSupplies", "")),
            extensions=frozenset(map(_extension, facts.get("extensions", "").split())),
        )


def deadline_of(
    service: str, received_at: datetime, law: Law, progress: Progress | None = None
) -> Deadline | None:
    """Return the period of a receipt at the single contact; None where no profile is known for the service.

    An extension that the law does not allow, or that came after the end, leaves the period as it is.
    """
    since = progress or Progress()
    made = effective(service, received_at, law, since)
    longer = _deadline(service, received_at, law, since, extended_by=made.months) if made else None
    return longer or _deadline(service, received_at, law, since, extended_by=0)


def effective(service: str, received_at: datetime, law: Law, progress: Progress) -> Extension | None:
    """The extension that counts: the first that the law allows; None where there is none."""
    for made in sorted(progress.extensions):
        if ineffective(made, service, received_at, law, progress) is None:
            return made
    return None


def in_vain(
    receipt: Receipt, authority: str, law: Law, progress: Progress
) -> Sequence[tuple[Extension, ExtensionIneffective]]:
    """The extensions that have moved nothing, with what is said of each; none after one that has an effect."""
    if not progress.extensions:
        return ()
    before = deadline_of(receipt.service, receipt.received_at, law, replace(progress, extensions=frozenset()))
    if before is None:
        return ()
    found = []
    for made in sorted(progress.extensions):
        fault = ineffective(made, receipt.service, receipt.received_at, law, progress)
        if fault is None:
            break
        told = ExtensionIneffective(
            receipt=receipt,
            authority=authority,
            months=made.months,
            reason=fault,
            period_ends=before.period_ends,
            extended_at=made.at,
        )
        found.append((made, told))
    return found


def ineffective(
    made: Extension, service: str, received_at: datetime, law: Law, progress: Progress
) -> ExtensionFault | None:
    """Why the extension moves no end; None where it does.

    It is read against the period as it stood when it was made: one that came too late stays without effect, also when
    documents are asked for once more and the period begins anew (§ 42a Abs. 2 Satz 3, 4 VwVfG).
    """
    then = progress.as_of(made.at)
    stood = _deadline(service, received_at, law, then, extended_by=0)
    if stood is None:
        return "not-allowed"
    if stood.profile.starts != "receipt" and not then.complete:
        return "nothing-runs"
    if stood.profile.extension == "none" or stood.profile.length is None:
        return "not-allowed"
    longest = stood.profile.longest_extension
    if longest is not None and made.months > longest:
        return "too-long"
    return "too-late" if stood.period_ends is not None and stood.period_ends < made.on else None


def _deadline(
    service: str, received_at: datetime, law: Law, since: Progress, *, extended_by: int
) -> Deadline | None:
    inquiry = DeadlineInquiry(
        received_on=calendar_day(received_at),
        via="single-contact",
        service=service,
        complete=since.complete,
        completed_on=since.completed_on,
        extended_by=extended_by,
    )
    try:
        return compute(inquiry, law)
    except BadDeadlineInquiry:
        return None


def _noted(
    at: datetime, last: datetime | None, earlier: frozenset[datetime]
) -> tuple[datetime, frozenset[datetime]]:
    """The last of these instants, and those before it."""
    known = earlier | {at} if last is None else earlier | {at, last}
    latest = max(known)
    return latest, known - {latest}


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _instants(written: str) -> frozenset[datetime]:
    return frozenset(datetime.fromisoformat(each) for each in written.split())


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _extension(written: str) -> Extension:
    at, on, months = written.split("/")
    return Extension(at=datetime.fromisoformat(at), on=date.fromisoformat(on), months=int(months))
