"""A message as a letter: the same words as an e-mail, the address field, and the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.notifier.domain.reach import Addressee
from services.notifier.domain.rendering import Words
from shared.local_time import letter_day
from shared.printed_text import printed

_FITS = 38
"""Characters of a line in the address field at full size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSender:
    """Whom letters come from; ``line`` is the small line above the address."""

    name: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLetter:
    """What is printed."""

    message_id: UUID
    sender: LetterSender
    addressee: Addressee
    on: date
    words: Words

    def data(self) -> Mapping[str, Any]:
        """What the layout is filled with; all of it is text, whatever is written in it."""
        words = self.words
        outline = words.outline
        return {
            "lang": "en" if words.language == "en" else "de",
            "sender": self.sender.name,
            "sender_line": self.sender.line,
            "address": self.addressee.lines,
            "long": any(len(line) > _FITS for line in self.addressee.lines),
            "date": letter_day(self.on, "en" if words.language == "en" else "de"),
            "heading": printed(outline.heading),
            "greeting": printed(outline.greeting),
            "lead": printed(outline.lead),
            "facts": [[printed(part) for part in fact] for fact in outline.facts],
            "effect": printed(outline.effect),
            "meaning": printed(outline.meaning),
        }
