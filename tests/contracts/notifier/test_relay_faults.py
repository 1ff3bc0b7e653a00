"""A relay that does anything, on real sockets, and a store that goes away: mailbox and outbox agree in the end."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notifier.adapters.smtp import MailServer as Address
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.token_bucket import Pace
from services.notifier.handler.send_loop import Rounds
from services.notifier.ports import StoreAway
from shared.events.notification import MessageKind
from tests.component.notifier.test_delivery import CONTACT, NOW, World
from tests.component.notifier.test_rounds import Caught, Seen
from tests.support.fake_queue import FakeQueue
from tests.support.mail_server import MailServer
from tests.support.mails import message
from tests.support.outbox_checker import COURTESIES, differences

MESSAGES = 24
LEASE = timedelta(minutes=30)
"""Time passes two thousand times as fast here: on a busy machine a conversation outlasts a shorter one."""
ENDS = {"sent", "unknown", "failed"}
AT_RECIPIENT = (
    "450 4.7.1 Come again later",
    "451 4.3.0 Trouble here",
    "550 5.7.1 Relaying denied",
    "421 4.3.2 Closing down",
    "cut",
)
AFTER_CONTENT = ("451 4.3.1 Full", "554 5.7.1 No", "taken, then cut", "cut")
KINDS: tuple[MessageKind, ...] = ("receipt", "status", "decision", "forwarded")


@dataclass
class Moody(MailServer):
    """Answers as a drawn mood says, and soundly once its bad day is over."""

    random: Random = field(default_factory=Random)
    bad: bool = True
    moods: Counter[str] = field(default_factory=Counter)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        mood = self._drawn(AT_RECIPIENT)
        if mood == "cut":
            self._cut(server)
        if mood:
            return mood
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mood = self._drawn(AFTER_CONTENT)
        if mood.startswith("taken") or not mood:
            await super().handle_DATA(server, session, envelope)
        if "cut" in mood:
            self._cut(server)
        return mood if mood[:1].isdigit() else "250 OK"

    def _drawn(self, moods: tuple[str, ...]) -> str:
        mood = self.random.choice(moods) if self.bad and self.random.random() < 0.4 else ""
        self.moods[mood] += 1
        return mood

    def _cut(self, server: SMTP) -> None:
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [2, 5, *(pytest.param(seed, marks=pytest.mark.long) for seed in (0, 1, 3, 4, *range(6, 20)))]
)
async def test_whatever_the_relay_does_nothing_is_lost_and_nothing_told_more_often_than_the_store_knows(
    seed: int,
) -> None:
    random, world, seen = Random(seed), World(queue=FakeQueue(NOW, lease=LEASE)), Seen()
    for number in range(MESSAGES):
        kind = KINDS[number % len(KINDS)]
        world.queue.plan(replace(message(kind), case_id=UUID(int=number)), CONTACT)
    async with Moody(random=random, pipelining=seed % 2 == 1).running() as relay:
        address = Address(
            host="127.0.0.1", port=relay.port, encryption="none", greeting="amtsweg.example", timeout=60
        )
        mailer = SmtpMailer(address, connections=4, mails_per_connection=5)
        sending = asyncio.create_task(resumed(rounds_of(world, seen, mailer)))
        try:
            await bad_day(world, relay)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            await mailer.close()
    assert seen.errors == []
    outbox: list[dict[str, Any]] = [
        {"id": row.message.id, "kind": row.message.kind, "state": row.state, "repeats": row.repeats}
        for row in world.queue.rows.values()
    ]
    assert differences(relay.times_taken, outbox) == []
    assert sum(row["state"] == "sent" for row in outbox) > MESSAGES / 2
    assert not [row for row in outbox if row["state"] == "unknown" and row["repeats"] < least(row["kind"])]
    assert len(relay.moods) > 5


def rounds_of(world: World, seen: Seen, mailer: SmtpMailer) -> Rounds:
    replay = Caught()
    replay.up.set()

    def seconds() -> float:
        return (world.queue.now - NOW).total_seconds()

    return Rounds(
        queue=world.queue,
        courier=world.courier(mailer=mailer, observer=seen),
        replay=replay,
        monotonic=seconds,
        observer=seen,
        side_by_side=8,
        pace=Pace.of(1000, now=0),
        idle=timedelta(milliseconds=5),
    )


async def bad_day(world: World, relay: Moody) -> None:
    """Let time pass until every message has its end; at first everything goes wrong."""
    async with asyncio.timeout(300):
        tick = 0
        while not all(row.state in ENDS for row in world.queue.rows.values()):
            relay.bad = tick < 60
            world.queue.failures += relay.bad and relay.random.random() < 0.1
            world.queue.now += timedelta(seconds=20)
            tick += 1
            await asyncio.sleep(0.01)


def least(kind: object) -> int:
    """How often a duty is offered again before nobody but the operator can tell."""
    return 0 if kind in COURTESIES else 2


async def resumed(rounds: Rounds) -> None:
    """As the process does it: begun again when the store was away."""
    while True:
        with suppress(StoreAway):
            await rounds.run()
        await asyncio.sleep(0)


def test_the_checker_sees_a_loss_a_double_and_a_stranger() -> None:
    row = {"id": "a", "kind": "receipt", "state": "sent", "repeats": 0}
    mail = "<a@amtsweg.example>"
    assert differences(Counter({mail: 1}), [row]) == []
    assert differences(Counter(), [row])
    assert differences(Counter({mail: 2}), [row])
    assert differences(Counter({mail: 2}), [row | {"repeats": 1}]) == []
    assert differences(Counter({mail: 2}), [row | {"repeats": 1, "kind": "status"}])
    assert differences(Counter({mail: 1, "<b@amtsweg.example>": 1}), [row])
    assert differences(Counter({mail: 1}), [row | {"state": "created"}])
