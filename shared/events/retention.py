"""How long what is erased may still lie on a topic."""

from datetime import timedelta

from shared.events.topics import DEAD_LETTER_RETENTION, Topic

_REMOVED_WITHIN = timedelta(days=2)
"""Topics with sealed data begin a segment every day, and only whole segments are removed."""


def gone_after(topic: Topic) -> timedelta | None:
    """How long an erased record lies there at most; None where nothing removes it."""
    if topic.compacted:
        return timedelta(days=1) + _REMOVED_WITHIN  # behind its tombstone
    return None if topic.retention is None else topic.retention + _REMOVED_WITHIN


def dead_letters_gone_after() -> timedelta:
    """The same for a dead letter, which may hold a sealed record as it came."""
    return DEAD_LETTER_RETENTION + _REMOVED_WITHIN
