"""The rows of a batch: JSON lines out of a spreadsheet or another program. A bad row costs that row, never the batch."""

import codecs
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol

import orjson

from shared.strict_json import FaultPlace, NotJson, inspect
from shared.web.expected import expected_of

LONGEST_ROW = 65_536
"""In bytes; what is longer is passed over without being held."""

_MOST_NAMED = 5
_STANDARD_INPUT = Path("-")


class BadRow(Exception):  # noqa: N818 - the row is bad, not the program
    """A row is no JSON object that all readers understand alike, or has a member that nobody asks for.

    ``field`` is the member, or ``line`` where it is the whole row.
    """

    def __init__(self, problem: str, *, field: str = "line") -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


class NamesField(Protocol):
    """An error that names the field that it is about."""

    field: str


@dataclass(frozen=True)
class BatchRow:
    """One line of the file; ``number`` counts from 1. ``fields`` raises `BadRow`."""

    number: int
    line: bytes

    @cached_property
    def fields(self) -> Mapping[str, object]:
        if len(self.line) > LONGEST_ROW:
            raise BadRow(f"is longer than {LONGEST_ROW} bytes")
        if not self.line.strip():
            raise BadRow("is empty, expected a JSON object")
        found = inspect(self.line)
        if isinstance(found, NotJson):
            raise BadRow(f"is not JSON in UTF-8 (column {found.column})")
        if found:
            raise _unlike(found)
        fields = orjson.loads(self.line)
        if not isinstance(fields, dict):
            raise BadRow("expected a JSON object")
        return fields

    def only(self, known: Collection[str]) -> Mapping[str, object]:
        """The fields, if each is the row's own name (``id``) or one of these.

        Raises:
            BadRow: there is another; left aside it would give a wrong answer to a field that is spelt wrong.
        """
        if unknown := [name for name in self.fields if name not in known and name != "id"]:
            named = ", ".join(map(_shown, unknown[:_MOST_NAMED]))
            raise BadRow(f"unknown ({named}); expected only id, {', '.join(known)}", field=_shown(unknown[0]))
        return self.fields

    @property
    def id(self) -> object:
        """What the row calls itself; None where it cannot be read."""
        try:
            return self.fields.get("id")
        except BadRow:
            return None

    def problem(self, error: NamesField) -> dict[str, object]:
        """Line, field and what is expected; never a value."""
        return {"line": self.number, "field": error.field, "message": f"line {self.number}, {error}"}


def _unlike(found: tuple[FaultPlace, ...]) -> BadRow:
    """What is wrong with a row that readers would understand differently, by the first member that it is about."""
    told = [
        f"{each.pointer or 'line'} expected {expected_of({'type': each.fault}).en}"
        for each in found[:_MOST_NAMED]
    ]
    member = found[0].pointer.removeprefix("/").partition("/")[0]
    return BadRow("; ".join(told), field=member if found[0].pointer.startswith("/") else "line")


def _shown(name: str) -> str:
    """A member's name as it can be repeated: short, and without what cannot be printed."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name[:64])


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, or standard input, which stays open, for ``-``."""
    if path == _STANDARD_INPUT:
        yield sys.stdin.buffer
    else:
        with path.open("rb") as file:
            yield file


def rows(path: Path) -> Iterator[BatchRow]:
    """Each line of the file, or of standard input for ``-``, in order.

    A byte order mark before the first is left out, as spreadsheets write one.
    """
    with _opened(path) as file:
        for number, line in enumerate(_lines(file), start=1):
            yield BatchRow(number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines without their end; of one that is too long its beginning."""
    while line := file.readline(LONGEST_ROW + 3):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_ROW)
        yield line.rstrip(b"\r\n")
