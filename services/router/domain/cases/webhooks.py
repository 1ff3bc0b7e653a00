"""Webhooks: how a record is announced to an authority, and what follows from its receiver's answer.

A receiver is told that something has come; the content it fetches from the inbox, and there it confirms. So a receiver
that answers 200 and dies has lost nothing: what it has heard of and not confirmed is announced again, under the same id.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Literal

from services.router.domain.cases.inbox import write_cursor
from shared.events.envelope import Headers

Ending = Literal["gone", "unreachable", "withdrawn"]
"""Why a webhook is not called any more: the receiver said 410, did not answer for days, or the authority ended it."""

PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600))
"""After each failure in a row; the last one from then on."""

GIVEN_UP_AFTER: Final = timedelta(days=5)
LAID_ASIDE_AFTER: Final = 3
"""How often a record is announced that the receiver itself refuses; then the next one follows."""

SHORTEST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(days=1)
"""A ``Retry-After`` is honoured within these."""

REMINDERS: Final = tuple(timedelta(minutes=minutes) for minutes in (15, 60, 360))
"""How long what was heard of may stay unconfirmed before it is announced again; the last one from then on."""


@dataclass(frozen=True, slots=True)
class WebhookAnnouncement:
    """A record of an inbox, as it is announced; with a ``fault`` it cannot be read, and nobody is called for it."""

    authority: str
    offset: int
    event_id: str
    event_type: str
    case_id: str
    submission_id: str
    time: str
    fault: str | None = None

    @classmethod
    def of(
        cls, authority: str, offset: int, headers: Headers, *, fault: str | None = None
    ) -> "WebhookAnnouncement":
        """Read the headers of the record; its content stays unread."""
        found = {name: value.decode(errors="replace") for name, value in headers}
        return cls(
            authority=authority,
            offset=offset,
            event_id=found.get("ce_id", f"{authority}-{offset}"),
            event_type=found.get("ce_type", ""),
            case_id=found.get("ce_caseid", ""),
            submission_id=found.get("ce_submissionid", ""),
            time=found.get("ce_time", ""),
            fault=fault,
        )

    def body(self) -> bytes:
        """What is sent; the same for every attempt."""
        document = {
            "type": "inbox.record",
            "timestamp": self.time,
            "data": {
                "authority": self.authority,
                "caseId": self.case_id,
                "submissionId": self.submission_id,
                "eventType": self.event_type,
                "after": write_cursor({self.authority: self.offset}),
            },
        }
        return json.dumps(document, separators=(",", ":")).encode()


_OWN_TROUBLE: Final = frozenset({401, 403, 404, 408, 425, 429})
"""Client errors that are none of the record's: a door that is shut, or not there yet, or overrun."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How the receiver answered; ``status`` is None where it did not."""

    status: int | None
    retry_after: str | None = None
    failure: str = ""

    @property
    def success(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def refused(self) -> bool:
        """Whether the receiver refuses this record; it may accept others."""
        client_error = (
            self.status is not None
            and HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        return client_error and self.status not in _OWN_TROUBLE


@dataclass(frozen=True, slots=True)
class Go:
    """The record is announced; the next one."""


@dataclass(frozen=True, slots=True)
class LayAside:
    """The receiver does not want this record; it stays in the inbox, and the next one is announced."""

    failure: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Nothing more is sent to this receiver before ``pause`` is over; then the same record."""

    pause: timedelta
    failure: str


@dataclass(frozen=True, slots=True)
class End:
    """The webhook is not called until it is registered again."""

    reason: Ending
    failure: str


Next = Go | LayAside | TryAgain | End


def follows(heard: Heard, *, attempt: int, failing_for: timedelta, now: datetime) -> Next:
    """What is done after an attempt; ``attempt`` counts those for this record, ``failing_for`` since the last success."""
    status = heard.status
    if heard.success:
        return Go()
    failure = heard.failure or f"HTTP {status}"
    if status == HTTPStatus.GONE:
        return End("gone", failure)
    if failing_for >= GIVEN_UP_AFTER:
        return End("unreachable", failure)
    if heard.refused and attempt >= LAID_ASIDE_AFTER:
        return LayAside(failure)
    asked = _seconds(heard.retry_after, now=now) if heard.retry_after else None
    if asked is None:
        return TryAgain(PAUSES[min(attempt, len(PAUSES)) - 1], failure)
    return TryAgain(min(max(asked, SHORTEST_PAUSE), LONGEST_PAUSE), failure)


def reminder_due(*, reminders: int, heard_at: datetime, now: datetime) -> bool:
    """Whether an announced record that is not confirmed is to be announced again."""
    return now - heard_at >= REMINDERS[min(reminders, len(REMINDERS) - 1)]


def _seconds(retry_after: str, *, now: datetime) -> timedelta | None:
    """Seconds, or a date (RFC 9110); None where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_PAUSE.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter: numbers in it that no date can hold
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook of one authority as it stands; ``announced`` is the next place that its receiver has not heard of."""

    authority: str
    principal: str
    url: str
    revision: int
    announced: int = 0
    attempts: int = 0
    next_at: datetime | None = None
    failing_since: datetime | None = None
    heard_at: datetime | None = None
    last_failure: str | None = None
    failed_calls: int = 0
    laid_aside: int = 0
    reminders: int = 0
    ended: Ending | None = None


WebhookState = Literal["active", "failing", "gone", "unreachable", "withdrawn"]


def state_of(webhook: Webhook) -> WebhookState:
    """The state of the webhook in one word."""
    return webhook.ended or ("failing" if webhook.failing_since else "active")


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """Which generations of a receiver's secret sign: the newest, and for a while the one before it."""

    generation: int
    previous_until: datetime | None = None

    def in_use(self, now: datetime) -> tuple[int, ...]:
        """The generations, the newest first."""
        if self.previous_until is not None and now < self.previous_until:
            return (self.generation, self.generation - 1)
        return (self.generation,)


SECRET_OVERLAP: Final = timedelta(days=1)
"""How long the secret before the newest goes on signing."""
