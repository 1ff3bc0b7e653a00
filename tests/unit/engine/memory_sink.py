"""A sink's transaction in memory: what is applied can be undone, keys of poisoned records block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from aiokafka.structs import TopicPartition

from shared.engine.failure_policy import DeadLetterVerdict
from shared.engine.sink import UnsettledLetter
from shared.errors import Unavailable
from shared.events.envelope import Event, encode
from shared.events.ids import operations_id
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    RecordPlace,
    ReplayOrdered,
    SuspendOrdered,
)
from shared.events.payload import Payload
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.dead_letters import OrderReport, letter_key, place_of, reported
from shared.kafka.records import Message, Record

GROUP = "g"


class MemoryTransaction:
    """``judge`` raises for a record that cannot be applied."""

    def __init__(self, judge: Callable[[Record], None] = lambda _: None) -> None:
        self.judge = judge
        self.applied: list[Record] = []
        self.letters: dict[str, DeadLetterVerdict] = {}
        self.blocked: dict[str, bytes] = {}
        self.reports: list[OrderReport] = []
        self.told: list[Message] = []
        self.tried = 0

    def blocks(self, record: Record) -> bool:
        return record.key is not None and letter_key(record.key) in self.blocked.values()

    async def apply(self, records: Sequence[Record]) -> None:
        self.tried += 1
        for record in records:
            self.judge(record)
        self.applied += records

    async def set_aside(self, record: Record, verdict: DeadLetterVerdict) -> None:
        self.letters[place_of(record)] = verdict
        if verdict.kind == "internal-error":
            self.blocked[place_of(record)] = letter_key(record.key)

    async def unsettled(self, origin: str) -> UnsettledLetter | None:
        if origin not in self.letters:
            return None
        key = self.blocked.get(origin)
        first = next((o for o, blocked in self.blocked.items() if blocked == key), origin)
        return UnsettledLetter(first=origin if key is None else first)

    async def blocking(self, key: bytes) -> Sequence[str]:
        return [place for place, blocked in self.blocked.items() if blocked == letter_key(key)]

    async def report(self, told: Message, *, settles: str | None = None) -> None:
        self.told.append(told)
        note = reported(Record(told.topic, 0, 0, 0, told.key, told.value, told.headers))
        if note is not None:
            self.reports.append(note)
        if settles is not None:
            self.blocked.pop(settles, None)
            self.letters.pop(settles, None)


@dataclass
class MemoryOrigins:
    """Topics whose records can be read again."""

    records: dict[tuple[str, int, int], Record] = field(default_factory=dict)
    away: bool = False

    def keep(self, *records: Record) -> None:
        self.records |= {(r.topic, r.partition, r.offset): r for r in records}

    async def fetch(self, tp: TopicPartition, offset: int) -> Record | None:
        if self.away:
            raise Unavailable("Kafka is away")
        return self.records.get((tp.topic, tp.partition, offset))


def record(offset: int, value: bytes = b"", *, key: bytes | None = None, partition: int = 0) -> Record:
    return Record("in", partition, offset, 0, b"k%d" % offset if key is None else key, value)


def order(
    offset: int,
    data: ReplayOrdered | CloseOrdered | CloseCaseOrdered | GoOnOrdered | SuspendOrdered,
    *,
    partition: int = 0,
) -> Record:
    subject = operations_id("g")
    event: Event[Payload] = Event(
        id=uuid5(subject, str(offset)),
        source="urn:amtsweg:tests",
        time=datetime(2026, 1, 12, tzinfo=UTC),
        case_id=subject,
        submission_id=subject,
        data=data,
    )
    message = encode(event, OPERATION_ORDERED.name)
    return Record(message.topic, partition, offset, 0, message.key, message.value, message.headers)


def replay(offset: int, of: Record, *, group: str = GROUP) -> Record:
    return order(
        offset, ReplayOrdered(group=group, record=place(of), principal="operator"), partition=of.partition
    )


def close(offset: int, of: Record, *, group: str = GROUP) -> Record:
    closed = CloseOrdered(group=group, record=place(of), reason="obsolete", principal="operator")
    return order(offset, closed, partition=of.partition)


def close_case(offset: int, key: bytes, *, group: str = GROUP) -> Record:
    closed = CloseCaseOrdered(group=group, case=UUID(key.decode()), reason="expired", principal="operator")
    return order(offset, closed)


def place(of: Record) -> RecordPlace:
    return RecordPlace(topic=of.topic, partition=of.partition, offset=of.offset)
