"""The topics a cluster needs, from the catalogue: partitions and settings of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.events.topic_names import (
    DEAD_LETTER_PARTITIONS,
    DEAD_LETTER_RETENTION,
    DEAD_LETTER_TOPICS,
    SEALED_DEAD_LETTER_RETENTION,
    sealed_dead_letter_topic,
)
from shared.events.topics import CATALOGUE, OUTPUT_BYTES, PARTITIONS, Topic

_DAY = timedelta(days=1)
_ADDED_HEADERS_BYTES = 64 * 1024
"""Room for what the runtime adds to a dead letter: reason, attempts, origin."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One topic and the settings in which it differs from the cluster's defaults."""

    name: str
    partitions: int
    settings: Mapping[str, str] = field(hash=False)


def wanted(authorities: Iterable[str], *, partitions: int = PARTITIONS) -> list[Wanted]:
    """Every topic; those keyed by case with so many partitions."""
    return list(_wanted(tuple(authorities), partitions))


def _wanted(authorities: tuple[str, ...], partitions: int) -> Iterator[Wanted]:
    for topic in CATALOGUE:
        names = [topic.for_authority(a) for a in authorities] if topic.per_authority else [topic.name]
        settings = _settings(topic)
        yield from (Wanted(name, topic.partitions(partitions), settings) for name in names)
    yield from (Wanted(name, DEAD_LETTER_PARTITIONS, _letter_settings(name)) for name in DEAD_LETTER_TOPICS)


def _letter_settings(name: str) -> dict[str, str]:
    sealed = name == sealed_dead_letter_topic(DEAD_LETTER_TOPICS[name])
    settings = {
        "cleanup.policy": "delete",
        "retention.bytes": "-1",
        "retention.ms": _ms(SEALED_DEAD_LETTER_RETENTION if sealed else DEAD_LETTER_RETENTION),
        # Letters of sealed records bear the time of these, which Kafka must not replace by its own.
        "message.timestamp.type": "CreateTime",
        "max.message.bytes": str(OUTPUT_BYTES + _ADDED_HEADERS_BYTES),
    }
    return settings | ({"segment.ms": _ms(_DAY)} if sealed else {})


def _settings(topic: Topic) -> dict[str, str]:
    # Nothing unread is ever deleted by size.
    settings = {"max.message.bytes": str(topic.max_bytes), "retention.bytes": "-1"}
    if topic.compacted:
        # A closed case's last value must be gone a day after its tombstone, not when the cleaner finds it worthwhile.
        policy = "compact" if topic.retention is None else "compact,delete"
        settings |= {"cleanup.policy": policy, "max.compaction.lag.ms": _ms(_DAY)}
    else:
        settings |= {"cleanup.policy": "delete"}
    if topic.retention is not None:
        settings |= {"retention.ms": _ms(topic.retention)}
    elif not topic.compacted:
        settings |= {"retention.ms": "-1"}
    if topic.stamped == "broker":
        settings |= {"message.timestamp.type": "LogAppendTime"}
    if topic.sealed or topic.compacted:
        # Only whole segments are removed: a new one every day keeps sealed data for its retention and a day.
        settings |= {"segment.ms": _ms(_DAY)}
    return settings


def _ms(duration: timedelta) -> str:
    return str(duration // timedelta(milliseconds=1))
