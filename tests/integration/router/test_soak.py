"""Months pass in minutes on real Kafka: what the router keeps, and a restart reads, follows from the cases that are open
or were closed lately, not from all; and whoever reads all inputs again says nothing again.

The inputs are stamped by the sender here, by the same fast clock, and kept for ever; Kafka's day for cleaning the topic
of custody lasts two seconds.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import httpx
import pytest
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from orjson import loads

from amtsweg.stack import ports
from amtsweg.stack.services import environments
from services.router.app import build
from services.router.consumer import ROUTING
from services.router.domain.cases.custody import KEPT_AFTER_CLOSE
from services.router.settings import Settings
from shared.engine import ENGINE_KEYS
from shared.engine.state_store import POSITIONS, positions_state
from shared.events import ids
from shared.events.case import AnswerGiven, AnswerKind, CaseAnswered
from shared.events.envelope import Message, encode
from shared.events.topic_names import produced_by
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_CUSTODY,
    SUBMISSION_HELD,
    SUBMISSION_RECEIVED,
)
from shared.kafka.client import idempotent_producer
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import ends_of
from shared.kafka.records import Record, partition_of
from tests.integration.router.conftest import CHOSEN_PARTITIONS, Ground, own_ground
from tests.support.events import GIESSEN
from tests.support.routing import about
from tests.support.stack import RealParts

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

A_DAY: Final = 20
STRETCH_DAYS: Final = 75
STRETCHES: Final = 3
LONGEST_DAYS: Final = 30
"""So long an authority takes at most; then, and for as long as a closed case is kept, the number of kept cases grows."""

OPEN_FOR_EVER: Final = 40
"""One case of so many is never decided."""

INPUTS_OF_A_CASE: Final = 3
"""Of one that is over: the submission, its confirmation, its decision."""

SETTLED_SECONDS: Final = 120.0
UNCLEANED: Final = 15 * A_DAY
"""Records that the cleaner has not come to yet: those of the last segments, and tombstones that it removes next time."""


@dataclass
class Office:
    """An authority that confirms each case on the next day and decides it weeks later; ``now`` is everybody's clock."""

    ground: Ground
    producer: AIOKafkaProducer
    began: datetime
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(8))
    handed_in: int = 0
    due: defaultdict[datetime, list[tuple[UUID, AnswerKind]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    open: set[UUID] = field(default_factory=set)
    closed: dict[UUID, datetime] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)

    async def day(self) -> None:
        """Everything of one day goes out."""
        self.now += timedelta(days=1)
        messages = []
        for submission_id, kind in self.due.pop(self.now, []):
            messages.append(self._answer(submission_id, kind))
            if kind == "decided":
                self.open.discard(submission_id)
                self.closed[submission_id] = self.now
        messages += [self._submission() for _ in range(A_DAY)]
        for sent in await asyncio.gather(*[await self._send(message) for message in messages]):
            at = TopicPartition(sent.topic, sent.partition)
            self.ends[at] = max(self.ends.get(at, 0), sent.offset + 1)

    @property
    def expected(self) -> set[str]:
        """The cases that the router may know, and has to."""
        lately = {each for each, at in self.closed.items() if self.now - at <= KEPT_AFTER_CLOSE}
        return {str(ids.case_id(each)) for each in self.open | lately}

    def _submission(self) -> Message:
        self.handed_in += 1
        received = self.ground.submission()
        # The directory speaks for certain up to the clock of its last reading only, and this clock outruns it.
        receipt = received.data.receipt.model_copy(update={"received_at": self.began})
        received = replace(received, data=received.data.model_copy(update={"receipt": receipt}))
        self.open.add(received.submission_id)
        self.due[self.now + timedelta(days=1)].append((received.submission_id, "accepted"))
        if self.handed_in % OPEN_FOR_EVER:
            decided = self.now + timedelta(days=self.chance.randint(2, LONGEST_DAYS))
            self.due[decided].append((received.submission_id, "decided"))
        return encode(received, SUBMISSION_RECEIVED.name)

    def _answer(self, submission_id: UUID, kind: AnswerKind) -> Message:
        outcome = "granted" if kind == "decided" else None
        given = AnswerGiven(kind=kind, outcome=outcome, given_at=self.now)
        own_id = f"{submission_id}-{kind}"
        data = CaseAnswered(authority=GIESSEN, own_id=own_id, answer=given)
        return encode(about(submission_id, data, event_id=ids.answer_id(GIESSEN, own_id)), CASE_ANSWERED.name)

    async def _send(self, message: Message) -> "asyncio.Future[Record]":
        sent: asyncio.Future[Record] = await self.producer.send(
            message.topic,
            message.value,
            key=message.key,
            partition=partition_of(message.key, CHOSEN_PARTITIONS),
            headers=[*message.headers],
            timestamp_ms=int(1000 * self.now.timestamp()),
        )
        return sent


@pytest.fixture(scope="module")
def ground(stack: RealParts) -> Iterator[Ground]:
    """A broker of the module's own: its clock runs fast."""
    with own_ground(stack, "router-soak") as made:
        day = {"segment.ms": "2000", "max.compaction.lag.ms": "2000", "delete.retention.ms": "0"}
        own = {"message.timestamp.type": "CreateTime", "retention.ms": "-1", "segment.ms": str(10**12)}
        configure(
            made,
            ResourceType.TOPIC,
            {
                CASE_CUSTODY.name: day | {"min.cleanable.dirty.ratio": "0"},
                SUBMISSION_RECEIVED.name: own,
                CASE_ANSWERED.name: own,
            },
        )
        broker = next(iter(made.kafka.endpoint.admin().list_topics(timeout=20).brokers))
        configure(made, ResourceType.BROKER, {str(broker): {"log.cleaner.backoff.ms": "1000"}})
        yield made


def configure(ground: Ground, kind: ResourceType, wanted: Mapping[str, Mapping[str, str]]) -> None:
    resources = [
        ConfigResource(
            kind,
            resource,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in settings.items()
            ],
        )
        for resource, settings in wanted.items()
    ]
    admin = ground.kafka.endpoint.admin()  # it ends what it has begun when nobody holds it
    for done in admin.incremental_alter_configs(resources).values():
        done.result(20)


@asynccontextmanager
async def router(ground: Ground, office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["Metrics"]:
    """The router's own parts, going by the office's clock; ended in order."""
    port = ports.free_port()
    environment = environments(ground.surroundings)["router"] | {"AMTSWEG_HTTP__PORT": str(port)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parts = build(Settings(), clock=lambda: office.now)
    tasks = [asyncio.ensure_future(part.run()) for part in parts.values()]
    try:
        yield Metrics(f"http://{ports.LOOPBACK}:{port}/metrics")
        assert not [task for task in tasks if task.done()]
    finally:
        for task in reversed(tasks):
            task.cancel()
            await asyncio.wait({task})


@dataclass
class Metrics:
    url: str

    async def sum_of(self, name: str) -> float:
        async with httpx.AsyncClient() as http:
            try:
                lines = (await http.get(self.url)).text.splitlines()
            except httpx.ConnectError:
                return 0
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"amtsweg_{name}{{"))


@dataclass(frozen=True)
class Kept:
    """A topic of states as a restart reads it."""

    records: Sequence[Record]

    @property
    def states(self) -> Mapping[str, bytes]:
        """What is left of the cases."""
        last = {(each.key or b"").decode(): each.value for each in self.records}
        return {
            key: value for key, value in last.items() if value is not None and not key.startswith(ENGINE_KEYS)
        }

    @property
    def read_bytes(self) -> int:
        return sum(len(each.value or b"") for each in self.records if each.key != POSITIONS.encode())


async def kept(ground: Ground, topic: str = CASE_CUSTODY.name) -> Kept:
    return Kept(await ground.records(topic))


async def read_all(ground: Ground, office: Office) -> None:
    """Wait until the router has committed all that was sent."""
    admin = AIOKafkaAdminClient(**ground.admin.arguments())
    await admin.start()
    try:
        async with asyncio.timeout(SETTLED_SECONDS):
            while True:
                with suppress(GroupCoordinatorNotAvailableError):  # the first who asks has it made
                    read = await admin.list_consumer_group_offsets(ROUTING.group)
                    if all(tp in read and read[tp].offset >= end for tp, end in office.ends.items()):
                        return
                await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def cleaned(ground: Ground, office: Office) -> Kept:
    """Days pass slowly until Kafka's cleaner has come by; on each the router forgets what it may, and nothing else."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 2 * SETTLED_SECONDS
    while True:
        found = await kept(ground)
        forgotten = found.states.keys() == office.expected
        if forgotten and len(found.records) <= len(found.states) + UNCLEANED:
            return found
        assert loop.time() < deadline, (
            f"{len(found.records)} records, {len(found.states)} states, {len(office.expected)} expected"
        )
        if forgotten:
            await office.day()
            await read_all(ground, office)
        else:
            await asyncio.sleep(0.5)


async def holds(metrics: Metrics, cases: int) -> None:
    """Wait until the router says that it keeps so many."""
    async with asyncio.timeout(SETTLED_SECONDS):
        while await metrics.sum_of("state_keys") != cases:  # noqa: ASYNC110 - the router says it
            await asyncio.sleep(0.2)


async def from_the_first(office: Office) -> None:
    """Have the router, which is stopped, read all its inputs again."""
    for number in range(CHOSEN_PARTITIONS):
        # Each partition of custody speaks of the inputs' partitions of its own number, and of no others.
        firsts = positions_state({tp: 0 for tp in office.ends if tp.partition == number})
        await office.producer.send_and_wait(
            CASE_CUSTODY.name, firsts, key=POSITIONS.encode(), partition=number
        )


async def read_again(ground: Ground, office: Office) -> None:
    async with asyncio.timeout(SETTLED_SECONDS):
        while True:
            told = [
                each.value or b"[]" for each in (await kept(ground)).records if each.key == POSITIONS.encode()
            ]
            read = {TopicPartition(topic, number): at for topic, number, at in chain(*map(loads, told))}
            if all(read[tp] >= end for tp, end in office.ends.items()):
                return
            await asyncio.sleep(0.5)


async def said(ground: Ground) -> Mapping[TopicPartition, int]:
    """Where all ends that the router says to others."""
    topics = {*produced_by("router"), *ROUTING.letter_topics, AUTHORITY_INBOX.for_authority(GIESSEN)} - {
        CASE_CUSTODY.name
    }
    partitions = [tp for topic in topics for tp in await partitions_of(ground.admin, topic)]
    return await ends_of(ground.admin, partitions)


async def test_what_a_restart_reads_follows_from_open_and_lately_closed_cases_and_a_second_reading_says_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=500)
    found = Kept(())
    seen = list[tuple[int, Kept]]()
    async with idempotent_producer(ground.admin) as producer:
        office = Office(ground, producer, began, now=began)
        for _ in range(STRETCHES):
            async with router(ground, office, monkeypatch) as metrics:
                await holds(metrics, len(found.states))
                for _ in range(STRETCH_DAYS):
                    await office.day()
                    await read_all(ground, office)
                found = await cleaned(ground, office)
            held = (await kept(ground, SUBMISSION_HELD.name)).states
            assert held.keys() == {str(each) for each in office.open}
            seen.append((office.handed_in, found))
        before = await said(ground)
        await from_the_first(office)
        async with router(ground, office, monkeypatch) as metrics:
            await read_again(ground, office)
            late = await metrics.sum_of("late_inputs_total")

    assert await said(ground) == before
    assert (await kept(ground)).states == found.states
    assert late == INPUTS_OF_A_CASE * (office.handed_in - len(office.expected))
    (first_handed_in, early), (handed_in, lately) = seen[0], seen[-1]
    assert handed_in > 2.5 * first_handed_in
    undecided = (handed_in - first_handed_in) / OPEN_FOR_EVER + 1
    assert len(lately.records) <= len(early.records) + undecided + UNCLEANED < handed_in / 2
    assert lately.read_bytes / len(lately.records) <= 1.1 * early.read_bytes / len(early.records)
