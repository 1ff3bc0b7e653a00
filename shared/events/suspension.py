"""Which authorities are and were suspended, and when, from the orders in the sequence in which they were given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.payload import PrincipalId


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """One suspension of an authority; ``until`` is None while it lasts."""

    since: datetime
    ordered_by: PrincipalId
    until: datetime | None = None

    def touches(self, begin: datetime, end: datetime) -> bool:
        """Whether it lasted at any instant between these two."""
        return self.since <= end and (self.until is None or self.until >= begin)


@dataclass(frozen=True, slots=True)
class SuspensionTimes:
    """Every suspension ever ordered, by authority, oldest first."""

    known: Mapping[str, tuple[Suspension, ...]] = field(default_factory=dict)

    def after(self, order: SuspendOrdered | ResumeOrdered, *, at: datetime) -> "SuspensionTimes":
        """The times after one more order. Suspending twice, or resuming an authority that is not suspended, has no effect."""
        before = self.known.get(order.authority, ())
        lasts = bool(before) and before[-1].until is None
        if lasts == isinstance(order, SuspendOrdered):
            return self
        if isinstance(order, SuspendOrdered):
            now = (*before, Suspension(since=at, ordered_by=order.principal))
        else:
            last = before[-1]
            # The clocks of two operators may differ; a suspension never ends before it begins.
            ended = Suspension(since=last.since, ordered_by=last.ordered_by, until=max(last.since, at))
            now = (*before[:-1], ended)
        return SuspensionTimes({**self.known, order.authority: now})

    def now(self) -> Mapping[str, datetime]:
        """The authorities that are suspended, and since when each is."""
        return {authority: told[-1].since for authority, told in self.known.items() if told[-1].until is None}

    def any_between(self, authority: str, begin: datetime, end: datetime) -> bool:
        """Whether the authority was suspended at any instant between these two: it could not answer then."""
        return any(each.touches(begin, end) for each in self.known.get(authority, ()))
