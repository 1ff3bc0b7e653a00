"""The outcome of a message to a person outside."""

from typing import Literal
from uuid import UUID

from shared.events.payload import Instant, Payload
from shared.events.submission import Channel

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
"""What an applicant is told. Messages of one kind follow from events of one topic, so their order is defined."""
Settlement = Literal["sent", "delayed", "unread", "delivered", "failed", "unknown", "no-contact"]
"""``sent``: the next server on the way accepted the message, or the mailbox provides it. These may follow later:
``delayed``, it is still on its way; ``unread``, it was not read in the mailbox for some days; ``delivered``, it arrived
or was read; ``failed``, it came back."""

FailureReason = Literal["address", "refused", "gave-up", "internal-error", "bounced", "suppressed"]
"""Why a message failed: no usable address, refused permanently, not delivered in time, an error of our own code, returned
after it was accepted, or not tried because an earlier message came back."""

Shortcoming = Literal["list-missing", "list-not-opened", "list-unreadable"]
"""What a sent message lacks: the authority's list of missing items has not arrived, cannot be opened with our keys, or
is not a valid list. The message then gives the number of items and says where to find the list."""


class NotificationSettled(Payload):
    """A message was handed over or will not be; ``unknown``: it is not known whether the mail server accepted it.

    ``repeats``: how often it was offered again, with the same Message-ID, after an offer whose outcome is not known.
    """

    message_id: UUID
    kind: MessageKind
    revision: int
    channel: Channel
    outcome: Settlement
    attempts: int
    settled_at: Instant
    reason: FailureReason | Shortcoming | None = None
    unread_days: int | None = None
    repeats: int = 0


class NotificationRead(Payload):
    """The platform reports that the applicant has opened a message in its mailbox; the first report counts."""

    message_id: UUID
    read_at: Instant
