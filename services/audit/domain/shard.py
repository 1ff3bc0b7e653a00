"""A log ends with its year, and the next one begins with the old one's last word."""

from shared.events.payload import Payload


class ShardOpened(Payload):
    """The first entry of a log: ``previous`` was closed with ``size`` entries, and ``checkpoint`` is its last note.

    Whoever trusts the new log's checkpoint has the old log's last root from its first entry.
    """

    previous: str
    size: int
    root: str
    checkpoint: str
