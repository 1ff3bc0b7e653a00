"""A virtual environment in which nothing is installed but what a guide names, in the locked versions, without asking a registry."""

import re
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

_INSTALLED = re.compile(r"^pip install (.+)$", re.MULTILINE)


def named_in(guide: Path) -> list[str]:
    """What the guide tells to install."""
    found = [word.strip('"') for line in _INSTALLED.findall(guide.read_text()) for word in line.split()]
    assert found, f"{guide.name} names no packages"
    return found


def fresh_environment(folder: Path, requirements: list[str]) -> Path:
    """Make it; the path of its Python."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    for found in _all_of(requirements):
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = site / name
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(name))))
    return folder / "bin" / "python"


def _all_of(requirements: list[str]) -> Iterator[Distribution]:
    """The packages, and what they need."""
    todo, seen = [Requirement(each) for each in requirements], set[tuple[str, frozenset[str]]]()
    while todo:
        wanted = todo.pop()
        if (key := (wanted.name, frozenset(wanted.extras))) in seen:
            continue
        seen.add(key)
        found = distribution(wanted.name)
        yield found
        todo += [
            needed
            for needed in map(Requirement, found.requires or ())
            if needed.marker is None
            or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras))
        ]
