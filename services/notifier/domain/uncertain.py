"""What follows if it is unknown whether a message was accepted: a table, by channel and kind.

A mail server that died between the content and its answer may have the mail. What the law asks for is then offered
again, with the same Message-ID: twice is better than never. News that the law does not ask for are told once at most.
"""

from collections.abc import Mapping
from typing import Final, Literal

from shared.events.notification import MessageKind
from shared.events.submission import Channel

Course = Literal["again", "next-channel", "ask", "leave"]
"""``again``: the same message on the same way. ``next-channel``: it goes on over the next way, where there is one.
``ask``: it stays ``unknown``, and health asks the operator. ``leave``: it stays ``unknown``, and nobody has to act."""

ARRIVES_ONCE: Final[frozenset[Channel]] = frozenset({"mailbox", "letter"})
"""Receivers on these channels know a message by its id: offered twice it arrives once, so it is always offered again."""

_DUTY: Final[tuple[Course, ...]] = ("again", "again", "next-channel", "ask")
_NEWS: Final[tuple[Course, ...]] = ("leave",)

BY_EMAIL: Final[Mapping[MessageKind, tuple[Course, ...]]] = {
    "receipt": _DUTY,  # Art. 6 Abs. 2 SDG
    "clearing": _NEWS,
    "forwarded": _NEWS,
    "acknowledgement": _DUTY,  # § 71b Abs. 3 VwVfG
    "status": _NEWS,
    "incomplete": _DUTY,  # § 71b Abs. 4 VwVfG
    "supplement": _DUTY,  # § 71b Abs. 4 VwVfG
    "unreadable": _DUTY,  # § 3a Abs. 4 VwVfG
    "extension": _DUTY,  # § 42a Abs. 2 VwVfG: told before the old end
    "decision": _DUTY,  # § 9 Abs. 1 OZG: told on the day of the provision
    "deemed-approval": _DUTY,  # BGH III ZR 470/16
    "certificate": _DUTY,  # § 42a Abs. 3 VwVfG
    "trade-certificate": _DUTY,  # § 15 Abs. 1 GewO
    "completion": _DUTY,  # Art. 6 Abs. 2 SDG
}
"""What is done after the first, the second, … time that the outcome was not known; the last is for all that follow."""

ASKED: Final[frozenset[MessageKind]] = frozenset(
    kind for kind, courses in BY_EMAIL.items() if "ask" in courses
)
"""Kinds that never stay unknown in silence."""


def course_after(
    kind: MessageKind, channels: tuple[Channel, ...], channel: Channel, *, repeats: int
) -> Course:
    """What is done with a message whose outcome is unknown, after so many repetitions."""
    if channel in ARRIVES_ONCE:
        return "again"
    courses = BY_EMAIL[kind]
    for course in courses[min(repeats, len(courses) - 1) :]:
        if course != "next-channel" or channel in channels[:-1]:
            return course
    return courses[-1]


def goes_on(kind: MessageKind) -> bool:
    """Whether the next channel takes over where a mail of this kind has stayed unknown."""
    return "next-channel" in BY_EMAIL[kind]
