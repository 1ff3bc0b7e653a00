"""`amtsweg logs`: the lines that the parts of the local stack have written."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from amtsweg.language import said
from amtsweg.stack.description import stack_folder
from amtsweg.stack.errors import WrongCallError
from amtsweg.terminal import echo

_POLL_S = 0.2


def logs(
    parts: Annotated[list[str] | None, typer.Argument(help="parts by name; all where none is named")] = None,
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="of each part")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on with what comes")] = False,
) -> None:
    """Show the last log lines of the local stack's parts."""
    files = _files(stack_folder() / "log", parts or [])
    opened = {name: file.open(encoding="utf-8", errors="replace") for name, file in files.items()}
    for name, text in opened.items():
        for line in deque(text, maxlen=lines):
            _show(name, line)
    while follow:
        for name, line in _new(opened):
            _show(name, line)
        time.sleep(_POLL_S)


def _files(folder: Path, wanted: list[str]) -> dict[str, Path]:
    there = {path.stem: path for path in sorted(folder.glob("*.log"))}
    unknown = [name for name in wanted if name not in there]
    if unknown or not there:
        names = ", ".join(there) or said(
            de="nichts, es lief noch kein Stapel", en="nothing, no stack has run"
        )
        raise WrongCallError(
            said(
                de=f"Kein Protokoll für {', '.join(unknown) or folder}; vorhanden: {names}",
                en=f"no log for {', '.join(unknown) or folder}; there is: {names}",
            )
        )
    return {name: there[name] for name in wanted or there}


def _new(opened: Mapping[str, TextIO]) -> Iterator[tuple[str, str]]:
    for name, text in opened.items():
        for line in text:
            yield name, line


def _show(name: str, line: str) -> None:
    """One line, without anything that would steer a terminal."""
    echo(f"{name}  {line.rstrip()}")
