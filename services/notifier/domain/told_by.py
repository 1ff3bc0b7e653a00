"""The deadline of a message on one channel, by the case's own days: after it the next channel would be late."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.facts import period_of
from services.notifier.domain.message import ApplicantMessage
from shared.events.notification import MessageKind
from shared.local_time import CIVIL_TIME, calendar_day

DATED: Final[frozenset[MessageKind]] = frozenset({"decision", "extension", "trade-certificate"})
"""Of these the law names the day."""

_RESERVE: Final = timedelta(hours=1)
"""For the next channel."""


def last_chance(message: ApplicantMessage, law: Law) -> datetime | None:
    """Return when the next channel must take over; None where none follows, or the law names no day.

    It may lie before the message was planned: then no other channel is in time either.
    """
    at = message.channels.index(message.channel) + 1 if message.channel in message.channels else 0
    day = _told_by(message, law)
    if day is None or not 0 < at < len(message.channels):
        return None
    if (
        message.channels[at] == "letter" and message.kind != "trade-certificate"
    ):  # that one is in time when posted
        day -= timedelta(days=law.slowest_announcement)
    midnight = datetime.combine(day + timedelta(days=1), time(), CIVIL_TIME)
    return midnight.astimezone(UTC) - _RESERVE


def _told_by(message: ApplicantMessage, law: Law) -> date | None:
    """The last day on which the applicant is told in time."""
    match message.kind:
        case "decision":  # § 9 Abs. 1 OZG: on the day of the provision
            return calendar_day(message.occurred_at)
        case "extension":  # § 42a Abs. 2 Satz 4 VwVfG: before the old end
            deadline = period_of(message, law)
            return None if deadline is None else deadline.ended_before_extension
        case "trade-certificate":  # § 15 Abs. 1 GewO: within three days
            deadline = period_of(message, law)
            return None if deadline is None else deadline.period_ends
    return None
