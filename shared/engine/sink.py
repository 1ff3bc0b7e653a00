"""The interface of a task to its transactions: the only difference between the two engines."""

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
    """Another member has taken over these partitions: rejoin the group; to reopen would fence that member off."""


@dataclass(frozen=True, slots=True)
class UnsettledLetter:
    """An unsettled dead letter; ``first`` is the origin of the oldest letter that blocks its key, often its own."""

    first: str


class SinkTransaction(Protocol):
    """One batch's transaction, while it is being filled. Not used after ``work`` (see ``Sink``) has returned."""

    def blocks(self, record: Record) -> bool:
        """Whether the record's key has an unsettled dead letter. Answers from memory."""

    async def apply(self, records: Sequence[Record]) -> None:
        """Add the records' effects. An exception undoes all of them and nothing else; the transaction stays usable.

        Raises:
            Exception: any exception of the service; the failure policy judges it.
        """

    async def set_aside(self, record: Record, verdict: DeadLetterVerdict) -> None:
        """Add the record's dead letter; later records of its key are blocked if our code failed on it."""

    async def unsettled(self, origin: str) -> UnsettledLetter | None:
        """The dead letter with this origin (``topic/partition/offset``), if it is unsettled."""

    async def blocking(self, key: bytes) -> Sequence[str]:
        """The origins of the unsettled dead letters that block this key, the oldest first."""

    async def report(self, told: Message, *, settles: str | None = None) -> None:
        """Add the message about an order's outcome, and settle the letter with this origin."""


Work = Callable[[SinkTransaction], Awaitable[Sequence[Record]]]
"""Fills a transaction; returns the records to acknowledge."""


class Sink(Protocol):
    """The transactions of one unit. The task calls the methods one after the other, never two at once.

    A sink lives as long as its unit is assigned to this process: its memory survives a reopening.
    """

    @property
    def portion(self) -> int:
        """How many records ``SinkTransaction.apply`` takes at once."""

    async def open(
        self, consumer: AIOKafkaConsumer, unit: Unit, topics: TopicIds
    ) -> Mapping[TopicPartition, int]:
        """Fence off the former owner, restore the state, and return the offsets to read from. It may take any time.

        ``topics`` has just been refreshed.

        Raises:
            Unavailable: a dependency cannot be reached; the task closes, waits and opens again.
            Stopped: going on would do harm; the consumer stops until an operator orders it to resume.
        """

    async def transact(self, records: Sequence[Record], work: Work) -> None:
        """Let ``work`` fill one transaction and commit it with the next offsets, or nothing of it.

        Runs to its end even if the task is cancelled meanwhile.

        Raises:
            Replaced: another member has moved the offsets.
            Exception: nothing is committed, or the outcome is not known; the task closes and opens again.
        """

    def due(self) -> float | None:
        """When ``punctuate`` is to be called next, in seconds of the monotonic clock; None: never."""

    async def punctuate(self) -> None:
        """Do the work that is due, in its own transaction. Raises as ``transact`` does."""

    async def close(self) -> None:
        """Release what ``open`` acquired. May be called at any time; ends within a time limit and never raises."""
