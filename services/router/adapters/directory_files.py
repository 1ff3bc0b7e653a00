"""Reads a Land's directory from its folder; refuses a broken one and says where."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.router.domain.build import build
from services.router.domain.directory import Directory
from services.router.domain.tables import COLUMNS, BrokenDirectory

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
    return build(manifest["land"], manifest["name"], read_tables(folder))


def read_tables(folder: Path) -> dict[str, str]:
    """The texts of the tables, by name; a missing one is left out and found by `build`."""
    return {table: _text(folder / f"{table}.csv") for table in COLUMNS if (folder / f"{table}.csv").exists()}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Name and key of the Land and, for every table, source, licence, attribution and state.

    Raises:
        BrokenDirectory: the manifest is missing or a table's entry is broken.
    """
    try:
        manifest = tomllib.loads(_text(folder / "manifest.toml"))
    except tomllib.TOMLDecodeError as error:
        raise BrokenDirectory("manifest.toml", str(error)) from error
    for key in ("land", "name", "tables"):
        if key not in manifest:
            raise BrokenDirectory("manifest.toml", f"{key} is missing")
    for table in COLUMNS:
        _check_entry(table, manifest["tables"].get(table, {}))
    return manifest


def _check_entry(table: str, entry: Mapping[str, str]) -> None:
    for field in ("source", "licence", "attribution", "state"):
        if not entry.get(field):
            raise BrokenDirectory(f"manifest.toml, tables.{table}", f"{field} is missing")
    if unknown := sorted(set(entry["licence"].split(" AND ")) - LICENCES):
        raise BrokenDirectory(
            f"manifest.toml, tables.{table}", f"licence {unknown[0]!r} is none that we may use"
        )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenDirectory(
            path.name, f"cannot be read as UTF-8 text ({error.__class__.__name__})"
        ) from error
