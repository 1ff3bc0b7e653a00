"""The names of all topics: shared ones, one inbox per authority, and dead letters with their retention."""

from collections.abc import Mapping
from typing import Final

from shared.events.topics import CATALOGUE, GROUPS, BusLogin, ConsumerGroup


def dead_letter_topic(group: str) -> str:
    """The topic of the records that this group could not read or process, and of notes about them; small values unchanged."""
    return f"{group}.dead-letter.v1"


def sealed_dead_letter_topic(group: str) -> str:
    """The dead letters for topics with sealed data: pointers to the records, with the records' timestamps."""
    return f"{group}.sealed-dead-letter.v1"


DEAD_LETTER_RETENTION: Final = max(t.retention for t in CATALOGUE if t.retention and not t.sealed)
"""As long as the records themselves."""

SEALED_DEAD_LETTER_RETENTION: Final = min(t.retention for t in CATALOGUE if t.retention and t.sealed)
"""Counted from the record's timestamp, not the letter's: no letter outlives its record."""

DEAD_LETTER_PARTITIONS: Final = 1

DEAD_LETTER_TOPICS: Final[Mapping[str, ConsumerGroup]] = {
    topic(group): group for group in GROUPS for topic in (dead_letter_topic, sealed_dead_letter_topic)
}
"""Every dead-letter topic with the group that owns it."""


def produced_by(login: BusLogin) -> tuple[str, ...]:
    """The names of the shared topics that a principal writes."""
    return tuple(topic.name for topic in CATALOGUE if login in topic.producers and not topic.per_authority)
