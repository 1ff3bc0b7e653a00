"""Passwords, one file each and readable by their owner only; made once, kept for good."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from shared.bounded_files import read_bounded_text


@dataclass(frozen=True, slots=True)
class Logins:
    """The passwords of one server's users, by user name.

    `fresh` are those that are not on disk yet: they are kept only once the server knows them (`keep`). A crash in
    between makes another password at the next start, never one that the server does not know.
    """

    files: Mapping[str, Path]
    passwords: Mapping[str, str] = field(repr=False)
    fresh: frozenset[str]

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> Self:
        """The passwords in these files, new ones where there is no file."""
        kept = {name: read_bounded_text(path) for name, path in files.items() if path.exists()}
        fresh = {name: secrets.token_urlsafe(24) for name in files if name not in kept}
        return cls(files, kept | fresh, frozenset(fresh))

    def only(self, names: Iterable[str]) -> Self:
        """Those of these users."""
        files = {name: self.files[name] for name in names if name in self.files}
        return replace(
            self,
            files=files,
            passwords={name: self.passwords[name] for name in files},
            fresh=self.fresh & files.keys(),
        )

    def keep(self) -> None:
        """Write the new ones."""
        for name in self.fresh:
            write_secret(self.files[name], self.passwords[name])


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: there is all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
