"""Whether a text keeps to one language: common words of the other one give it away."""

import re

from amtsweg.language import CommandLanguage

GERMAN = frozenset(
    [
        "der",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einen",
        "einer",
        "und",
        "oder",
        "nicht",
        "ist",
        "sind",
        "wird",
        "werden",
        "mit",
        "von",
        "zu",
        "zum",
        "zur",
        "für",
        "auf",
        "aus",
        "bei",
        "nach",
        "wie",
        "wer",
        "wo",
        "im",
        "es",
        "gibt",
        "sonst",
        "nur",
        "noch",
        "auch",
        "alle",
        "alles",
        "kein",
        "keine",
        "fehlt",
        "lieber",
        "zeigt",
        "erwartet",
        "nötig",
        "dann",
    ]
)
ENGLISH = frozenset(
    [
        "the",
        "then",
        "of",
        "and",
        "or",
        "not",
        "is",
        "are",
        "were",
        "be",
        "been",
        "with",
        "to",
        "for",
        "on",
        "at",
        "by",
        "from",
        "what",
        "who",
        "where",
        "which",
        "it",
        "there",
        "else",
        "only",
        "every",
        "none",
        "missing",
        "shows",
        "expected",
        "required",
        "default",
    ]
)
OTHER: dict[CommandLanguage, frozenset[str]] = {"de": ENGLISH, "en": GERMAN}


def foreign(text: str, *, spoken: CommandLanguage) -> list[str]:
    """Words of the other language; names, keys, options, paths and what stands in `quotes` or <brackets> aside."""
    prose = re.sub(r"`[^`]*`|'[^']*'|<[^>]*>|\[[A-Z]+\]|--?[a-zA-Z-]+|[\w./*-]*[./][\w./*-]+", " ", text)
    prose = re.sub(r"(?m)^  [a-z-]+(?=  )", " ", prose)  # a command's own name in a list
    return [word for word in re.findall(r"\b[a-zäöüß]+\b", prose) if word in OTHER[spoken]]
