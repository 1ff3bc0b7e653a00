"""Directories to break: the shipped one as texts, with lines added, taken away or changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from services.router.adapters.directory_files import load, read_manifest, read_provenance, read_tables
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.model import Directory
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import COLUMNS
from services.router.domain.directory.versions import Versions
from shared.events.competence import CompetenceDecision, Inquiry, Place
from shared.events.directory import DirectoryChanged
from tests.support.routing import HESSEN, resolve

GOLDEN = Path(__file__).parents[1] / "golden"
NORDMARK = GOLDEN / "nordmark"
NORDMARK_TABLES = read_tables(NORDMARK)
NORDMARK_PROVENANCE = read_provenance(read_manifest(NORDMARK), tables=COLUMNS)

BOAT = "99900000000001"
BEACON = "99900000000002"
TRADE = "99050012104000"
DOGS = "99102013104000"
WEAPONS = "99089086060000"
BUILDING = "99012008001000"
DEMOLITION = "99012001001000"
CITIZENSHIP = "99099002006000"
GUARD_EXAM = "99050104000000"


@cache
def _shipped() -> Mapping[str, str]:
    return read_tables(HESSEN)


def hessen_with(table: str, *lines: str) -> dict[str, str]:
    """The tables of Hessen with these lines at the end of one."""
    texts = dict(_shipped())
    texts[table] += "".join(f"{line}\n" for line in lines)
    return texts


def hessen_without(table: str, *parts: str) -> dict[str, str]:
    """The tables of Hessen without the lines of one that hold any of these parts."""
    texts = dict(_shipped())
    kept = [line for line in texts[table].splitlines() if not any(part in line for part in parts)]
    texts[table] = "".join(f"{line}\n" for line in kept)
    return texts


def hessen_changed(table: str, old: str, new: str) -> dict[str, str]:
    """The tables of Hessen with every ``old`` in one of them replaced."""
    texts = dict(_shipped())
    assert old in texts[table]
    texts[table] = texts[table].replace(old, new)
    return texts


def built(texts: Mapping[str, str]) -> Directory:
    return parse_directory("06", "Hessen", texts)


@cache
def with_agreements(name: str) -> Directory:
    """Hessen with the agreements of a golden file."""
    lines = (GOLDEN / "agreements" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    return built(hessen_with("agreements", *lines[1:]))


@cache
def nordmark() -> Directory:
    return load(NORDMARK)


def with_lower_threshold() -> Directory:
    """Nordmark, where smaller municipalities decide on beacons themselves."""
    competences = NORDMARK_TABLES["competences"].replace("above:7500", "above:5000")
    return parse_directory("01", "Nordmark", {**NORDMARK_TABLES, "competences": competences})


def moorings(*, at_land_roads: str = "district") -> Directory:
    """Nordmark, where boats are registered by the class of the road to the mooring, and no row is the usual one."""
    usual = NORDMARK_TABLES["competences"].splitlines()
    rest = ",,no,,,,,,Liegeplatz,§ 1 BootG,erfunden"
    lines = (
        *(line for line in usual if not line.startswith(f"{BOAT}-1")),
        f"small,{BOAT},road:municipal|district,municipality{rest},yes,",
        f"large,{BOAT},road:land,{at_land_roads}{rest},no,",
    )
    competences = "".join(f"{line}\n" for line in lines)
    return parse_directory("01", "Nordmark", {**NORDMARK_TABLES, "competences": competences})


def nordmark_change(
    versions: Versions | None = None, *, effective_from: datetime, name: str | None = None
) -> DirectoryChanged:
    """The first change of Nordmark, or after some versions the one that gives its port one more name."""
    old = versions.newest.tables if versions else {}
    new = dict(old or NORDMARK_TABLES)
    if name is not None:
        new["names"] += f"01001000,{name},erfunden\n"
    return difference(
        old,
        new,
        land="01",
        name="Nordmark",
        effective_from=effective_from,
        reason="erfunden",
        provenance=NORDMARK_PROVENANCE,
    )


def ask(
    directory: Directory,
    service: str,
    place: Place | None = None,
    *,
    on: str = "2026-03-01",
    choice: str | None = None,
) -> CompetenceDecision:
    """The decision on an inquiry of a day."""
    inquiry = Inquiry.model_validate({"service": service, "place": place, "on": on, "choice": choice})
    return resolve(inquiry, directory=directory)


def authorities(decision: CompetenceDecision) -> Iterable[str]:
    return [candidate.authority for candidate in decision.candidates]
