"""The rows of a batch: JSON lines out of a spreadsheet or another program. A bad row costs that row, never the batch."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol

import orjson

LONGEST_ROW = 65_536
"""In bytes; what is longer is passed over without being held."""


class BadRow(Exception):  # noqa: N818 - the row is bad, not the program
    """A row is no JSON object; ``field`` is always ``line``."""

    field = "line"

    def __init__(self, problem: str) -> None:
        super().__init__(f"line: {problem}")


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
        try:
            fields = orjson.loads(self.line)
        except orjson.JSONDecodeError as error:
            raise BadRow(f"is not JSON ({error})") from error
        if not isinstance(fields, dict):
            raise BadRow("expected a JSON object")
        return fields

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


def rows(path: Path) -> Iterator[BatchRow]:
    """Each line of the file, in order. A byte order mark before the first is left out, as spreadsheets write one."""
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), start=1):
            yield BatchRow(number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines without their end; of one that is too long its beginning."""
    while line := file.readline(LONGEST_ROW + 3):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_ROW)
        yield line.rstrip(b"\r\n")
