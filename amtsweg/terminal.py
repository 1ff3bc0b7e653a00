"""What a stranger wrote, made fit for a terminal: no control sequence, no markup, no character that is not seen."""

import typer


def printable(text: object) -> str:
    """The text with every character that is not printable spelt out in its hexadecimal form; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in str(text))


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line, made `printable`."""
    typer.echo(printable(text), err=err)
