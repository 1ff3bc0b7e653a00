"""Passwords, one file each and readable by their owner only; made once, kept for good."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Logins:
    """`fresh` are names whose password is not on disk yet: it is kept only once the server knows it (`keep`).

    A crash in between makes another password at the next start, never one that the server does not know.
    """

    folder: Path
    passwords: dict[str, str] = field(repr=False)
    fresh: frozenset[str]

    @classmethod
    def below(cls, folder: Path, names: Iterable[str]) -> Self:
        """The logins of these names, new ones where there were none."""
        wanted = tuple(names)
        kept = {name: path.read_text() for name in wanted if (path := folder / name).exists()}
        fresh = {name: secrets.token_urlsafe(24) for name in wanted if name not in kept}
        return cls(folder, kept | fresh, frozenset(fresh))

    def file(self, name: str) -> Path:
        return self.folder / name

    def keep(self) -> None:
        """Write the new ones."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in self.fresh:
            write_secret(self.file(name), self.passwords[name])


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: there is all of it or nothing."""
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
