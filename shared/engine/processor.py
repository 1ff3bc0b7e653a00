"""What a service gives to the Kafka-to-Kafka engine: a pure step from record to messages."""

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
        """What this record decides takes the place of the key's dead letters from this topic: they are settled."""


class Processor(Protocol):
    """What a service makes of a record. Called in offset order per partition, never concurrently for one."""

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """The keys of lookup objects that ``on_record`` will need; fetched before it is called."""

    def on_record(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return what follows from the record.

        Raises:
            Undecodable: the record goes to the dead letter.
            Unavailable: the record, and what follows it in its partition, is tried again after a pause.
        """

    def on_poisoned(self, record: Record, state: State) -> Sequence[Outgoing]:
        """Return what follows from a record that the code fails on, for example that it is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputsRead:
    """How far the inputs are read: all that lay on them at ``until`` has been applied (None: not known yet).

    ``blocked`` tells whether a record of this key has been laid aside as a dead letter and waits there.
    """

    until: datetime | None
    blocked: Callable[[str], bool]


class Punctuate(Protocol):
    """What a service makes of time alone, for example that a state expires."""

    def __call__(self, keys: Sequence[str], state: State, reading: InputsRead) -> Sequence[Outgoing]:
        """Look at the states of these keys, some hundreds, and return what follows; it commits by itself.

        Called every ``Plan.punctuate_interval`` between batches, so that all states come by in turn; it must not
        block. What it raises is logged and leaves everything as it is.
        """
