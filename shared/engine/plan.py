"""The configuration of one engine: its topics and the shape of its batches."""

from dataclasses import dataclass
from datetime import timedelta

from shared.events.topics import OPERATION_ORDERED, OPERATION_SETTLED, SEALED_TOPICS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The topics of a group and the shape of its batches.

    Attributes:
        inputs: Topics with equal partition counts; one task reads partition n of all of them.
        dead_letters: Topic of the group's dead letters.
        sealed_dead_letters: Topic of the dead letters of records with sealed data, where there is one.
        single_task: One task reads everything and a second replica stands by.
        instance: This replica's ordinal, for static membership.
        batch_size: Most records of a batch.
        batch_wait: How long a batch waits for more records after its first.
        state_topic: Kafka to Kafka only: compacted, partitioned like the inputs.
        lookup_topic: Kafka to Kafka only: a compacted output topic of large objects, keyed by object, partitioned by case.
        orders: Inputs that people write; their records are tried even if a dead letter blocks their key.
        operations: If among the inputs, operators order there what happens to dead letters; the engine obeys.
        outcomes: Topic on which the engine reports the outcome of these orders; None: it does not.
        keeps_operations: The service processes the records of ``operations``, too.
        minimum_period: Shortest time between the beginnings of two transactions that are not full.
        punctuate_interval: Kafka to Kafka only: time between two calls of ``Punctuate``.
        transaction_timeout: Kafka to Kafka only: after this time Kafka aborts an open transaction.
    """

    group: str
    inputs: tuple[str, ...]
    dead_letters: str
    sealed_dead_letters: str | None = None
    single_task: bool = False
    instance: str | None = None
    batch_size: int = 600
    batch_wait: timedelta = timedelta()
    state_topic: str | None = None
    lookup_topic: str | None = None
    orders: frozenset[str] = frozenset()
    operations: str = OPERATION_ORDERED.name
    outcomes: str | None = OPERATION_SETTLED.name
    keeps_operations: bool = False
    minimum_period: timedelta = timedelta(milliseconds=30)
    punctuate_interval: timedelta = timedelta(seconds=1)
    transaction_timeout: timedelta = timedelta(seconds=12)

    @property
    def letter_topics(self) -> tuple[str, ...]:
        """The topics of this group's dead letters."""
        return tuple(filter(None, (self.dead_letters, self.sealed_dead_letters)))

    def letters_of(self, topic: str) -> str:
        """The topic of the dead letters of this input's records."""
        return (self.sealed_dead_letters if topic in SEALED_TOPICS else None) or self.dead_letters
