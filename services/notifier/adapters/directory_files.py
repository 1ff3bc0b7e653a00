"""Names of services and authorities, from the directory's files; read once, when the service starts."""

from collections.abc import Callable
from pathlib import Path

from services.notifier.domain.rendering import Names
from shared.directory_names import NamesByKey


class DirectoryFiles:
    """The `Directory` of one Land: ``services.csv`` (key, name) and ``authorities.csv`` (id, name, seat).

    The names are official and German in every language. An authority that changed its name is called by
    its last one. ``is_sensitive``: the name of this service says something about its applicant (health, origin,
    convictions), so that no message names it.
    """

    def __init__(self, folder: Path, *, is_sensitive: Callable[[str], bool]) -> None:
        self._is_sensitive = is_sensitive
        self._names = NamesByKey.read(folder)

    def names(self, *, service: str, authority: str | None) -> Names:
        known = self._names.of(service, authority)
        seated = self._names.authorities.get(authority or "")
        return Names(
            service=None if self._is_sensitive(service) else known.get(service),
            authority=None if authority is None else known.get(authority),
            sits_in=None if seated is None else seated.place,
        )
