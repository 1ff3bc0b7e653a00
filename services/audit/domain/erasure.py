"""When a case may be erased, and how long copies that nobody can reach may remain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events.erasure import HOLDERS, CaseErased, EraseOrdered, Holder, RemainingCopy
from shared.events.retention import dead_letters_gone_after, gone_after
from shared.events.topics import CATALOGUE, Topic

DUMPS, DEAD_LETTERS = "dumps of the database", "dead letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An erasure that was ordered, and what the holders have reported on it since."""

    case: str
    at: datetime
    order: EraseOrdered
    reports: Mapping[Holder, CaseErased]

    @property
    def missing(self) -> Sequence[Holder]:
        """The holders that have not reported yet; the log erases last."""
        return [holder for holder in HOLDERS if holder not in self.reports]


def may_hold_content(topic: Topic) -> bool:
    """Whether content or contact of a case may lie there: sealed to somebody, or as the router keeps it."""
    return topic.sealed


def remaining(
    reports: Sequence[CaseErased], *, now: datetime, dumps_kept: timedelta
) -> tuple[RemainingCopy, ...]:
    """Every copy that nobody can reach: what the holders report, and all topics, dead letters and dumps besides.

    What a holder reports is believed only where it is later than what follows from the catalogue.
    """
    latest: dict[str, datetime] = {}
    for copy in (*_of_the_catalogue(now, dumps_kept), *(copy for each in reports for copy in each.remaining)):
        latest[copy.what] = max(copy.until, latest.get(copy.what, copy.until))
    return tuple(RemainingCopy(what=what, until=until) for what, until in sorted(latest.items()))


def _of_the_catalogue(now: datetime, dumps_kept: timedelta) -> Iterator[RemainingCopy]:
    for topic in CATALOGUE:
        after = gone_after(topic)
        if may_hold_content(topic) and after is not None:
            yield RemainingCopy(what=topic.name, until=now + after)
    yield RemainingCopy(what=DEAD_LETTERS, until=now + dead_letters_gone_after())
    yield RemainingCopy(what=DUMPS, until=now + dumps_kept)
