"""The store as it was yesterday, at any moment of a case's life: a duty is told, and nobody hears twice of anything.

PostgreSQL and everything written in it are real. Kafka is a list that is read again from where the store stands, and
the mail server is in memory; the sender may have died with the store, so that it remembers nothing.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from random import Random

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.timers import DueTimers, TimerLedger
from services.notifier.domain.uncertain import ASKED
from services.notifier.handler.delivery import MailDelivery
from services.notifier.handler.planning import on_events
from services.notifier.handler.ticking import set_timers
from shared.events import ids
from shared.events.case import CaseAccepted, CaseDecided, CaseFetched
from shared.events.clock import PeriodEnded
from shared.events.envelope import Event, decode
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived, SubmissionRouted
from shared.events.topics import CASE_CLOCK, NOTIFICATION_SETTLED
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from tests.component.notifier.test_delivery import World
from tests.support.events import GIESSEN, RECEIPT, ROUTED, sealed
from tests.support.law import hessian_law

LAW = hessian_law()
TABLES = ("cases", "messages", "notices", "clocks", "timers", "outbox")
LONG_AGO = datetime.now(UTC) - timedelta(days=200)
RECEIVED = RECEIPT.model_copy(update={"service": "99050023005000", "received_at": LONG_AGO})


@dataclass
class Life:
    """A notifier with its store, its bus and its mail server."""

    pool: Pool
    world: World = field(default_factory=World)
    bus: list[Event[Payload]] = field(default_factory=list)
    read: int = 0
    kept: int = 0
    sender: MailDelivery | None = None

    async def take_in(self, most: int) -> None:
        """Apply the next records of the bus in one transaction, as a batch."""
        events = self.bus[self.read : self.read + most]
        heard = [each for each in events if type(each.data) not in CASE_CLOCK.payloads]
        async with postgres.transaction(self.pool) as connection:
            await on_events(heard, PostgresCaseStore(connection), LAW)
            await set_timers(heard, TimerLedger(connection), LAW)
        self.read += len(events)

    async def send(self, most: int) -> int:
        """Send with the process that remembers, or with a new one."""
        queue = PostgresQueue(self.pool, lease=timedelta(minutes=5), history=StoreHistory("notifier"))
        if self.sender is None:
            self.sender = self.world.courier(queue=queue)
        claims = await queue.claim(most)
        for claim in claims:
            await self.sender.deliver(claim)
        return len(claims)

    async def strike(self) -> None:
        await DueTimers(self.pool, LAW, history=StoreHistory("notifier")).strike(datetime.now(UTC), most=100)

    async def publish(self) -> None:
        """What lies in the outbox goes onto the bus; nobody there is told anything new by an id that is known."""
        rows = await self.pool.fetch(
            "DELETE FROM outbox RETURNING id, topic, value, header_names, header_values"
        )
        for row in sorted(rows, key=lambda row: row["id"]):
            topic = next(each for each in (NOTIFICATION_SETTLED, CASE_CLOCK) if each.name == row["topic"])
            headers = list(zip(row["header_names"], row["header_values"], strict=True))
            self.bus.append(decode(row["value"], headers, topic.payloads))

    async def keep(self) -> None:
        """This is what will have been yesterday."""
        for table in TABLES:
            await self.pool.execute(f"DROP TABLE IF EXISTS kept_{table}")
            await self.pool.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
        self.kept = self.read

    async def go_back(self) -> None:
        await self.pool.execute(f"TRUNCATE {', '.join(TABLES)}")
        for table in TABLES:
            await self.pool.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}")
        self.read = self.kept

    async def come_to_rest(self) -> None:
        """Nothing is sent before every input has been read again; see `Rounds` and `Ticking`."""
        while True:
            while self.read < len(self.bus):
                await self.take_in(3)
            await self.strike()
            sent = await self.send(50)
            await self.publish()
            if not sent and self.read == len(self.bus):
                return


def story(number: int) -> list[Event[Payload]]:
    """A case from its receipt to its decision."""
    submission = ids.submission_id("verwaltungsportal", f"yesterday-{number}")
    told: list[Payload] = [
        SubmissionReceived(receipt=RECEIVED, content=sealed(), contact=sealed(purpose="contact")),
        SubmissionRouted(receipt=RECEIVED, authority=GIESSEN, decision=ROUTED),
        CaseFetched(receipt=RECEIVED, authority=GIESSEN, routed_at=LONG_AGO, fetched_at=LONG_AGO),
        CaseAccepted(receipt=RECEIVED, authority=GIESSEN, accepted_at=LONG_AGO),
        CaseDecided(receipt=RECEIVED, authority=GIESSEN, outcome="granted", decided_at=LONG_AGO),
    ]
    return [
        Event(
            id=ids.child_id(submission, type(data).__name__),
            source="tests",
            time=LONG_AGO + timedelta(minutes=at),
            case_id=ids.case_id(submission),
            submission_id=submission,
            data=data,
        )
        for at, data in enumerate(told)
    ]


async def live(life: Life, seed: int) -> None:
    """Two cases side by side, and the store goes back once in the middle of whatever happens."""
    random = Random(seed)
    waiting = [story(number) for number in range(2)]
    steps = 0
    while any(waiting):
        case = random.choice([each for each in waiting if each])
        life.bus.append(case.pop(0))
        match random.choice(("take in", "send", "strike", "rest")):
            case "take in":
                await life.take_in(random.randint(1, 4))
            case "send" if life.read == len(life.bus):
                await life.send(random.randint(1, 3))
            case "strike" if life.read == len(life.bus):
                await life.strike()
            case "rest":
                await life.come_to_rest()
        await life.publish()
        steps += 1
        if steps == 2 + seed % 3:
            await life.keep()
        if steps == 6 + seed:
            await life.go_back()
            if random.random() < 0.5:
                life.sender = None  # the process died, too
            await life.come_to_rest()
    await life.come_to_rest()


async def test_a_store_from_yesterday_loses_no_duty_and_tells_nothing_twice(pool: Pool) -> None:
    for seed in range(4):
        await pool.execute(f"TRUNCATE {', '.join(TABLES)}")
        life = Life(pool)
        await live(life, seed)
        await check(life)


async def check(life: Life) -> None:
    taken = Counter(message_from_bytes(content)["Message-ID"] for _, content in life.world.mailer.taken)
    planned = await life.pool.fetch("SELECT id, kind, state FROM messages")
    assert {row["state"] for row in planned} == {"sent"}
    assert {row["kind"] for row in planned} & ASKED >= {"receipt", "acknowledgement", "decision"}
    assert taken == Counter(f"<{row['id']}@amtsweg.example>" for row in planned)
    ended = {(event.case_id, event.id) for event in life.bus if isinstance(event.data, PeriodEnded)}
    assert (
        max(Counter(case for case, _ in ended).values(), default=0) <= 1
    )  # struck again it is the same event


async def test_a_mail_whose_settlement_was_lost_with_the_store_and_the_process_is_sent_once_more(
    pool: Pool,
) -> None:
    """The stated exception: the mails whose settlement was lost with the store, seconds before it and with the process."""
    life = Life(pool)
    life.bus += story(0)[:1]
    await life.take_in(1)
    await life.keep()
    assert await life.send(1) == 1
    await life.go_back()
    remembers = life.sender
    await life.come_to_rest()
    assert len(life.world.mailer.taken) == 1  # the process knows what it has handed over
    await life.go_back()
    life.bus, life.sender = life.bus[:1], None
    await life.come_to_rest()
    assert remembers is not None
    assert len(life.world.mailer.taken) == 2
