"""How long an erased record may remain on a topic."""

from datetime import timedelta

from shared.events.topic_names import SEALED_DEAD_LETTER_RETENTION
from shared.events.topics import Topic

_REMOVED_WITHIN = timedelta(days=2)
"""Topics with sealed data begin a segment every day, and only whole segments are removed."""


def gone_after(topic: Topic) -> timedelta | None:
    """How long an erased record remains on the topic at most; None where nothing removes it."""
    if topic.compacted:
        return timedelta(days=1) + _REMOVED_WITHIN  # behind its tombstone
    return None if topic.retention is None else topic.retention + _REMOVED_WITHIN


def dead_letters_gone_after() -> timedelta:
    """How long the dead letter of an erased sealed record remains; other dead letters hold nothing that can be erased."""
    return SEALED_DEAD_LETTER_RETENTION + _REMOVED_WITHIN
