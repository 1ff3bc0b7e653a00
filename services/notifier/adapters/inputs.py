"""What the notifier reads from the bus: its topics, and a record of them as an event."""

from collections.abc import Mapping
from typing import Final

from shared.events.envelope import Event, Undecodable, decode
from shared.events.payload import Payload
from shared.events.topics import CASE_MESSAGE, consumed_by
from shared.kafka.records import Record

TOPICS: Final = consumed_by("notifier")
_PAYLOADS: Final[Mapping[str, tuple[type[Payload], ...]]] = {topic.name: topic.payloads for topic in TOPICS}


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
