"""Round after round, with everything in memory: what is claimed when, and what stops it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifier.domain.breaker import Breaker
from services.notifier.domain.mail import Mail
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.token_bucket import Pace
from services.notifier.handler.send_loop import Rounds
from services.notifier.ports import Claim, MailOutcome, StoreAway
from tests.component.notifier.test_delivery import CONTACT, NOW, World
from tests.support.fake_mailer import FakeMailer
from tests.support.mails import message


@dataclass
class Seen:
    """The `Observer` that remembers."""

    results: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def came_to(self, claim: Claim, result: str) -> None:
        self.results.append(result)

    def broken(self, claim: Claim, error: Exception) -> None:
        self.errors.append(error)


@dataclass
class Caught:
    """The `Replay` that ends when the test says so."""

    up: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def caught_up(self) -> None:
        self.asked.set()
        await self.up.wait()


@dataclass
class Gate(FakeMailer):
    """A server that answers when the test says so."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most_inside: int = 0

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.open.wait()
        self.inside -= 1
        return await super().hand_over(mail, before_content=before_content)


@dataclass
class Sending:
    world: World = field(default_factory=World)
    seen: Seen = field(default_factory=Seen)
    replay: Caught = field(default_factory=Caught)
    looks_at_clock: int = 0

    def rounds(self, **changes: Any) -> Rounds:
        parts: dict[str, Any] = {
            "queue": self.world.queue,
            "courier": self.world.courier(observer=self.seen),
            "replay": self.replay,
            "monotonic": self.monotonic,
            "observer": self.seen,
            "side_by_side": 4,
            "pace": Pace.of(1000, now=0),
            "idle": timedelta(milliseconds=1),
        }
        return Rounds(**parts | changes)

    def monotonic(self) -> float:
        self.looks_at_clock += 1
        return (self.world.queue.now - NOW).total_seconds()

    async def some_rounds(self) -> None:
        """Each round looks at the clock twice; a delivery that fails may do so once."""
        enough = self.looks_at_clock + 20
        await until(lambda: self.looks_at_clock >= enough)

    def plan(self, *numbers: int) -> None:
        for number in numbers:
            self.world.queue.plan(of_case(number), CONTACT)


@asynccontextmanager
async def running(rounds: Rounds) -> AsyncIterator[None]:
    task = asyncio.create_task(rounds.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def sending() -> Sending:
    sending = Sending()
    sending.replay.up.set()
    return sending


def of_case(number: int) -> ApplicantMessage:
    return replace(message("receipt"), case_id=UUID(int=number))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the parts are not to know that a test waits for them
            await asyncio.sleep(0.001)


async def test_everything_due_is_sent(sending: Sending) -> None:
    sending.plan(*range(50))
    async with running(sending.rounds()):
        await until(lambda: len(sending.seen.results) == 50)
    assert set(sending.seen.results) == {"sent"}


async def test_nothing_is_sent_before_the_replay_has_ended(sending: Sending) -> None:
    sending.replay.up.clear()
    sending.plan(1)
    async with running(sending.rounds()):
        await sending.replay.asked.wait()
        assert sending.world.mailer.taken == []
        sending.replay.up.set()
        await until(lambda: sending.seen.results == ["sent"])


async def test_no_more_than_so_many_are_under_way_at_a_time(sending: Sending) -> None:
    gate = Gate()
    sending.plan(*range(20))
    async with running(sending.rounds(courier=sending.world.courier(mailer=gate))):
        await until(lambda: gate.inside == 4)
        await sending.some_rounds()
        gate.open.set()
        await until(lambda: len(sending.seen.results) == 20)
    assert gate.most_inside == 4


async def test_what_is_under_way_at_the_end_comes_to_its_end(sending: Sending) -> None:
    gate = Gate()
    sending.plan(1)
    task = asyncio.create_task(sending.rounds(courier=sending.world.courier(mailer=gate)).run())
    await until(lambda: gate.inside == 1)
    task.cancel()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sending.seen.results == ["sent"]


async def test_a_server_that_is_away_is_left_alone_and_probed_with_one_mail(sending: Sending) -> None:
    sending.world.mailer.away = True
    sending.plan(*range(20))
    breaker = Breaker(limit=3, pause=timedelta(seconds=60))
    async with running(sending.rounds(breaker=breaker)):
        await until(lambda: len(sending.seen.results) >= 3)
        await sending.some_rounds()
        while_open = len(sending.seen.results)
        sending.world.queue.now += timedelta(seconds=61)
        await until(lambda: len(sending.seen.results) > while_open)
        await sending.some_rounds()
        assert len(sending.seen.results) == while_open + 1
        sending.world.mailer.away = False
        sending.world.queue.now += timedelta(seconds=121)
        await until(lambda: sending.seen.results.count("sent") == 1 + 2)
        await sending.some_rounds()
        assert sending.seen.results.count("sent") == 1 + 2  # it comes back: not all at once
        sending.world.queue.now += timedelta(seconds=60)
        await until(lambda: sending.seen.results.count("sent") == 20)
    assert while_open <= 3 + 4


async def test_mails_leave_no_faster_than_the_pace(sending: Sending) -> None:
    sending.plan(*range(20))
    async with running(sending.rounds(pace=Pace.of(5, now=0))):
        await until(lambda: len(sending.seen.results) == 5)
        await sending.some_rounds()
        assert len(sending.seen.results) == 5
        sending.world.queue.now += timedelta(seconds=1)
        await until(lambda: len(sending.seen.results) == 10)
        await sending.some_rounds()
        assert len(sending.seen.results) == 10


async def test_a_duty_whose_sender_died_is_offered_again(sending: Sending) -> None:
    sending.plan(1)
    (claim,) = await sending.world.queue.claim(1)
    await sending.world.queue.begin(claim)
    sending.world.queue.now += timedelta(seconds=61)
    async with running(sending.rounds()):
        await until(lambda: sending.seen.results == ["repeated"])
        assert sending.world.mailer.taken == []
        sending.world.queue.now += timedelta(minutes=5)
        await until(lambda: sending.seen.results == ["repeated", "sent"])


async def test_an_error_with_one_message_does_not_stop_the_others(sending: Sending) -> None:
    class Broken(FakeMailer):
        async def hand_over(
            self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]
        ) -> MailOutcome:
            if str(of_case(3).id).encode() in mail.content:
                raise ZeroDivisionError
            return await super().hand_over(mail, before_content=before_content)

    sending.plan(*range(6))
    courier = sending.world.courier(mailer=Broken(), observer=sending.seen)
    async with running(sending.rounds(courier=courier)):
        await until(lambda: len(sending.seen.results) == 6)
    assert [type(error) for error in sending.seen.errors] == [ZeroDivisionError]
    assert sorted(sending.seen.results) == ["internal-error", *["sent"] * 5]


async def test_a_message_that_our_code_fails_on_ends_as_failed_after_a_few_attempts(sending: Sending) -> None:
    class Broken(FakeMailer):
        async def hand_over(
            self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]
        ) -> MailOutcome:
            raise ZeroDivisionError

    sending.plan(1)
    courier = sending.world.courier(mailer=Broken(), observer=sending.seen)
    async with running(sending.rounds(courier=courier)):
        for attempts in (1, 2, 3):
            await until(lambda attempts=attempts: len(sending.seen.results) == attempts)  # type: ignore[misc] # bound at once
            sending.world.queue.now += timedelta(minutes=6)
    assert sending.seen.results == ["internal-error", "internal-error", "failed"]
    assert [(event.attempts, event.reason) for event in sending.world.queue.emitted] == [
        (3, "internal-error")
    ]


async def test_a_fault_after_the_content_may_have_left_is_treated_as_unknown(sending: Sending) -> None:
    class Broken(FakeMailer):
        async def hand_over(
            self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]
        ) -> MailOutcome:
            await super().hand_over(mail, before_content=before_content)
            raise ZeroDivisionError

    sending.plan(1)
    courier = sending.world.courier(mailer=Broken(), observer=sending.seen)
    async with running(sending.rounds(courier=courier)):
        await until(lambda: sending.seen.results == ["repeated"])


async def test_a_relay_that_refuses_us_is_an_outage_and_everything_arrives_afterwards(
    sending: Sending,
) -> None:
    sending.world.mailer.refuses_us = True
    sending.plan(*range(20))
    breaker = Breaker(limit=3, pause=timedelta(seconds=60))
    async with running(sending.rounds(breaker=breaker)):
        await until(lambda: len(sending.seen.results) >= 3)
        await sending.some_rounds()
        assert set(sending.seen.results) == {"unwelcome"}
        assert len(sending.seen.results) <= 3 + 4
        assert sending.world.queue.emitted == []
        sending.world.mailer.refuses_us = False
        sending.world.queue.now += timedelta(days=10)
        await until(lambda: sending.seen.results.count("sent") >= 1)
        sending.world.queue.now += timedelta(seconds=60)
        await until(lambda: sending.seen.results.count("sent") == 20)
    assert {event.outcome for event in sending.world.queue.emitted} == {"sent"}


async def test_a_clock_that_is_set_back_neither_stops_nor_hurries_the_sending(sending: Sending) -> None:
    """The wall clock goes back by an hour while the breaker is open; the monotonic one goes on."""
    sending.world.mailer.away = True
    sending.plan(*range(5))
    seconds = 0.0
    rounds = sending.rounds(
        breaker=Breaker(limit=1, pause=timedelta(seconds=5)),
        monotonic=lambda: seconds,
        pace=Pace.of(1000, now=0),
    )
    async with running(rounds):
        await until(lambda: "server-away" in sending.seen.results)
        sending.world.mailer.away = False
        sending.world.queue.now += timedelta(seconds=2)
        now = sending.world.queue.now
        sending.world.clock_error = -timedelta(hours=1)
        seconds = 400.0
        await until(lambda: sending.seen.results.count("sent") >= 1)
        seconds = 460.0
        await until(lambda: sending.seen.results.count("sent") == 5)
    assert sending.world.queue.now == now


async def test_a_claim_takes_many_messages_although_they_end_one_by_one(sending: Sending) -> None:
    """A claim for each message that ends would cost more than its sending."""
    turns = asyncio.Semaphore(0)

    class InTurn(FakeMailer):
        async def hand_over(
            self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]
        ) -> MailOutcome:
            await turns.acquire()
            return await super().hand_over(mail, before_content=before_content)

    taken: list[int] = []
    claim = sending.world.queue.claim

    async def counted(most: int, *, dated: bool = False) -> Sequence[Claim]:
        claims = await claim(most, dated=dated)
        taken.append(len(claims))
        return claims

    sending.world.queue.claim = counted  # type: ignore[method-assign] # the same queue, counted
    sending.plan(*range(64))
    courier = sending.world.courier(mailer=InTurn())
    async with running(sending.rounds(courier=courier, side_by_side=16, idle=timedelta(minutes=1))):
        for ended in range(1, 57):  # the last eight are fewer than a claim waits for
            turns.release()
            await until(lambda ended=ended: len(sending.seen.results) == ended)  # type: ignore[misc] # bound at once
        claimed = [claims for claims in taken if claims]
        for _ in range(8):
            turns.release()
    assert claimed == [16, 8, 8, 8, 8, 8, 8]


async def test_a_store_that_is_away_ends_the_rounds(sending: Sending) -> None:
    sending.world.queue.failures = 1
    with pytest.raises(StoreAway):
        await sending.rounds().run()
