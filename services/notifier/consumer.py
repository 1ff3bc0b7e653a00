"""Records in, planned messages and timers out: what the notifier reads, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.timers import TimerLedger
from services.notifier.domain.deadlines.law import Law
from services.notifier.handler.planning import on_events
from services.notifier.handler.ticking import set_timers
from shared.engine import Plan
from shared.events.envelope import Event, Undecodable, decode
from shared.events.payload import Payload
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import CASE_MESSAGE, consumed_by
from shared.kafka.records import Record
from shared.postgres.pool import Connection

TOPICS: Final = consumed_by("notifier")
_PAYLOADS: Final[Mapping[str, tuple[type[Payload], ...]]] = {topic.name: topic.payloads for topic in TOPICS}

PLANNING = Plan(
    group="notifier",
    inputs=tuple(topic.name for topic in TOPICS),
    dead_letters=dead_letter_topic("notifier"),
    sealed_dead_letters=sealed_dead_letter_topic("notifier"),
    batch_wait=timedelta(milliseconds=20),
)
"""Plans and offsets in one PostgreSQL transaction per batch."""


class Planning:
    """The projection of the group ``notifier``: events in, planned messages and timers out."""

    def __init__(self, law: Law) -> None:
        self._law = law

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        events = [read(record) for record in records if not is_taken_away(record)]
        await on_events(events, PostgresCaseStore(connection), self._law)
        await set_timers(events, TimerLedger(connection), self._law)


def is_taken_away(record: Record) -> bool:
    """A message of an authority that its reader has confirmed: its topic has a record without value."""
    return record.topic == CASE_MESSAGE.name and record.value is None and record.fault is None


def read(record: Record) -> Event[Payload]:
    """The event of an input record.

    Raises:
        Undecodable: it is none, or its key is not the one of its topic: the case, or the message itself.
    """
    event = decode(record.value, record.headers, _PAYLOADS[record.topic])
    if record.key != str(event.id if record.topic == CASE_MESSAGE.name else event.case_id).encode():
        raise Undecodable("the key is not the id that its topic asks for")
    return event
