"""Where the directory lies that the project ships with."""

from pathlib import Path

from services.router.adapters.directory_files import load
from services.router.domain.directory.model import Directory

_INSTALLED = Path(__file__).parents[1] / "_directory"
_IN_THE_TREE = Path(__file__).parents[2] / "directory"


def shipped() -> Path:
    """The folder of Hessen: inside the installed package, else in the source tree."""
    return (_INSTALLED if _INSTALLED.is_dir() else _IN_THE_TREE) / "hessen"


def open_directory(folder: Path | None) -> Directory:
    """The directory in ``folder``, else the shipped one.

    Raises:
        BrokenDirectory: it cannot be used; the text says where.
    """
    return load(folder or shipped())
