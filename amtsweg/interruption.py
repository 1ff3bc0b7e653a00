"""Ctrl-C: one sentence about what is done and what is not, and the exit status that shells expect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from amtsweg.exit_status import INTERRUPTED
from amtsweg.language import said
from amtsweg.terminal import echo


@contextmanager
def if_interrupted(told: Callable[[], str]) -> Iterator[None]:
    """Say ``told`` where somebody interrupts what is done inside; the innermost one speaks."""
    try:
        yield
    except KeyboardInterrupt:
        echo(f"\n{told()}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def stopped() -> str:
    """What holds for a command that changes nothing, or writes whole files only."""
    return said(de="Abgebrochen.", en="Interrupted.")


def perhaps_ordered(where: str) -> str:
    """An order may have left already; ``where`` is the command that shows it."""
    return said(
        de=f"Abgebrochen. War der Auftrag schon abgegeben, wird er ausgeführt: `{where}` zeigt es.",
        en=f"Interrupted. If the order had left already, it is carried out: `{where}` shows it.",
    )
