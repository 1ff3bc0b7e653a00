"""The audit log's public statement of its size and root."""

from shared.events.payload import Instant, Payload


class CheckpointPublished(Payload):
    """A signed checkpoint (C2SP tlog-checkpoint), as published in the log's ``checkpoint`` file."""

    origin: str
    size: int
    root: str
    note: str
    published_at: Instant
