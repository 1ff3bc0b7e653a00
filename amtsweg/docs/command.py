"""`amtsweg docs [--check]`."""

from pathlib import Path
from typing import Annotated

import typer

from amtsweg.docs.pages import stale, write
from amtsweg.terminal import echo

_ROOT = Path(__file__).parents[2]


def docs(
    *, check: Annotated[bool, typer.Option("--check", help="change nothing; fail on a difference")] = False
) -> None:
    """Write the pages of docs/ that are made from the code, in a checkout of the project."""
    pages = stale(_ROOT) if check else write(_ROOT)
    for page in pages:
        echo(f"{page}: {'differs from the code; run make docs' if check else 'written'}")
    raise typer.Exit(code=1 if check and pages else 0)
