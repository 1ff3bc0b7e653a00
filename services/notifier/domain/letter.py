"""A message as a letter: the same words as an e-mail, the address field, and the day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.notifier.domain.reach import Addressee
from services.notifier.domain.rendering import Words
from shared.local_time import letter_day
from shared.printed_text import printed

_LONG_WORD = re.compile(r"\S{41,}")
_SYLLABLE = re.compile(r".{20}(?=.)")
"""Of a word that is longer than a line of the address field may be: it is broken here where it must."""


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
            "address": [_LONG_WORD.sub(_breakable, line) for line in self.addressee.lines],
            "date": letter_day(self.on, "en" if words.language == "en" else "de"),
            "heading": printed(outline.heading),
            "greeting": printed(outline.greeting),
            "lead": printed(outline.lead),
            "facts": [[printed(part) for part in fact] for fact in outline.facts],
            "effect": printed(outline.effect),
            "meaning": printed(outline.meaning),
        }


def _breakable(word: re.Match[str]) -> str:
    return _SYLLABLE.sub("\\g<0>\u200b", word[0])
