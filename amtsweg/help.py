"""The help of every command in the language of the call; German and English stand side by side in `help.toml`."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from typer import Context
from typer._click.formatting import HelpFormatter  # typer shows no other way to its formatter

from amtsweg.code_words import with_words
from amtsweg.language import language, said

_BRACES: Final = re.compile(r"\\{(\w+)\\}")
_GERMAN: Final = {"Usage: ": "Aufruf: ", "Arguments": "Angaben", "Options": "Optionen", "Commands": "Befehle"}
_PLACES: Final = (("[OPTIONS]", "[OPTIONEN]"), ("COMMAND", "BEFEHL"), ("[ARGS]", "[ANGABEN]"))
_NOTES: Final = ((r"\bdefault: ", "sonst: "), (r"\brequired\b", "nötig"), (r"\benv var: ", "Umgebung: "))


def translated(text: str) -> str:
    """This text of the catalogue in the language of the call; whatever is not in the catalogue stays as it is."""
    text = text.strip()
    column = ("de", "en").index(language())
    if text in _plain():
        return _plain()[text][column]
    for pattern, pair in _patterns():
        if (found := pattern.fullmatch(text)) is not None:
            return pair[column].format(**{name: with_words(text) for name, text in found.groupdict().items()})
    return text


@cache
def catalogue() -> tuple[tuple[str, str], ...]:
    """All texts, German and English."""
    text = files("amtsweg").joinpath("help.toml").read_text(encoding="utf-8")
    return tuple((german, english) for german, english in tomllib.loads(text)["pairs"])


@cache
def _plain() -> dict[str, tuple[str, str]]:
    return {text: pair for pair in catalogue() for text in pair if "{" not in text}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], tuple[str, str]], ...]:
    return tuple(
        (re.compile(_BRACES.sub(r"(?P<\1>.+)", re.escape(text))), pair)
        for pair in catalogue()
        for text in pair
        if "{" in text
    )


def in_one_language(command: Any) -> None:
    """Give a command, its parts and its parameters the help of this call."""
    for each in every_part(command):
        each.context_class = _Spoken
        each.help = translated(each.help or "")
        for parameter in each.params:
            if getattr(parameter, "help", None):
                parameter.help = translated(parameter.help)


def every_part(command: Any) -> Iterator[Any]:
    """The command and all below it."""
    yield command
    for part in getattr(command, "commands", {}).values():
        yield from every_part(part)


class _Formatter(HelpFormatter):
    """Headings and notes that the framework writes itself."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for english, german in _PLACES if language() == "de" else ():
            args = args.replace(english, german)
        super().write_usage(prog, args, _word(prefix or "Usage: "))

    def write_heading(self, heading: str) -> None:
        super().write_heading(_word(heading))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(first, _noted(second)) for first, second in rows], col_max, col_spacing)


class _Spoken(Context):
    formatter_class = _Formatter


def _word(text: str) -> str:
    return said(de=_GERMAN.get(text, text), en=text)


def _noted(text: str) -> str:
    """A parameter's help with the note in brackets that the framework appends."""
    words, bracket, notes = text.rpartition("  [")
    if not bracket:
        words, notes = ("", text[1:]) if text.startswith("[") else (text, "")
    words, bracket = translated(words), bracket or text[:1] * bool(notes)
    for english, german in _NOTES if language() == "de" else ():
        notes = re.sub(english, german, notes)
    return f"{words}{bracket}{notes}"
