"""Reads a Land's directory from its folder; refuses a broken one and says where."""

from pathlib import Path

from services.router.domain.directory import Directory


def load(folder: Path) -> Directory:
    """Return the directory that lies in ``folder``.

    Raises:
        BrokenDirectory: a table is missing, unreadable or contradicts itself; the text names table and line.
    """
    raise NotImplementedError
