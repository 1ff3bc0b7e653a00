"""A sink's transaction in memory: what is applied can be undone, keys of poisoned records block."""

from collections.abc import Callable, Sequence

from shared.engine.failure_policy import DeadLetterVerdict
from shared.kafka.dead_letters import REPLAY_GROUP, REPLAY_ORIGIN, letter_key, place_of
from shared.kafka.records import Record

GROUP = "g"


class MemoryTransaction:
    """``judge`` raises for a record that cannot be applied."""

    def __init__(self, judge: Callable[[Record], None] = lambda _: None) -> None:
        self.judge = judge
        self.applied: list[Record] = []
        self.letters: dict[str, DeadLetterVerdict] = {}
        self.blocked: dict[str, bytes] = {}
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

    async def settle(self, replay: Record, origin: str) -> None:
        self.blocked.pop(origin, None)
        self.letters.pop(origin, None)


def record(offset: int, value: bytes = b"", *, key: bytes | None = None, partition: int = 0) -> Record:
    return Record("in", partition, offset, 0, b"k%d" % offset if key is None else key, value)


def replay(offset: int, of: Record, *, value: bytes = b"", group: str = GROUP) -> Record:
    headers = ((REPLAY_GROUP, group.encode()), (REPLAY_ORIGIN, place_of(of).encode()))
    return Record(of.topic, of.partition, offset, 0, of.key, value, headers)
