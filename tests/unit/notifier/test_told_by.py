"""Until when one channel is tried: golden days of the law, seen from the next channel."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.period import Extension, Progress
from services.notifier.domain.told_by import DATED, last_chance
from shared.events.notification import MessageKind
from shared.events.submission import Channel
from tests.support.law import hessian_law
from tests.support.mails import KINDS, message

LAW = hessian_law()
NOTICE_OF_TRADE = "99050012070000"


def at(day: int, month: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def extended() -> ApplicantMessage:
    """Received on 12 January: until 15 April, and extended on 1 April."""
    made = Extension(at=at(1, 4, 8), on=date(2026, 4, 1), months=1)
    facts = Progress(extensions=frozenset({made})).written()
    return replace(message("extension"), received_at=at(12, 1, 9), facts=facts)


def decided() -> ApplicantMessage:
    return replace(message("decision"), occurred_at=at(12, 1, 22) + timedelta(minutes=59))


def certified() -> ApplicantMessage:
    """§ 15 Abs. 1 GewO, received at the single contact on Maundy Thursday: until Wednesday after Easter."""
    return replace(message("trade-certificate"), service=NOTICE_OF_TRADE, received_at=at(2, 4, 9))


@pytest.mark.parametrize(
    ("written", "channels", "chance"),
    [
        (extended(), ("email", "letter"), at(11, 4, 21)),
        (extended(), ("mailbox", "email", "letter"), at(15, 4, 21)),
        (decided(), ("mailbox", "email"), at(12, 1, 22)),
        (decided(), ("email", "letter"), at(8, 1, 22)),  # a letter is never in time
        (certified(), ("email", "letter"), at(8, 4, 21)),
    ],
)
def test_the_next_channel_takes_over_while_it_can_be_in_time(
    written: ApplicantMessage, channels: tuple[Channel, ...], chance: datetime
) -> None:
    assert last_chance(replace(written, channels=channels, channel=channels[0]), LAW) == chance


@pytest.mark.parametrize("written", [extended(), decided(), certified()])
def test_where_no_channel_follows_there_is_none(written: ApplicantMessage) -> None:
    channels: tuple[Channel, ...] = ("mailbox", "email")
    assert last_chance(replace(written, channels=channels, channel="email"), LAW) is None
    assert last_chance(replace(written, channels=channels, channel="letter"), LAW) is None


@pytest.mark.parametrize("kind", sorted({*KINDS} - DATED))
def test_what_the_law_wants_told_without_naming_a_day_has_none(kind: MessageKind) -> None:
    assert last_chance(replace(message(kind), channels=("email", "letter")), LAW) is None


def test_a_service_without_a_profile_has_none() -> None:
    unknown = replace(extended(), service="99999999999999", channels=("email", "letter"))
    assert last_chance(unknown, LAW) is None
