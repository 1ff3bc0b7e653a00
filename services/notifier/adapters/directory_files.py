"""Names of services and authorities, from the directory's files; read once, when the service starts."""

import csv
from collections.abc import Callable
from pathlib import Path

from services.notifier.domain.rendering import Names


class DirectoryFiles:
    """The `Directory` of one Land: ``services.csv`` (key, name) and ``authorities.csv`` (id, name, seat).

    The names are official and German in every language. An authority that changed its name is called by
    its last one. ``is_sensitive``: the name of this service says something about its applicant (health, origin,
    convictions), so that no message names it.
    """

    def __init__(self, folder: Path, *, is_sensitive: Callable[[str], bool]) -> None:
        self._is_sensitive = is_sensitive
        self._services = _names(folder / "services.csv", key="key")
        self._authorities = _names(folder / "authorities.csv", key="id")
        self._seats = _names(folder / "authorities.csv", key="id", value="seat")

    def names(self, *, service: str, authority: str | None) -> Names:
        return Names(
            service=None if self._is_sensitive(service) else self._services.get(service),
            authority=None if authority is None else self._authorities.get(authority),
            sits_in=None if authority is None else self._seats.get(authority),
        )


def _names(file: Path, *, key: str, value: str = "name") -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return {row[key]: row[value] for row in csv.DictReader(rows)}
