"""Wrong calls of a command, in the language of the call: what the framework says in English, said in German."""

import re
from collections.abc import Iterator
from typing import Any, Final

from typer._click.exceptions import (
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)  # typer shows no other way to its errors

from amtsweg.language import said
from amtsweg.terminal import printable

__all__ = ["UsageError", "in_german", "wrong_use"]

_GERMAN: Final = tuple(
    (re.compile(english, re.DOTALL), german)
    for english, german in (
        (r"Missing (?:option|argument|parameter) (.+?)\. Choose from:\s*(.+)", r"Es fehlt \1: eines von \2"),
        (r"Missing (?:option|argument|parameter) (.+?)\.?", r"Es fehlt \1."),
        (r"Missing command\.", "Es fehlt ein Befehl."),
        (r"No such option: (\S+) \(Possible options: (.+)\)", r"Die Option \1 gibt es nicht; ähnlich: \2"),
        (r"No such option: (\S+) ?(?:Did you mean (.+)\?)?", r"Die Option \1 gibt es nicht."),
        (r"No such command (.+?)\.(?: Did you mean .+\?)?", r"Den Befehl \1 gibt es nicht."),
        (r"Got unexpected extra arguments? \((.+)\)", r"Zu viele Angaben: \1"),
        (r"Option (.+) requires (?:an argument|[0-9]+ arguments)\.", r"Zur Option \1 gehört ein Wert."),
        (r"Option (.+) does not take a value\.", r"Zur Option \1 gehört kein Wert."),
        (r"Argument (.+) takes ([0-9]+) values\.", r"Zu \1 gehören \2 Werte."),
        (r"Invalid value for (.+?): (.+) is not a valid integer\.?", r"\1: \2 ist keine ganze Zahl."),
        (r"Invalid value for (.+?): (.+) is not a valid float\.?", r"\1: \2 ist keine Zahl."),
        (r"Invalid value for (.+?): (.+) is not a valid UUID\.?", r"\1: \2 ist keine UUID."),
        (r"Invalid value for (.+?): (.+) is not in the range (.+?)\.", r"\1: \2 liegt nicht im Bereich \3."),
        (r"Invalid value for (.+?): (.+) is not one of (.+?)\.", r"\1: \2 ist keines von \3."),
        (r"Invalid value for (.+?): \w+ (.+) does not exist\.", r"\1: \2 gibt es nicht."),
        (r"Invalid value for (.+?): \w+ (.+) is a file\.", r"\1: \2 ist eine Datei."),
        (r"Invalid value for (.+?): \w+ (.+) is a directory\.", r"\1: \2 ist ein Ordner."),
        (r"Invalid value for (.+?): \w+ (.+) is not (?:readable|writable)\.", r"\1: kein Zugriff auf \2."),
        (
            r"Invalid value for (.+?): (.+) does not match the formats? (.+?)\.",
            r"\1: \2 hat nicht die Form \3.",
        ),
        (r"Invalid value: (.+)", r"Ungültiger Wert: \1"),  # what a command says itself is German already
        (r"Invalid value for (.+?): .*", r"\1: ungültiger Wert."),
    )
)

_EXPECTED: Final = tuple(
    (re.compile(rf"Input should be {what}", re.DOTALL), german, english)
    for what, german, english in (
        (r"greater than or equal to (\S+)", r"mindestens \1", r"at least \1"),
        (r"less than or equal to (\S+)", r"höchstens \1", r"at most \1"),
        (r"greater than (\S+)", r"mehr als \1", r"more than \1"),
        (r"less than (\S+)", r"weniger als \1", r"less than \1"),
        (r"a valid integer\b.*", "eine ganze Zahl", "an integer"),
        (r"a valid number\b.*", "eine Zahl", "a number"),
        (r"a valid UUID\b.*", "eine UUID", "a UUID"),
    )
)
"""What a parameter's own check says of the value: what it expects, in both languages."""

_OF_A_VALUE: Final = re.compile(r"Invalid value for (.+?): (?:Value error, )?(.+)", re.DOTALL)


def wrong_use(error: UsageError) -> str:
    """The error in one sentence, and where help is; or the help itself where a command was called without anything."""
    told = error.format_message()
    if error.ctx is not None and (isinstance(error, NoArgsIsHelpError) or told == "Missing command."):
        return error.ctx.get_help()
    path = "amtsweg" if error.ctx is None else error.ctx.command_path
    if isinstance(error, NoSuchOption) and error.ctx is not None:
        for below in _taking(error.ctx.command, error.option_name):
            return printable(_belongs_behind(f"{path} {below}", error.option_name))
    hint = said(de=f"Hilfe: {path} --help", en=f"Help: {path} --help")
    return printable(f"{_in_words(told)}\n{hint}")


def _taking(group: Any, option: str) -> Iterator[str]:
    """The commands below this one that take the option."""
    for name, part in getattr(group, "commands", {}).items():
        if any(option in parameter.opts for parameter in part.params):
            yield name
        yield from (f"{name} {below}" for below in _taking(part, option))


def _belongs_behind(command: str, option: str) -> str:
    return said(
        de=f"Die Option {option} gehört hinter den Befehl: {command} {option}\nHilfe: {command} --help",
        en=f"Option {option} belongs behind the command: {command} {option}\nHelp: {command} --help",
    )


def _in_words(told: str) -> str:
    """The sentence in the language of the call, with what was expected where the framework tells that."""
    if (found := _OF_A_VALUE.fullmatch(told.strip())) is None:
        return said(de=in_german(told), en=told)
    name, fault = found.groups()
    for expected, german, english in _EXPECTED:
        if (match := expected.fullmatch(fault)) is not None:
            wanted = match.expand(said(de=german, en=english))
            return said(de=f"{name}: erwartet wird {wanted}.", en=f"{name}: expected {wanted}.")
    whole = f"Invalid value for {name}: {fault}"
    return said(de=in_german(whole), en=whole)


def in_german(text: str) -> str:
    """The framework's sentence in German; a sentence that is not known says only that the call is wrong."""
    for english, german in _GERMAN:
        if (found := english.fullmatch(text.strip())) is not None:
            return found.expand(german)
    return "Ungültiger Aufruf."
