"""What an engine reads and writes, and how."""

from dataclasses import dataclass
from datetime import timedelta

from shared.events.topics import OPERATION_ORDERED, OPERATION_SETTLED, SEALED_TOPICS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The group's inputs and the shape of its batches; what a sink does not use has no effect there.

    ``inputs`` are topics with equal partition counts: partition n of each is read by one task. With
    ``single_task`` one task reads everything, and a second replica stands by; a partition
    whose records fail is then held back alone. A batch ends at ``batch_size`` records, or ``batch_wait`` after
    its first. ``operations``, if among them, is where operators order what is to become of dead letters; the engine carries
    that out itself, and says on ``outcomes`` what has become of it; with ``keeps_operations`` the service takes these
    records too. Letters of records with
    sealed data go to ``sealed_dead_letters``, where there is one.

    Kafka to Kafka only: ``state_topic`` is compacted and partitioned like the inputs. ``lookup_topic`` is a
    compacted output topic of large objects, keyed by object and partitioned by case. ``orders`` are inputs
    written by persons, which are tried although a case is blocked by a dead letter. Transactions of one
    task begin ``minimum_period`` apart while there is little to do. ``punctuate_interval`` lies between two calls
    of ``punctuate``.
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
        """Where this group's dead letters go."""
        return tuple(filter(None, (self.dead_letters, self.sealed_dead_letters)))

    def letters_of(self, topic: str) -> str:
        """Where the dead letters of this input's records go."""
        return (self.sealed_dead_letters if topic in SEALED_TOPICS else None) or self.dead_letters
