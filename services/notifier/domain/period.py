"""A case's statutory period, from its receipt and from what has happened to it since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from services.notifier.domain.deadlines.calendar import calendar_day
from services.notifier.domain.deadlines.compute import Deadline, compute
from services.notifier.domain.deadlines.inquiry import BadDeadlineInquiry, DeadlineInquiry
from services.notifier.domain.deadlines.law import Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What has happened since the receipt: documents are missing, have come on a day, the period was extended."""

    complete: bool = True
    completed_on: date | None = None
    extended_by: int = 0
    extended_on: date | None = None

    def written(self) -> dict[str, str]:
        """As facts of a message; `read` turns them back."""
        facts = {} if self.complete else {"complete": "no"}
        if self.completed_on is not None:
            facts["completedOn"] = self.completed_on.isoformat()
        if self.extended_on is not None:
            facts |= {"extendedBy": str(self.extended_by), "extendedOn": self.extended_on.isoformat()}
        return facts

    @classmethod
    def read(cls, facts: Mapping[str, str]) -> Self:
        """From what `written` has written."""
        completed_on, extended_on = facts.get("completedOn"), facts.get("extendedOn")
        return cls(
            complete="complete" not in facts,
            completed_on=None if completed_on is None else date.fromisoformat(completed_on),
            extended_by=int(facts.get("extendedBy", "0")),
            extended_on=None if extended_on is None else date.fromisoformat(extended_on),
        )


def deadline_of(
    service: str, received_at: datetime, law: Law, progress: Progress | None = None
) -> Deadline | None:
    """Return the period of a receipt at the single contact; None where no profile is known for the service.

    An extension that the law does not allow, or that came after the end, leaves the period as it is.
    """
    since = progress or Progress()
    before = _deadline(service, received_at, law, replace(since, extended_by=0))
    if before is None or not since.extended_by:
        return before
    in_time = since.extended_on is not None and (before.period_ends or date.min) >= since.extended_on
    return (_deadline(service, received_at, law, since) if in_time else None) or before


def _deadline(service: str, received_at: datetime, law: Law, since: Progress) -> Deadline | None:
    inquiry = DeadlineInquiry(
        received_on=calendar_day(received_at),
        via="single-contact",
        service=service,
        complete=since.complete,
        completed_on=since.completed_on,
        extended_by=since.extended_by,
    )
    try:
        return compute(inquiry, law)
    except BadDeadlineInquiry:
        return None
