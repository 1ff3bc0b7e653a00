"""What a service gives to the Kafka-to-Kafka engine: a pure function from record and state to messages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
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
        """Return the object of the lookup topic with this key, if ``Processor.wants`` asked for it."""

    def supersede(self, topic: str) -> None:
        """Settle the key's dead letters from this topic, because this record's decision replaces theirs."""


class Processor(Protocol):
    """A service's reaction to records. Called in offset order per partition, never concurrently for one partition."""

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """Return the keys of the lookup objects that ``on_record`` will need; the engine fetches them first."""

    def on_record(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return the messages that follow from the record.

        Raises:
            Undecodable: the record becomes a dead letter.
            Unavailable: the record and its successors in the partition are tried again after a pause.
        """

    def on_poisoned(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return the messages that follow from a record on which ``on_record`` fails, for example that its case is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputsRead:
    """How far the inputs are read: every record that was on them at ``until`` has been applied (None: not known yet).

    ``blocked`` tells whether a key has an unsettled dead letter.
    """

    until: datetime | None
    blocked: Callable[[str], bool]


class Punctuate(Protocol):
    """A service's reaction to the passing of time, for example that a state expires."""

    def __call__(self, keys: Sequence[str], state: State, reading: InputsRead) -> Sequence[Outgoing]:
        """Change the states of these keys (some hundreds) and return the messages that follow; a transaction commits both.

        Called every ``Plan.punctuate_interval`` between batches, with the next slice of keys; it must not block. An
        exception is logged, and nothing is changed.
        """
