"""A file that a call names: read up to a bound, and what is wrong with it said with its name."""

from pathlib import Path
from typing import Any

import orjson

from amtsweg.language import said
from shared.bounded_files import read_bounded
from shared.strict_json import FaultPlace, NotJson, inspect


class WrongFile(ValueError):  # noqa: N818 - the file is wrong, not the program
    """A file holds something else than was expected; the text names both, in the language of the call."""


def text_in(path: Path) -> str:
    """The text in the file.

    Raises:
        WrongFile: it is no UTF-8.
        OSError: it cannot be read, or is too large.
    """
    try:
        return read_bounded(path).decode()
    except UnicodeDecodeError as error:
        raise WrongFile(
            said(
                de=f"{path}: erwartet wird Text in UTF-8; Byte {error.start} gehört zu keinem",
                en=f"{path}: expected text in UTF-8; byte {error.start} is none",
            )
        ) from None


def secret_in(path: Path) -> str:
    """The secret in the file, without the line's end; raises as `text_in` does."""
    return text_in(path).rstrip("\r\n")


def object_in(path: Path) -> dict[str, Any]:
    """The JSON object in the file, which every reader understands alike.

    Raises:
        WrongFile: it holds none, or one with a member twice, a number that is rounded or half a character.
        OSError: it cannot be read, or is too large.
    """
    content = read_bounded(path)
    found = inspect(content)
    if isinstance(found, NotJson):
        raise WrongFile(
            said(
                de=f"{path}: kein JSON in UTF-8 (Zeile {found.line}, Spalte {found.column})",
                en=f"{path}: no JSON in UTF-8 (line {found.line}, column {found.column})",
            )
        )
    if found:
        raise WrongFile(_unlike(path, found[0]))
    document = orjson.loads(content)
    if not isinstance(document, dict):
        raise WrongFile(
            said(de=f"{path}: erwartet wird ein JSON-Objekt", en=f"{path}: expected a JSON object")
        )
    return document


def _unlike(path: Path, place: FaultPlace) -> str:
    where = place.pointer or "-"
    return said(
        de=f"{path}: {where} läse nicht jedes Programm gleich (`{place.fault}`)",
        en=f"{path}: programs would read {where} differently ({place.fault})",
    )
