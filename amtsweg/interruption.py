"""Ctrl-C: one sentence about what is done and what is not, and the exit status that shells expect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from amtsweg.exit_status import INTERRUPTED
from amtsweg.language import said
from amtsweg.terminal import echo, ended
from shared.errors import Unavailable


@contextmanager
def if_interrupted(told: Callable[[], str]) -> Iterator[None]:
    """Say ``told`` where somebody interrupts what is done inside; the innermost one speaks."""
    try:
        yield
    except KeyboardInterrupt:
        raise ended(f"\n{told()}", INTERRUPTED) from None


def stopped() -> str:
    """What holds for a command that changes nothing, or writes whole files only."""
    return said(de="Abgebrochen.", en="Interrupted.")


@contextmanager
def ordering(where: str) -> Iterator[None]:
    """Say that an order may have left already where somebody interrupts, or a server is away; ``where`` shows it."""
    perhaps = said(
        de=f"War der Auftrag schon abgegeben, wird er ausgeführt: `{where}` zeigt es.",
        en=f"If the order had left already, it is carried out: `{where}` shows it.",
    )
    with if_interrupted(lambda: f"{said(de='Abgebrochen.', en='Interrupted.')} {perhaps}"):
        try:
            yield
        except Unavailable:
            echo(perhaps, err=True)
            raise
