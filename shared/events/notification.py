"""What became of a message to somebody outside."""

from typing import Literal
from uuid import UUID

from shared.events.payload import Instant, Payload

MessageKind = Literal[
    "receipt",
    "clearing",
    "forwarded",
    "acknowledgement",
    "status",
    "incomplete",
    "supplement",
    "unreadable",
    "extension",
    "decision",
    "deemed-approval",
    "certificate",
    "trade-certificate",
    "completion",
]
"""What an applicant is told. Messages of one kind follow from events of one topic, so that their order is one."""
Channel = Literal["email"]
Settlement = Literal["sent", "failed", "unknown", "no-contact"]
FailureReason = Literal["address", "refused", "gave-up", "internal-error"]
"""Why a message failed: no address, refused for good, too long in vain, or an error of our own code."""


class NotificationSettled(Payload):
    """A message was handed over, or will not be; ``unknown``: we died between DATA and its answer."""

    message_id: UUID
    kind: MessageKind
    revision: int
    channel: Channel
    outcome: Settlement
    attempts: int
    settled_at: Instant
    reason: FailureReason | None = None
