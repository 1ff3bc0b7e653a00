"""Reacts to the passing of time: inform the authority, and at the end of a period decide whether it was silent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.router.domain.cases import custody as custodies
from services.router.domain.cases.silence import AnswersRead, last_days, period_over, runs_on, silence
from services.router.ports import Authorities, Cases, Clock, SuspensionsRead
from shared.events.case import CaseDeemedApproved
from shared.events.clock import ExtensionIneffective, PeriodEnded, PeriodEnding, StepOverdue
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, carries, encode
from shared.events.ids import child_id
from shared.events.payload import Payload
from shared.events.suspension import SuspensionTimes
from shared.events.topics import AUTHORITY_INBOX, CASE_UPDATED, SUBMISSION_HELD

TimePassed = StepOverdue | PeriodEnding | PeriodEnded | ExtensionIneffective


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeper:
    """``ahead`` is how far a demonstration's clock is ahead.

    An authority whose inbox is gone is told nothing, and nothing waits for it: time passes all the same.
    """

    authorities: Authorities
    clock: Clock
    suspensions: SuspensionsRead
    ahead: timedelta = timedelta()

    def on_clock(self, event: Event[TimePassed], cases: Cases) -> Sequence[Message]:
        """Put it into the inbox of the authority that holds the case, and remember that a period has ended, or runs on.

        Raises:
            Unavailable: it is not known whether the authority has an inbox.
        """
        custody = cases.custody(event.case_id)
        if custody is None or not custodies.is_new(custody, event) or custodies.is_closed(custody):
            return ()
        after = custodies.applying(custody, event.id, now=self.clock())
        if carries(event, PeriodEnded) and (over := period_over(event.data)) is not None:
            after = after.model_copy(update={"period": over})
        if carries(event, PeriodEnding) and runs_on(custody.period, event.data):
            after = after.model_copy(update={"period": None})
        if carries(event, ExtensionIneffective):
            after = after.model_copy(update={"extended": False})  # the one that the law allows is still left
        cases.keep(event.case_id, after)
        if custody.authority is None or custody.authority != event.data.authority:
            return ()
        return self._into_the_inbox(event, custody.authority)

    def conclude(
        self, known: Iterable[UUID], cases: Cases, *, answers_read_to: datetime | None, unread: Iterable[UUID]
    ) -> Sequence[Message]:
        """Deem approved those of these cases whose period ended in certain silence."""
        now, blocked = self.clock() + self.ahead, frozenset(unread)
        read_to = None if answers_read_to is None else answers_read_to + self.ahead
        suspensions, orders_read_to = self._suspensions()
        found: list[Message] = []
        for case in known:
            custody = cases.custody(case)
            if custody is not None:
                heard = AnswersRead(
                    answers_read_to=read_to,
                    unread=case in blocked,
                    suspended=self._was_shut_out(custody, suspensions),
                    suspensions_read_to=orders_read_to,
                )
                found += self._concluded(case, custody, heard, cases, now=now)
        return found

    def _suspensions(self) -> tuple[SuspensionTimes, datetime | None]:
        """All suspensions, and up to when they are known; None if that is unknown, so that nothing is concluded."""
        known = self.suspensions.known()
        if known is None:
            return SuspensionTimes(), None
        times, read_to = known
        return times, read_to + self.ahead

    def _was_shut_out(self, custody: CaseHeld, suspensions: SuspensionTimes) -> bool:
        if custody.period is None or custody.authority is None:
            return False
        begin, end = last_days(custody.period)
        return suspensions.any_between(custody.authority, begin - self.ahead, end - self.ahead)

    def _concluded(
        self, case: UUID, custody: CaseHeld, heard: AnswersRead, cases: Cases, *, now: datetime
    ) -> Sequence[Message]:
        told = silence(custody, heard, now=now)
        if told is None or told == "wait" or custody.period is None:
            return ()
        if isinstance(told, CaseDeemedApproved):
            over = {"standing": "deemed-approved", "since": now, "applied_at": now}
            cases.keep(case, custody.model_copy(update=over))
            event = _about(case, custody, told, now=now)
            shelf = Message(SUBMISSION_HELD.name, str(custody.submission_id).encode(), None)
            return encode(event, CASE_UPDATED.name), *self._into_the_inbox(event, told.authority), shelf
        doubted = custody.period.model_copy(update={"doubt": told.reason})
        cases.keep(case, custody.model_copy(update={"period": doubted}))
        return (encode(_about(case, custody, told, now=now), CASE_UPDATED.name),)

    def _into_the_inbox(self, event: Event[Payload], authority: str) -> Sequence[Message]:
        if not self.authorities.has_inbox(authority):
            return ()
        return (encode(event, AUTHORITY_INBOX.for_authority(authority)),)


def _about(case: UUID, custody: CaseHeld, told: Payload, *, now: datetime) -> Event[Payload]:
    """The event's id follows from the period: what is concluded twice is the same event."""
    ended = custody.period.ended_on if custody.period is not None else ""
    return Event(
        id=child_id(case, f"silence/{ended}/{type(told).__name__}"),
        source=custodies.SOURCE,
        time=now,
        case_id=case,
        submission_id=custody.submission_id,
        data=told,
    )
