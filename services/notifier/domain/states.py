"""The life of a message as a table: which state may follow which, and when another channel takes over.

In the words of mail: ``sent`` is accepted by the next one on the way, ``delayed`` a temporary and ``failed`` a permanent
failure. A bounce may come late, even after ``delivered``.
"""

from collections.abc import Mapping
from typing import Final

from services.notifier.domain.message import MessageState
from services.notifier.domain.uncertain import goes_on
from shared.events.notification import FailureReason, MessageKind, Settlement, Shortcoming
from shared.events.submission import Channel

TRANSITIONS: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    "created": frozenset({"sending", "failed", "no-contact"}),
    "sending": frozenset({"created", "sent", "failed", "unknown"}),
    "sent": frozenset({"delayed", "unread", "delivered", "failed"}),
    "delayed": frozenset({"delivered", "failed"}),
    "unread": frozenset({"unread", "delivered"}),
    "delivered": frozenset({"failed"}),
    "unknown": frozenset({"created", "delayed", "delivered", "failed"}),
    "failed": frozenset({"created"}),
    "no-contact": frozenset(),
}
"""``created`` follows ``sending`` where nothing was handed over, and ``unknown`` and ``failed`` where it is sent again."""

LATER: Final[frozenset[Settlement]] = frozenset({"delayed", "unread", "delivered"})
"""What is only said of a message that was handed over, beside ``failed`` with the reason ``bounced``."""

SECOND_REMINDER_DAYS: Final = 7
REMINDER_DAYS: Final = (5, SECOND_REMINDER_DAYS)
"""So many days after its provision in a mailbox a message that is unread goes on the next channel."""


def before(outcome: Settlement, reason: FailureReason | Shortcoming | None = None) -> frozenset[MessageState]:
    """The settled states that this outcome may follow later; none where it is the first one."""
    if outcome not in LATER and reason != "bounced":
        return frozenset()
    return frozenset(state for state, after in TRANSITIONS.items() if outcome in after) - {
        "created",
        "sending",
    }


def next_channel(
    channels: tuple[Channel, ...],
    channel: Channel,
    *,
    kind: MessageKind,
    state: MessageState,
    unread_days: int | None = None,
) -> Channel | None:
    """The channel that takes over, if one does.

    After a failure the next; for what is unread the next, then the one after; for what stayed unknown, by its kind.
    """
    if channel not in channels or not (
        state in {"failed", "unread"} or (state == "unknown" and goes_on(kind))
    ):
        return None
    steps = 2 if state == "unread" and (unread_days or 0) >= SECOND_REMINDER_DAYS else 1
    place = channels.index(channel) + steps
    return channels[place] if place < len(channels) else None
