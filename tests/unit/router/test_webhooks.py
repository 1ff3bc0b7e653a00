"""What follows from how a receiver answers, and one authority's lane over it with a clock of the test's own."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.lane import Lane
from services.router.domain.cases.webhooks import (
    GIVEN_UP_AFTER,
    LAID_ASIDE_AFTER,
    LONGEST_PAUSE,
    PAUSES,
    SHORTEST_PAUSE,
    End,
    Go,
    Heard,
    LayAside,
    TryAgain,
    Webhook,
    WebhookAnnouncement,
    WebhookSecret,
    follows,
)
from shared.postgres.leader import Lead, LeadLost
from shared.postgres.pool import Pool
from shared.telemetry.metrics import Telemetry
from shared.web.egress import Egress
from tests.support.doors import WEBHOOK_KEYS

NOW = datetime(2026, 1, 12, 10, tzinfo=UTC)
NONE = timedelta()


def after(heard: Heard, *, attempt: int = 1, failing_for: timedelta = NONE) -> object:
    return follows(heard, attempt=attempt, failing_for=failing_for, now=NOW)


@given(st.integers(200, 299))
def test_2xx_goes_on(status: int) -> None:
    assert after(Heard(status)) == Go()


def test_410_ends_at_once_and_days_without_success_do_too() -> None:
    assert after(Heard(410)) == End("gone", "HTTP 410")
    assert after(Heard(None, failure="not reached"), failing_for=GIVEN_UP_AFTER) == End(
        "unreachable", "not reached"
    )


def test_what_a_receiver_refuses_is_laid_aside_after_some_attempts() -> None:
    found = [after(Heard(422), attempt=n) for n in range(1, LAID_ASIDE_AFTER + 1)]

    assert [type(each) for each in found] == [TryAgain] * (LAID_ASIDE_AFTER - 1) + [LayAside]


@given(st.sampled_from([None, 100, 302, 401, 404, 429, 500, 503]), st.integers(1, 50))
def test_what_is_the_receivers_own_trouble_never_lays_a_record_aside(
    status: int | None, attempt: int
) -> None:
    assert isinstance(after(Heard(status), attempt=attempt), TryAgain)


def test_pauses_grow() -> None:
    pauses = [
        next_.pause for n in range(1, 10) if isinstance(next_ := after(Heard(500), attempt=n), TryAgain)
    ]

    assert len(pauses) == 9
    assert all(before <= then for before, then in pairwise(pauses))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("0", 1), ("999999999999", 86_400), ("Mon, 12 Jan 2026 10:02:00 GMT", 120)],
)
def test_retry_after_is_honoured(said: str, seconds: int) -> None:
    assert after(Heard(429, retry_after=said)) == TryAgain(timedelta(seconds=seconds), "HTTP 429")


_OF_A_DATE = st.sampled_from(["Mon,", "12", "Jan", "2026", "10:02:00", "GMT", "+0100"])
_DATES = st.lists(_OF_A_DATE | st.integers().map(str), max_size=7).map(" ".join)


@given(st.text(max_size=40) | _DATES)
@example("Mon, 12 Jan 2026 10:02:00 +999999999999999999")
@example(f"Mon, 12 Jan {10**30} 10:02:00 GMT")
def test_no_retry_after_breaks_anything(said: str) -> None:
    next_ = after(Heard(503, retry_after=said))

    assert isinstance(next_, TryAgain)
    assert SHORTEST_PAUSE <= next_.pause <= LONGEST_PAUSE


def test_the_secret_before_the_newest_signs_for_a_while() -> None:
    secret = WebhookSecret(3, previous_until=NOW)

    assert secret.in_use(NOW - timedelta(seconds=1)) == (3, 2)
    assert secret.in_use(NOW) == (3,)


def record(offset: int) -> WebhookAnnouncement:
    headers = (
        ("ce_id", f"event-{offset}".encode()),
        ("ce_caseid", b"c"),
        ("ce_time", b"2026-01-12T10:00:00Z"),
    )
    return WebhookAnnouncement.of("g-06531005", offset, headers)


class Road:
    """A lane, what was announced on it, and its clock."""

    def __init__(
        self, answer: Callable[[WebhookAnnouncement], Heard], *, confirmed: int = 0, **stands: object
    ) -> None:
        self.now = NOW
        self.called: list[str] = []
        self._answer = answer
        webhook = Webhook(
            authority="g-06531005", principal="g-06531005", url="https://example.org", revision=1
        )
        self.lane = Lane(webhook, confirmed=confirmed, call=self._call, clock=lambda: self.now)

    async def _call(self, _: Webhook, announcement: WebhookAnnouncement) -> Heard:
        self.called.append(announcement.event_id)
        return self._answer(announcement)

    async def run(self) -> None:
        """Until nothing more happens without time going by."""
        running = asyncio.ensure_future(self.lane.run())
        for _ in range(50):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running})


async def test_a_record_confirmed_meanwhile_is_not_announced() -> None:
    road = Road(lambda _: Heard(200))
    for offset in range(4):
        road.lane.put(record(offset))
    road.lane.seen(2, read_by_kafka=False)
    await road.run()

    assert road.called == ["event-2", "event-3"]
    assert road.lane.webhook.announced == 4


async def test_while_a_kafka_consumer_reads_nothing_is_announced() -> None:
    road = Road(lambda _: Heard(200))
    road.lane.put(record(0))
    road.lane.seen(0, read_by_kafka=True)
    await road.run()
    held = list(road.called)
    road.lane.seen(0, read_by_kafka=False)
    await road.run()

    assert (held, road.called) == ([], ["event-0"])


async def test_a_failure_holds_all_back_and_the_same_record_comes_first() -> None:
    answers = iter([Heard(None, failure="not reached"), Heard(200), Heard(200)])
    road = Road(lambda _: next(answers))
    road.lane.put(record(0))
    road.lane.put(record(1))
    await road.run()
    failed = list(road.called)
    road.now += timedelta(minutes=1)
    await road.run()

    assert failed == ["event-0"]
    assert road.called == ["event-0", "event-0", "event-1"]
    assert (road.lane.webhook.failed_calls, road.lane.webhook.failing_since) == (1, None)


async def test_an_answer_that_trips_our_own_code_holds_back_this_receiver_and_ends_nothing() -> None:
    def trip(_: WebhookAnnouncement) -> Heard:
        raise OverflowError

    road = Road(trip)
    road.lane.put(record(0))
    await road.run()

    webhook = road.lane.webhook
    assert (webhook.attempts, webhook.last_failure) == (1, "not understood: OverflowError")
    assert webhook.next_at == NOW + PAUSES[0]


async def test_what_was_heard_of_and_not_confirmed_is_announced_again_under_its_id() -> None:
    """A receiver that answers 200 and dies has lost nothing."""
    road = Road(lambda _: Heard(200))
    road.lane.put(record(0))
    await road.run()
    early = road.lane.seen(0, read_by_kafka=False)
    road.now += timedelta(hours=1)
    due = road.lane.seen(0, read_by_kafka=False)
    again = road.lane.fetched
    road.lane.put(record(0))
    await road.run()

    assert (early, due, again) == (False, True, 0)
    assert road.called == ["event-0", "event-0"]
    assert road.lane.webhook.reminders == 1
    assert not road.lane.seen(1, read_by_kafka=False)
    assert road.lane.webhook.reminders == 0


async def test_a_body_is_the_same_at_every_attempt_and_small() -> None:
    long = WebhookAnnouncement(
        "g" * 64, 2**62, "e" * 64, "t" * 64, "c" * 36, "s" * 36, "2026-01-12T10:00:00Z"
    )

    assert record(3).body() == record(3).body()
    assert len(long.body()) < 1000


async def test_nobody_is_called_once_another_may_lead() -> None:
    """A call may have waited for its turn for long: it is asked right before it leaves."""
    egress = cast("Egress", None)  # it would fail if it were used
    calls = WebhookCalls(egress, WEBHOOK_KEYS, clock=lambda: NOW, telemetry=Telemetry())
    lead = Lead(cast("Pool", None), ("webhooks", "me", 1), began=time.monotonic() - 10)

    webhook = Webhook(authority="g-06531005", principal="g-06531005", url="https://example.org", revision=1)
    with pytest.raises(LeadLost):
        await calls.call(webhook, record(0), first=lead.check)
