"""A text of an answer in German and English."""

from dataclasses import dataclass
from typing import Self

from shared.local_time import ReadIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilingual:
    """A text in German and English; an answer carries the one that the request prefers, German where it says nothing."""

    de: str
    en: str

    def __str__(self) -> str:
        return self.de

    def in_language(self, language: ReadIn) -> str:
        """The text in this language."""
        return self.en if language == "en" else self.de

    def format(self, **values: object) -> Self:
        """Both texts with their blanks filled."""
        return type(self)(de=self.de.format(**values), en=self.en.format(**values))
