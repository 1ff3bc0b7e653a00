"""What ends the attempts on one channel: the last day on which the next one can still be in time."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifier.domain.period import Extension, Progress
from services.notifier.ports import Claim, Deferred, HeldBack, MailOutcome, ServerAway, Unwelcome
from tests.component.notifier.test_delivery import NOW, World
from tests.support.mails import message


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
async def test_whoever_is_to_blame_the_next_channel_takes_over_while_it_can_be_in_time(
    world: World, answer: MailOutcome | Exception
) -> None:
    """An extension is told before the old end, 15 April; a letter counts as announced after four days at most."""
    made = Extension(at=NOW, on=date(2026, 4, 1), months=1)
    facts = Progress(extensions=frozenset({made})).written()
    written = replace(message("extension"), channels=("email", "letter"), facts=facts)
    world.queue.now = datetime(2026, 4, 11, 18, 0, tzinfo=UTC)
    carrier = Answering(answer)
    waiting = await world.deliver(written=written, carrier=carrier)
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
