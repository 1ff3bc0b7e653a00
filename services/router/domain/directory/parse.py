"""Parses the texts of the tables into a validated directory; files and change sets both come through here."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar, cast, get_args

from services.router.domain.directory.model import (
    Agreement,
    AgreementKind,
    Area,
    AreaKind,
    Authority,
    AuthorityKind,
    Competence,
    Dated,
    Decider,
    Directory,
    District,
    Population,
    PostcodeArea,
    Region,
    Succession,
)
from services.router.domain.directory.tables import COLUMNS, BrokenDirectory, TableRow, rows, version
from services.router.domain.directory.validation import check_directory

K = TypeVar("K")
V = TypeVar("V")

_AUTHORITY = "[a-z]{1,8}(-[a-z0-9]+)+"
_SERVICE = "[0-9]{14}"
_SHOWN_LINES = 5


def parse_directory(land: str, name: str, texts: Mapping[str, str]) -> Directory:
    """Return the directory in these tables.

    Raises:
        BrokenDirectory: a table is missing or malformed, or the tables contradict each other: an overlap,
            a hole, an unknown reference.
    """
    if unknown := sorted(texts.keys() - COLUMNS.keys()):
        raise BrokenDirectory(unknown[0], "this release knows no such table")
    tables = {table: list(rows(texts, table)) for table in COLUMNS}
    competences = _unique(tables["competences"], "id", _competence)
    directory = Directory(
        land=land,
        name=name,
        version=version(land, texts),
        authorities=_unique(tables["authorities"], "id", _authority),
        areas=_unique(tables["areas"], "ags", _area),
        districts=_unique(tables["districts"], "key", _district),
        regions=_unique(tables["regions"], "key", _region),
        successions=tuple(_succession(row) for row in tables["successions"]),
        names=_grouped((row.text("ags"), row.text("name")) for row in tables["names"]),
        localities=_grouped((row.text("ags"), row.text("name")) for row in tables["localities"]),
        postcodes=_grouped((row.text("postcode"), _postcode(row)) for row in tables["postcodes"]),
        chambers=_grouped(
            ((row.text("ags"), row.text("kind")), _dated(row, row.text("chamber")))
            for row in tables["chambers"]
        ),
        listed=_grouped(
            ((row.text("list"), row.text("ags")), _dated(row, row.text("title"))) for row in tables["lists"]
        ),
        populations=_grouped((row.text("ags"), _population(row)) for row in tables["populations"]),
        services=_unique(tables["services"], "key", lambda row: row.text("name")),
        competences=_grouped((rule.service, rule) for rule in competences.values()),
        agreements=tuple(_unique(tables["agreements"], "id", _agreement).values()),
    )
    try:
        check_directory(directory)
    except BrokenDirectory as broken:
        raise _with_lines(broken, tables) from None
    return directory


def _with_lines(broken: BrokenDirectory, tables: Mapping[str, Sequence[TableRow]]) -> BrokenDirectory:
    """The same, with the lines of the table that have the key it names."""
    table, _, key = broken.where.partition(", ")
    word = broken.problem.split()[0]
    named = {key, *key.split()[-1:]} if key else {word}
    rows_named = [row for row in tables[table] if not named.isdisjoint(row.cells.values())]
    narrower = [row for row in rows_named if word in row.cells.values()]
    found = [str(row.line) for row in narrower or rows_named]
    if not found:
        return broken
    lines = f"line{'s' * (len(found) > 1)} {', '.join(found[:_SHOWN_LINES])}"
    return BrokenDirectory(broken.where, f"{broken.problem} ({lines})")


def _unique(lines: Iterable[TableRow], key: str, make: Callable[[TableRow], V]) -> dict[str, V]:
    found: dict[str, V] = {}
    for row in lines:
        if row.text(key) in found:
            row.fail(f"{key} {row.text(key)} is a duplicate")
        found[row.text(key)] = make(row)
    return found


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}


def _authority(row: TableRow) -> Authority:
    row.flag("verified")
    return Authority(
        id=row.like("id", _AUTHORITY),
        kind=cast("AuthorityKind", row.one_of("kind", get_args(AuthorityKind))),
        name=row.text("name"),
        seat=row.text("seat"),
        days=row.days(),
    )


def _area(row: TableRow) -> Area:
    return Area(
        ags=row.like("ags", "[0-9]{8}"),
        ars=row.like("ars", "[0-9]{12}"),
        name=row.text("name"),
        kind=cast("AreaKind", row.one_of("kind", get_args(AreaKind))),
        district=row.text("district"),
        region=row.text("region"),
        administration=row.maybe("administration"),
        days=row.days(),
    )


def _district(row: TableRow) -> District:
    return District(
        key=row.text("key"),
        name=row.text("name"),
        region=row.text("region"),
        administration=row.text("administration"),
        days=row.days(),
    )


def _region(row: TableRow) -> Region:
    return Region(key=row.text("key"), name=row.text("name"), administration=row.text("administration"))


def _succession(row: TableRow) -> Succession:
    return Succession(day=row.day("day"), old=row.text("old"), new=row.text("new"))


def _postcode(row: TableRow) -> PostcodeArea:
    return PostcodeArea(ags=row.text("ags"), beyond=row.flag("other_land"))


def _dated(row: TableRow, value: str) -> Dated:
    return Dated(value=value, days=row.days(), verified=row.flag("verified"))


def _population(row: TableRow) -> Population:
    return Population(
        people=row.number("people"),
        counted_on=row.day("counted_on"),
        days=row.days(),
        verified=row.flag("verified"),
    )


def _competence(row: TableRow) -> Competence:
    return Competence(
        id=row.text("id"),
        service=row.like("service", _SERVICE),
        when=row.case("when"),
        decides=cast("Decider", row.one_of("decides", get_args(Decider))),
        target=row.maybe("target"),
        by_choice=row.flag("by_choice"),
        municipality_if=row.condition("municipality_if"),
        received_if=row.condition("received_if"),
        use_instead=row.maybe("use_instead"),
        days=row.days(),
        anchor=row.cells["anchor"],
        legal_basis=row.text("legal_basis"),
        source=row.text("source"),
        verified=row.flag("verified"),
    )


def _agreement(row: TableRow) -> Agreement:
    return Agreement(
        id=row.text("id"),
        kind=cast("AgreementKind", row.one_of("kind", get_args(AgreementKind))),
        acting=row.text("acting"),
        principal=row.text("principal"),
        services=row.keys("services"),
        areas=row.keys("areas"),
        days=row.days(),
        verified=row.flag("verified"),
    )
