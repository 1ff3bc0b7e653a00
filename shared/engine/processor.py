"""What a service gives to the Kafka-to-Kafka engine: a pure step from record to messages, and its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from re import Pattern
from typing import Protocol

from shared.kafka.records import Outgoing, Record


class State(Protocol):
    """The case states of one partition as this batch sees them; changes are kept only if it commits."""

    def get(self, key: str) -> bytes | None:
        """Return the state of this key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Set the state of this key."""

    def delete(self, key: str) -> None:
        """Remove the key; its tombstone goes to the state topic."""

    def held(self, key: str) -> Record | None:
        """Return the object of the shelf topic with this key, if ``Processor.wants`` asked for it."""


class Processor(Protocol):
    """What a service makes of a record. Called in offset order per partition, never concurrently for one."""

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """The keys of shelf objects that ``on_record`` will need; fetched before it is called."""

    def on_record(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return what follows from the record.

        Raises:
            Undecodable: the record goes to the dead letter.
            Unavailable: the record, and what follows it in its partition, is tried again after a pause.
        """

    def on_poisoned(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return what follows from a record that the code fails on, for example that it is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an engine reads and writes, and how.

    ``inputs`` are topics with equal partition counts: partition n of each is read by one task. With
    ``single_task`` one task reads everything, also a pattern, and a second replica stands by; a partition
    whose records fail is then held back alone.

    ``state_topic`` is compacted and partitioned like the inputs. ``shelf`` is a compacted output topic of
    large objects, keyed by object and partitioned by case. ``orders`` are inputs written by persons, which
    are tried although a case is blocked by a dead letter.
    """

    group: str
    inputs: tuple[str, ...] | Pattern[str]
    dead_letters: str
    state_topic: str | None = None
    shelf: str | None = None
    orders: frozenset[str] = frozenset()
    single_task: bool = False
    instance: str | None = None
    batch_size: int = 600
    minimum_period: timedelta = timedelta(milliseconds=30)
    transaction_timeout: timedelta = timedelta(seconds=12)
