"""What ends the attempts on one channel: the last day on which the next one can still be in time."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.notifier.domain.breaker import Breaker
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.period import Extension, Progress
from services.notifier.ports import Claim, Deferred, HeldBack, MailOutcome, ServerAway, Unwelcome
from shared.events.submission import Channel
from tests.component.notifier.test_delivery import CONTACT, NOW, World
from tests.component.notifier.test_rounds import Seen, Sending, running, until
from tests.support.mails import message

EXTENDED = Progress(extensions=frozenset({Extension(at=NOW, on=date(2026, 4, 1), months=1)})).written()


def extension(number: int = 0) -> ApplicantMessage:
    """Its old end is 15 April, and a letter counts as announced after four days at most."""
    channels: tuple[Channel, ...] = ("email", "letter")
    return replace(message("extension"), case_id=UUID(int=number), channels=channels, facts=EXTENDED)


@pytest.fixture
def world() -> World:
    return World()


@dataclass
class Answering:
    """The `Carrier` that always comes to the same."""

    answer: MailOutcome | Exception

    def lacks(self, claim: Claim) -> None:
        return None

    async def carry(self, claim: Claim, *, before_content: object) -> MailOutcome:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        ServerAway("the mail server is away"),
        HeldBack(timedelta(seconds=30)),
        Unwelcome(550),
        Deferred(451, bounded=False),
        Deferred(450),
    ],
)
async def test_the_next_channel_takes_over_while_it_can_be_in_time_whichever_side_failed(
    world: World, answer: MailOutcome | Exception
) -> None:
    world.queue.now = datetime(2026, 4, 11, 18, 0, tzinfo=UTC)
    carrier = Answering(answer)
    waiting = await world.deliver(written=extension(), carrier=carrier)
    assert (waiting != "failed", world.settled) == (True, [])
    world.queue.now = datetime(2026, 4, 11, 20, 59, 59, tzinfo=UTC)
    (claim,) = await world.queue.claim(1)
    assert await world.courier(carrier=carrier).deliver(claim) == "failed"
    assert [(event.outcome, event.reason) for event in world.queue.emitted] == [("failed", "gave-up")]


async def test_where_the_next_channel_is_late_already_an_outage_is_waited_for(world: World) -> None:
    written = replace(message("decision"), channels=("email", "letter"))
    world.mailer.away = True
    assert await world.deliver(written=written) == "server-away"
    world.queue.now += timedelta(days=30)
    (claim,) = await world.queue.claim(1)
    assert await world.courier().deliver(claim) == "server-away"


async def test_in_an_outage_nobody_waits_for_a_probe_to_be_handed_on_in_time() -> None:
    sending = Sending()
    sending.replay.up.set()
    sending.world.mailer.away = True
    sending.world.queue.now = datetime(2026, 4, 11, 18, 0, tzinfo=UTC)
    for number in range(50):
        sending.world.queue.plan(extension(number), CONTACT)
        sending.plan(100 + number)
    breaker = Breaker(limit=1, pause=timedelta(days=1), longest=timedelta(days=1))
    async with running(sending.rounds(breaker=breaker)):
        await until(lambda: "server-away" in sending.seen.results)
        await sending.some_rounds()
        assert "failed" not in sending.seen.results
        sending.world.queue.now = datetime(2026, 4, 11, 20, 59, 50, tzinfo=UTC)
        async with asyncio.timeout(30):
            while sending.seen.results.count("failed") < 50:
                await sending.some_rounds()
                sending.world.queue.now += timedelta(seconds=5)
    assert sending.seen.results.count("server-away") <= 4  # what was under way when the breaker opened
    ends = {(event.kind, event.outcome, event.reason) for event in sending.world.queue.emitted}
    assert ends == {("extension", "failed", "gave-up")}


UNREADABLE = replace(extension(), facts={"extensions": "no extension"})


async def test_a_message_whose_days_cannot_be_reckoned_ends_as_a_fault_of_ours(world: World) -> None:
    seen = Seen()
    world.queue.plan(UNREADABLE, CONTACT)
    results = []
    for _ in range(3):
        (claim,) = await world.queue.claim(1)
        results.append(await world.courier(observer=seen).deliver(claim))
        world.queue.now += timedelta(hours=1)
    assert results == ["internal-error", "internal-error", "failed"]
    assert [(event.outcome, event.reason) for event in world.queue.emitted] == [("failed", "internal-error")]


async def test_a_message_whose_days_cannot_be_reckoned_holds_up_no_other_in_an_outage() -> None:
    sending = Sending()
    sending.replay.up.set()
    sending.world.queue.now = datetime(2026, 4, 11, 20, 59, 55, tzinfo=UTC)
    sending.world.queue.plan(UNREADABLE, CONTACT)
    sending.world.queue.plan(extension(1), CONTACT)
    left_alone = Breaker(failures=5, open_until=sending.monotonic() + 60)
    async with running(sending.rounds(breaker=left_alone)):
        await until(lambda: "failed" in sending.seen.results)
    (told,) = sending.world.queue.emitted
    assert (told.outcome, told.reason) == ("failed", "gave-up")


async def test_in_an_outage_no_backlog_and_no_older_news_of_the_case_stand_before_what_has_a_day() -> None:
    sending = Sending()
    sending.replay.up.set()
    sending.world.queue.now = datetime(2026, 4, 11, 20, 59, 55, tzinfo=UTC)
    for number in range(100):
        sending.plan(number)
    sending.world.queue.plan(extension(99), CONTACT)
    left_alone = Breaker(failures=5, open_until=sending.monotonic() + 60)
    async with running(sending.rounds(breaker=left_alone)):
        await until(lambda: "failed" in sending.seen.results)
    assert [event.kind for event in sending.world.queue.emitted] == ["extension"]
