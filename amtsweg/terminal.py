"""What a stranger wrote, made fit for a terminal: no control sequence, no markup, no character that is not seen."""

import json
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console


def printable(text: object) -> str:
    """The text with every character that is not printable spelt out in its hexadecimal form; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in str(text))


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line, made `printable`."""
    typer.echo(printable(text), err=err)


def ended(text: object, status: int) -> typer.Exit:
    """Say why the call ends, and let it end with one of `amtsweg.exit_status`."""
    echo(text, err=True)
    return typer.Exit(status)


JsonOption = Annotated[bool, typer.Option("--json", help="as JSON, times in UTC")]
"""The option of every list."""


def echo_json(document: object) -> None:
    """Print a document as JSON; what a stranger wrote stays data: it is `escaped_json`."""
    typer.echo(escaped_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()))


def json_line(document: object) -> str:
    """A document as one line of JSON, `escaped_json`."""
    return escaped_json(orjson.dumps(document).decode())


def escaped_json(text: str) -> str:
    """The same JSON, in which whatever is not printable is escaped; its readers read the same."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


_IN_A_PIPE = 400
"""Columns where no terminal sets a width, so that no identifier is cut."""


def plain_console() -> Console:
    """A console that shows what it is given as text: no markup, no emoji, nothing cut in a pipe."""
    width = None if sys.stdout.isatty() else _IN_A_PIPE
    return Console(markup=False, emoji=False, highlight=False, width=width)
