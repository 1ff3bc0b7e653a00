"""Where a task's effects go: the one thing in which the two engines differ."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine.assignment import Unit
from shared.engine.failure_policy import DeadLetterVerdict
from shared.engine.topic_ids import TopicIds
from shared.kafka.records import Message, Record


class Replaced(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """Another member has taken these partitions over: join the group anew, for to reopen would throw that one out."""


@dataclass(frozen=True, slots=True)
class UnsettledLetter:
    """A dead letter that is not done with; ``first`` is the origin of the oldest that blocks its key, often its own."""

    first: str


class SinkTransaction(Protocol):
    """One batch's transaction, while it is being filled. Not used after ``work`` (see ``Sink``) has returned."""

    def blocks(self, record: Record) -> bool:
        """Whether a dead letter of the record's key is unsettled. Does not block."""

    async def apply(self, records: Sequence[Record]) -> None:
        """Add the records' effects. Raising undoes them all, and nothing else: the transaction goes on.

        Raises:
            Exception: whatever the service raises; the task judges it.
        """

    async def set_aside(self, record: Record, verdict: DeadLetterVerdict) -> None:
        """Add the record's dead letter; later records of its key are blocked if our code failed on it."""

    async def unsettled(self, origin: str) -> UnsettledLetter | None:
        """The dead letter with this origin (``topic/partition/offset``), if it is not done with."""

    async def blocking(self, key: bytes) -> Sequence[str]:
        """The origins of the unsettled dead letters that block this key, the oldest first."""

    async def report(self, told: Message, *, settles: str | None = None) -> None:
        """Add what is told of an order, and that the letter with this origin is done with."""


Work = Callable[[SinkTransaction], Awaitable[Sequence[Record]]]
"""Fills a transaction; returns the records that are done with."""


class Sink(Protocol):
    """One unit's way out. The task calls its methods one after the other, never two at once.

    It lives as long as its unit stays with this process: what it keeps in memory survives a reopening.
    """

    @property
    def portion(self) -> int:
        """How many records ``SinkTransaction.apply`` takes at once."""

    async def open(
        self, consumer: AIOKafkaConsumer, unit: Unit, topics: TopicIds
    ) -> Mapping[TopicPartition, int]:
        """Shut out who wrote before, read what is stored; return where to read on. May take as long as it takes.

        ``topics`` has just been asked which topics these are.

        Raises:
            Unavailable: something cannot be reached; the task closes, waits and opens again.
            Stopped: going on would do harm; the consumer stops until a person has looked.
        """

    async def transact(self, records: Sequence[Record], work: Work) -> None:
        """Let ``work`` fill one transaction and commit it with the next offsets, or nothing of it.

        Runs to its end even if the task is cancelled meanwhile.

        Raises:
            Replaced: somebody else has moved the offsets.
            Exception: nothing is committed, or it is not known; the task closes and opens again.
        """

    def due(self) -> float | None:
        """When ``punctuate`` is to be called next, in seconds of the monotonic clock; None: never."""

    async def punctuate(self) -> None:
        """Do what time demands, in a transaction of its own. Raises as ``transact`` does."""

    async def close(self) -> None:
        """Let go of what ``open`` took; may be called at any time, within a time limit, and raises nothing."""
