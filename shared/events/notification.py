"""What became of a message to somebody outside."""

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
"""What an applicant is told. Messages of one kind follow from events of one topic, so that their order is one."""
Settlement = Literal["sent", "delayed", "unread", "delivered", "failed", "unknown", "no-contact"]
"""``sent``: the next one on the way has taken it over; in a mailbox that is its provision. Later may follow:
``delayed``, it is on its way still; ``unread``, after so many days in a mailbox; ``delivered``, it arrived or was read;
``failed``, it came back."""

FailureReason = Literal["address", "refused", "gave-up", "internal-error", "bounced", "suppressed"]
"""Why a message failed: no address, refused for good, too long in vain, an error of our own code, returned after it was
taken over, or not tried since an earlier one has come back."""

Shortcoming = Literal["list-missing", "list-not-opened", "list-unreadable"]
"""What a message lacks that went out all the same: the authority's list of what is missing has not come, does not open
with our keys, or is no list. The message names the number and says where the list lies."""


class NotificationSettled(Payload):
    """A message was handed over, or will not be; ``unknown``: nobody knows whether the mail server has taken it.

    ``repeats``: so often it was offered again, with the same Message-ID, since an earlier offer may have been taken.
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
