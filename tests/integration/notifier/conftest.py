"""The real notifier as a process: real Kafka and PostgreSQL, a mail server that the test holds in its hand."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import OFFSET_END, KafkaError, KafkaException
from confluent_kafka import TopicPartition as AdminPartition
from joserfc.jwk import ECKey

from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.domain.message import RECIPIENT
from shared.crypto.jwe import RecipientKey, seal
from shared.events import ids
from shared.events.case import CaseAccepted, CaseDecided
from shared.events.envelope import Event, decode, encode
from shared.events.notification import MessageKind, NotificationSettled
from shared.events.payload import Payload, Sealed
from shared.events.submission import Channel, Receipt, SubmissionHeld, SubmissionReceived, SubmissionRouted
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import (
    CASE_CLOCK,
    NOTIFICATION_SETTLED,
    PARTITIONS,
    Topic,
)
from shared.kafka.partitions import known_to
from shared.kafka.records import partition_of
from shared.postgres.migrations import upgrade
from shared.postgres.pool import Pool, open_pool
from tests.support.events import GIESSEN, RECEIPT, ROUTED, sealed
from tests.support.mail_server import MailServer
from tests.support.stack import Database, KafkaAccess

DIRECTORY = Path(__file__).parents[3] / "directory" / "hessen"
TOPICS = known_to("notifier")
SMTP_TIMEOUT_SECONDS = 1
LEASE_SECONDS = 4


async def until(condition: Callable[[], Any], *, seconds: float = 120) -> None:
    """Wait until the condition, or what it awaits, is true."""
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Case:
    """An applicant's case; the local part of the address says what the mail server does with the mails."""

    submission_id: Any
    applicant: str
    contact: Sealed | None
    channels: tuple[Channel, ...] = ("email",)

    @property
    def id(self) -> Any:
        return ids.case_id(self.submission_id)

    @property
    def receipt(self) -> Receipt:
        return RECEIPT.model_copy(update={"channels": self.channels})

    def message_id(self, kind: MessageKind) -> str:
        derived = ids.message_id(self.id, kind, 1, RECIPIENT, "email")
        return f"<{derived}@amtsweg.example>"

    def event(self, data: Payload) -> Event[Payload]:
        return Event(
            id=ids.child_id(self.submission_id, type(data).__name__),
            source="amtsweg/tests",
            time=datetime.now(UTC),
            case_id=self.id,
            submission_id=self.submission_id,
            data=data,
        )

    def received(self) -> Event[Payload]:
        return self.event(SubmissionReceived(receipt=self.receipt, content=sealed(), contact=self.contact))

    def routed(self) -> Event[Payload]:
        return self.event(SubmissionRouted(receipt=self.receipt, authority=GIESSEN, decision=ROUTED))

    def accepted(self) -> Event[Payload]:
        return self.event(
            CaseAccepted(receipt=self.receipt, authority=GIESSEN, accepted_at=datetime.now(UTC))
        )

    def decided(self, at: datetime | None = None) -> Event[Payload]:
        data = CaseDecided(
            receipt=self.receipt, authority=GIESSEN, outcome="granted", decided_at=at or datetime.now(UTC)
        )
        return replace(self.event(data), time=at or datetime.now(UTC))

    def held(self) -> Event[Payload]:
        data = SubmissionHeld(
            receipt=self.receipt, submission_id=self.submission_id, content=sealed(), contact=self.contact
        )
        return self.event(data)


@dataclass
class Notifier:
    """Everything around the notifier, and the processes of it that the test starts."""

    kafka: KafkaAccess
    database: Database
    mail: MailServer
    folder: Path
    key: ECKey
    producer: AIOKafkaProducer
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    _connection: asyncpg.Connection | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def case(
        self,
        local: str = "erika",
        *,
        contact: bool = True,
        channels: tuple[Channel, ...] = ("email",),
        **reached: Any,
    ) -> Case:
        """A new case of its own applicant, ``<local>@<something>.example``; ``reached`` is more of the contact."""
        submission = uuid4()
        applicant = f"{local}@{submission.hex[:12]}.example"
        token = seal(
            orjson.dumps({"email": applicant} | reached),
            key=RecipientKey(self.key.as_dict(private=False)),
            submission_id=submission,
            purpose="contact",
            content_type="application/json",
        )
        return Case(submission, applicant, Sealed.model_validate_json(token) if contact else None, channels)

    async def publish(self, *events: Event[Payload]) -> None:
        for event in events:
            topic = next(t for t in TOPICS if type(event.data) in t.payloads)
            message = encode(event, topic.name)
            await self.producer.send_and_wait(
                topic.name,
                message.value,
                key=message.key,
                headers=list(message.headers),
                partition=partition_of(message.key, topic.partitions(PARTITIONS)),
            )

    async def start(self, *, instance: str = "0", **changes: str) -> asyncio.subprocess.Process:
        """Start a process; it is ended with the test."""
        with (self.folder / f"log-{len(self.processes)}").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.notifier",
                env=self._environment(instance) | changes,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.kill()
        await process.wait()

    async def end(self, process: asyncio.subprocess.Process) -> int:
        """Ask the process to end; return its exit code."""
        process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(process.wait(), 40)

    def logs(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("log-*")))

    async def query(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Over one connection that is kept: `until` asks fifty times a second, and a sign-in is dear."""
        async with self._asking:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self.database.url)
            return list(await self._connection.fetch(statement, *arguments))

    async def disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def states(self, *cases: Case) -> dict[str, list[str]]:
        """The kinds of these cases' messages by state; none while there is no schema yet."""
        try:
            rows = await self.query(
                "SELECT kind, state FROM notifier.messages WHERE case_id = ANY($1)",
                [case.id for case in cases],
            )
        except asyncpg.UndefinedTableError:
            return {}
        return {row["state"]: sorted(r["kind"] for r in rows if r["state"] == row["state"]) for row in rows}

    async def has(self, state: str, *cases: Case, count: int = 1) -> bool:
        return len((await self.states(*cases)).get(state, ())) == count

    async def clock(self, case: Case) -> Sequence[Event[Any]]:
        """What the clock has said about this case."""
        return [event for event in await self._read(CASE_CLOCK) if event.case_id == case.id]

    async def settled(self) -> Sequence[Event[NotificationSettled]]:
        """Every settlement that lies on the topic."""
        return await self._read(NOTIFICATION_SETTLED)

    async def dead_letters(self) -> int:
        """How many lie on the notifier's topics for them."""
        return sum([len(await self._records(name, partitions=1)) for name in _LETTERS])

    async def _read(self, topic: Topic) -> list[Event[Any]]:
        records = await self._records(topic.name, partitions=topic.partitions(PARTITIONS))
        return [decode(r.value, r.headers, topic.payloads) for r in records]

    async def _records(self, topic: str, *, partitions: int) -> list[Any]:
        consumer = AIOKafkaConsumer(**self.kafka.connection, isolation_level="read_committed")
        await consumer.start()
        read = [TopicPartition(topic, n) for n in range(partitions)]
        consumer.assign(read)
        await consumer.seek_to_beginning(*read)
        ends = await consumer.end_offsets(read)
        found: list[Any] = []
        while any([await consumer.position(p) < ends[p] for p in read]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        await consumer.stop()
        return found

    async def outcomes(self, *cases: Case) -> list[str]:
        """The settlements of these cases on the topic, as often as they lie there."""
        known = {case.id for case in cases}
        return sorted(e.data.outcome for e in await self.settled() if e.case_id in known)

    def _environment(self, instance: str) -> dict[str, str]:
        password = self.folder / "kafka-password"
        password.write_text(self.kafka.password)
        postgres_password = self.folder / "postgres-password"
        postgres_password.write_text(self.database.password)
        keys = self.folder / "contacts.jwks"
        keys.write_bytes(orjson.dumps({"keys": [self.key.as_dict(private=True)]}))
        return {
            "PATH": os.environ["PATH"],
            "AMTSWEG_INSTANCE": instance,
            "AMTSWEG_KAFKA__BOOTSTRAP": self.kafka.bootstrap,
            "AMTSWEG_KAFKA__SECURITY_PROTOCOL": self.kafka.part.endpoint.security_protocol,
            "AMTSWEG_KAFKA__USERNAME": self.kafka.username,
            "AMTSWEG_KAFKA__PASSWORD_FILE": str(password),
            "AMTSWEG_POSTGRES__URL": self.database.url_without_password,
            "AMTSWEG_POSTGRES__PASSWORD_FILE": str(postgres_password),
            "AMTSWEG_SMTP__HOST": "127.0.0.1",
            "AMTSWEG_SMTP__PORT": str(self.mail.port),
            "AMTSWEG_SMTP__ENCRYPTION": "none",
            "AMTSWEG_SMTP__TIMEOUT": f"PT{SMTP_TIMEOUT_SECONDS}S",
            "AMTSWEG_LEASE": f"PT{LEASE_SECONDS}S",
            "AMTSWEG_DIRECTORY": str(DIRECTORY),
            "AMTSWEG_NOTIFIER_KEYS_FILE": str(keys),
            "AMTSWEG_SENDER_NAME": "Amtsweg",
            "AMTSWEG_SENDER_ADDRESS": "no-reply@amtsweg.example",
        }


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Connections to schema ``notifier``, migrated."""
    await upgrade(database.url, schema="notifier", folder=MIGRATIONS)
    async with await open_pool(database.url, schema="notifier") as opened:
        yield opened


@pytest.fixture(scope="package")
def topics(kafka: KafkaAccess) -> KafkaAccess:
    """The catalogue's topics, made anew for this folder: other tests of the session have used them too."""
    _fresh_topics(kafka)
    return kafka


@pytest.fixture
async def notifier(topics: KafkaAccess, database: Database, tmp_path: Path) -> AsyncIterator[Notifier]:
    kafka = topics
    _empty(kafka)
    key = ECKey.generate_key("P-256", {"kid": "contacts-1", "use": "enc"}, private=True)
    async with _producer(kafka) as producer, MailServer().running() as mail:
        notifier = Notifier(kafka, database, mail, tmp_path, key, producer)
        try:
            yield notifier
        finally:
            for process in notifier.processes:
                if process.returncode is None:
                    await notifier.kill(process)
            await notifier.disconnect()


@asynccontextmanager
async def _producer(kafka: KafkaAccess) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**kafka.connection, enable_idempotence=True)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


_NAMES = [topic.name for topic in TOPICS]
_LETTERS = dead_letter_topic("notifier"), sealed_dead_letter_topic("notifier")


def _empty(kafka: KafkaAccess) -> None:
    """What the test before has left is deleted; its offsets are not given again."""
    partitions = [(name, number) for name in _NAMES for number in range(PARTITIONS)]
    ends = [AdminPartition(*p, OFFSET_END) for p in [*partitions, *((name, 0) for name in _LETTERS)]]
    admin = kafka.part.endpoint.admin()  # kept: what it has begun ends with it
    for done in admin.delete_records(ends).values():
        done.result(30)


def _fresh_topics(kafka: KafkaAccess) -> None:
    admin = kafka.part.endpoint.admin()
    there = set(admin.list_topics(timeout=30).topics) & {*_NAMES, *_LETTERS}
    for done in admin.delete_topics(list(there)).values() if there else ():
        done.result(30)
    _create_when_gone(kafka, *_NAMES, partitions=PARTITIONS)
    _create_when_gone(kafka, *_LETTERS, partitions=1)


def _create_when_gone(kafka: KafkaAccess, *names: str, partitions: int) -> None:
    """Kafka deletes a topic after it has said so: the name is free a little later."""
    waiting = list(names)
    deadline = time.monotonic() + 120
    while waiting:
        try:
            kafka.create(waiting[0], partitions=partitions)
        except KafkaException as refused:
            if refused.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            waiting.pop(0)
