"""From the fields of a command line, a query string or a line of a batch to a question about a period."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from services.notifier.domain.deadlines.calendar import FIRST_YEAR, LAST_YEAR
from services.notifier.domain.deadlines.law import DispatchChannel
from shared.local_time import calendar_day

Via = Literal["single-contact", "authority"]
"""Where the application arrived: at the einheitliche Stelle (§ 71a VwVfG), or at the authority itself."""

FIELDS: Final = (
    "service",
    "profile",
    "receivedAt",
    "via",
    "supplementsReceivedAt",
    "extendedByMonths",
    "complete",
    "sentAt",
    "sentBy",
    "retrievedAt",
)
"""What an inquiry is made of."""

CHANNELS: Final[tuple[DispatchChannel, ...]] = get_args(DispatchChannel)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_END_OF_DAY = re.compile(r"[T ]24:00(:00([.]0+)?)?")
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_KEY = re.compile(r"[0-9]{14}")
_MOST_MONTHS = 60
_MOST_SUPPLEMENTS = 100

_INSTANT_EXPECTED = (
    f"expected an instant as ISO 8601 (2026-01-12T09:30:00+01:00) or a day (2026-01-12), "
    f"between {FIRST_YEAR} and {LAST_YEAR}"
)


class BadDeadlineInquiry(Exception):  # noqa: N818 - the inquiry is bad, not the program
    """A field cannot be read or contradicts another; the text names it and what is expected, never the value."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A decision was sent, or provided in a portal, on a day; ``retrieved_on``: when it was taken out of the portal."""

    on: date
    by: DispatchChannel
    retrieved_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineInquiry:
    """A receipt, and what happened since. ``service`` or ``profile`` is given.

    ``completed_on``: the day on which the last of the missing documents arrived, at the place of ``via``;
    None: the application was complete. ``complete`` is False while documents are still missing.
    ``extended_by`` is in months, 0 without an extension.
    """

    received_on: date
    via: Via
    service: str | None = None
    profile: str | None = None
    completed_on: date | None = None
    complete: bool = True
    extended_by: int = 0
    dispatch: Dispatch | None = None


def read_deadline_inquiry(fields: Mapping[str, object]) -> DeadlineInquiry:
    """Return the inquiry of ``service|profile, receivedAt, via, supplementsReceivedAt, extendedByMonths, complete``.

    ``sentAt``, ``sentBy`` and, of a portal, ``retrievedAt`` ask about a decision that was sent.

    An instant without an offset is a time in Germany. None is absent; without ``via`` the application came
    through the single contact.

    Raises:
        BadDeadlineInquiry: the first field that cannot be read.
    """
    service = _matching(fields, "service", _KEY, "expected a LeiKa key: 14 digits")
    profile = _matching(fields, "profile", _NAME, "expected the name of a profile: a-z, 0-9 and dashes")
    if (service is None) == (profile is None):
        raise BadDeadlineInquiry("service", "expected exactly one of service and profile")
    received_on = _read_day(fields.get("receivedAt"), "receivedAt")
    completed_on = _completed_on(fields.get("supplementsReceivedAt"))
    if completed_on is not None and completed_on < received_on:
        raise BadDeadlineInquiry("supplementsReceivedAt", "expected no day before receivedAt")
    return DeadlineInquiry(
        received_on=received_on,
        via=_via(fields.get("via")),
        service=service,
        profile=profile,
        completed_on=completed_on,
        complete=_complete(fields.get("complete")),
        extended_by=_months(fields.get("extendedByMonths")),
        dispatch=_dispatch(fields, received_on=received_on),
    )


def _matching(
    fields: Mapping[str, object], field: str, pattern: re.Pattern[str], expected: str
) -> str | None:
    value = fields.get(field)
    if value is None:
        return None
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise BadDeadlineInquiry(field, expected)


def _read_day(value: object, field: str) -> date:
    day: date | None = None
    if isinstance(value, str) and value.isascii():
        try:
            if _DAY.fullmatch(value):
                day = date.fromisoformat(value)
            elif _INSTANT.fullmatch(value):
                written, ended = _END_OF_DAY.subn("T00:00:00", value.upper().replace(",", "."))
                instant = datetime.fromisoformat(written) + timedelta(
                    days=ended
                )  # 24:00 is the next day's 0:00
                day = instant.date() if instant.tzinfo is None else calendar_day(instant)
        except (ValueError, OverflowError):
            day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDeadlineInquiry(field, _INSTANT_EXPECTED)
    return day


def _completed_on(value: object) -> date | None:
    """The day of the last supplement; one instant or a list of them."""
    if value is None or value == []:
        return None
    given = value if isinstance(value, list) else [value]
    if len(given) > _MOST_SUPPLEMENTS:
        raise BadDeadlineInquiry("supplementsReceivedAt", f"expected at most {_MOST_SUPPLEMENTS} instants")
    return max(_read_day(instant, "supplementsReceivedAt") for instant in given)


def _dispatch(fields: Mapping[str, object], *, received_on: date) -> Dispatch | None:
    sent_at, sent_by, retrieved_at = (fields.get(name) for name in ("sentAt", "sentBy", "retrievedAt"))
    if sent_at is None:
        for field, value in (("sentBy", sent_by), ("retrievedAt", retrieved_at)):
            if value is not None:
                raise BadDeadlineInquiry(field, "expected only together with sentAt")
        return None
    by = next((channel for channel in CHANNELS if channel == sent_by), None)
    if by is None:
        raise BadDeadlineInquiry("sentBy", f"expected one of {', '.join(CHANNELS)}")
    sent_on = _read_day(sent_at, "sentAt")
    if sent_on < received_on:
        raise BadDeadlineInquiry("sentAt", "expected no day before receivedAt")
    if retrieved_at is None:
        return Dispatch(on=sent_on, by=by)
    if by != "portal":
        raise BadDeadlineInquiry("retrievedAt", "expected only with portal as sentBy")
    retrieved_on = _read_day(retrieved_at, "retrievedAt")
    if retrieved_on < sent_on:
        raise BadDeadlineInquiry("retrievedAt", "expected no day before sentAt")
    return Dispatch(on=sent_on, by=by, retrieved_on=retrieved_on)


def _via(value: object) -> Via:
    if value is None or value == "single-contact":
        return "single-contact"
    if value == "authority":
        return "authority"
    raise BadDeadlineInquiry("via", "expected single-contact or authority")


def _complete(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, bool):
        return value
    raise BadDeadlineInquiry("complete", "expected true or false")


def _months(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_MONTHS:
        return value
    raise BadDeadlineInquiry("extendedByMonths", f"expected a whole number from 0 to {_MOST_MONTHS}")
