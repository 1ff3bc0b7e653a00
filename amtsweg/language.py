"""One language for a call of the command: `--lang`, else `AMTSWEG_LANG`, else `LANG`; German where nothing says."""

import os
from typing import Literal

LANGUAGE_VARIABLE = "AMTSWEG_LANG"

CommandLanguage = Literal["de", "en"]


def language() -> CommandLanguage:
    """The language of this call."""
    wanted = os.environ.get(LANGUAGE_VARIABLE) or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if wanted.lower().startswith("en") else "de"


def said(*, de: str, en: str) -> str:
    """The text in the language of this call."""
    return en if language() == "en" else de
