"""A Land's directory as a folder: read, refused where it is broken, and written."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from services.router.domain.directory.model import Directory
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import COLUMNS, BrokenDirectory
from services.router.domain.directory.versions import Version
from shared.bounded_files import LARGE, read_bounded
from shared.events.directory import Provenance
from shared.whole_folder import whole_folder

MANIFEST = "manifest.toml"
LICENCES = frozenset(
    {
        "CC-BY-4.0",
        "CC0-1.0",
        "EUPL-1.2",
        "LicenseRef-Destatis-Quellenangabe",
        "LicenseRef-amtliches-Werk",
        "MIT",
        "ODbL-1.0",
        "dl-de/by-2-0",
    }
)
"""What a table may be under: SPDX ids, and by name what SPDX does not know; several are joined by AND."""


def load(folder: Path) -> Directory:
    """Return the directory that lies in ``folder``: a manifest and one CSV a table.

    Raises:
        BrokenDirectory: a file is missing or unreadable, a table lacks source or licence, or the tables
            contradict each other; the text says where.
    """
    manifest = read_manifest(folder)
    return parse_directory(manifest["land"], manifest["name"], read_tables(folder))


def read_tables(folder: Path) -> dict[str, str]:
    """The texts of the tables, by name; a missing one is left out and found by `build`."""
    return {table: _text(folder / f"{table}.csv") for table in COLUMNS if (folder / f"{table}.csv").exists()}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Name and key of the Land and, for every table, source, licence, attribution and state.

    Raises:
        BrokenDirectory: the manifest is missing or a table's entry is broken.
    """
    manifest = read_toml(folder)
    for key, kind in (("land", str), ("name", str), ("tables", dict)):
        if not isinstance(manifest.get(key), kind):
            raise BrokenDirectory(MANIFEST, f"{key} is missing")
    read_provenance(manifest, tables=COLUMNS)
    return manifest


def read_toml(folder: Path) -> dict[str, Any]:
    """The manifest as it stands there.

    Raises:
        BrokenDirectory: it is missing, or no TOML.
    """
    try:
        return tomllib.loads(_text(folder / MANIFEST))
    except tomllib.TOMLDecodeError as error:
        raise BrokenDirectory(MANIFEST, str(error)) from error


def read_provenance(manifest: Mapping[str, Any], *, tables: Iterable[str]) -> dict[str, Provenance]:
    """Where these tables come from, by the entries of a manifest.

    Raises:
        BrokenDirectory: an entry is missing or incomplete, or names a licence that we may not use.
    """
    entries = {table: manifest.get("tables", {}).get(table, {}) for table in tables}
    for table, entry in entries.items():
        _check_entry(table, entry)
    return {
        table: Provenance(**{field: str(entry[field]) for field in Provenance.model_fields})
        for table, entry in entries.items()
    }


def write(version: Version, folder: Path) -> None:
    """Write a published version as a folder, whole or not at all; its manifest names the version, so that a change can start from it.

    Raises:
        OSError: the folder exists already, or cannot be written to.
    """
    with whole_folder(folder) as new:
        for table, text in version.tables.items():
            (new / f"{table}.csv").write_text(text, encoding="utf-8")
        (new / MANIFEST).write_text(_manifest(version), encoding="utf-8")


def _manifest(version: Version) -> str:
    """TOML; its basic strings are JSON's."""
    head = {"version": version.id, "land": version.change.land, "name": version.change.name}
    lines = [f"{key} = {_quoted(value)}" for key, value in head.items()]
    for table, provenance in sorted(version.provenance.items()):
        lines += ["", f"[tables.{table}]"]
        lines += [f"{field} = {_quoted(value)}" for field, value in provenance.model_dump().items()]
    return "\n".join((*lines, ""))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _check_entry(table: str, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise BrokenDirectory(f"{MANIFEST}, tables.{table}", "is no table")
    for field in ("source", "licence", "attribution", "state"):
        value = entry.get(field)
        if not value or not isinstance(value, str if field == "licence" else str | date):
            raise BrokenDirectory(f"{MANIFEST}, tables.{table}", f"{field} is missing")
    if unknown := sorted(set(entry["licence"].split(" AND ")) - LICENCES):
        raise BrokenDirectory(
            f"{MANIFEST}, tables.{table}", f"licence {unknown[0]!r} is none that we may use"
        )


def _text(path: Path) -> str:
    try:
        raw = read_bounded(path, most=LARGE)
    except OSError as error:
        raise BrokenDirectory(path.name, f"cannot be read ({error.__class__.__name__})") from error
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BrokenDirectory(
            f"{path.stem}, line {line}", "is not UTF-8 text: save the table as UTF-8"
        ) from error
