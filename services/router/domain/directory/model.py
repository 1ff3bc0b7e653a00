"""The model of a directory: authorities, areas, rules, and the days on which they are in force.

Nothing here is Hessian. Days are inclusive; an open end is `date.min` or `date.max`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

AuthorityKind = Literal["municipality", "district", "region", "ihk", "hwk", "chamber", "land"]
AreaKind = Literal["independent-city", "city", "municipality", "unincorporated"]
Decider = Literal["municipality", "district", "region", "ihk", "hwk", "authority", "nobody", "open"]
Attribute = Literal["road"]
AgreementKind = Literal["cooperation", "deputy"]


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """The days from ``first`` to ``last``, both included."""

    first: date = date.min
    last: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        first = "" if self.first == date.min else self.first.isoformat()
        last = "" if self.last == date.max else self.last.isoformat()
        return f"{first}..{last}"

    def overlaps(self, other: "DateRange") -> bool:
        return self.first <= other.last and other.first <= self.last

    def within(self, other: "DateRange") -> bool:
        return other.first <= self.first and self.last <= other.last

    def boundaries(self) -> Iterator[date]:
        """The days on which something changes: the first one, and the one after the last."""
        if self.first != date.min:
            yield self.first
        if self.last != date.max:
            yield self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority that can be competent; ``name`` is how a letter would address it."""

    id: str
    kind: AuthorityKind
    name: str
    seat: str
    days: DateRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A municipality, or an unincorporated area (then without ``administration``), under one key."""

    ags: str
    ars: str
    name: str
    kind: AreaKind
    district: str
    region: str
    administration: str | None
    days: DateRange


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A Kreis or independent city; ``administration`` does the district's tasks there."""

    key: str
    name: str
    region: str
    administration: str
    days: DateRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A Regierungsbezirk and its Regierungspräsidium."""

    key: str
    name: str
    administration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """On ``day`` the area ``old`` ended and became (part of) ``new``."""

    day: date
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A statement about an area that holds on some days: its chamber, or the title of a list it stands on."""

    value: str
    days: DateRange
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The number of inhabitants, the day of the count, and the days on which this figure applies."""

    people: int
    counted_on: date
    days: DateRange
    verified: bool


@dataclass(frozen=True, slots=True)
class MunicipalityCondition:
    """The condition under which a municipality carries out a task of its district itself.

    ``listed``: it is on the named list (for example the cities of § 4a HGO); ``above``: it has more inhabitants than
    this number.
    """

    kind: Literal["listed", "above"]
    argument: str


@dataclass(frozen=True, slots=True)
class CaseCondition:
    """The cases to which a rule applies: those in which ``attribute`` has one of these values."""

    attribute: Attribute
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Competence:
    """One row of law: who decides on a service, from when to when, and in which cases.

    Without ``when`` it holds in the usual case: as long as the inquiry says nothing about the attribute that
    other rows of the service ask for. ``decides`` names a level, a chamber kind, the authority ``target``,
    ``nobody`` (the service ended; ``use_instead`` may name another) or ``open`` (the sources do not say).
    ``by_choice``: the applicant chooses among all of that kind. ``anchor`` says which place counts.
    ``received_if``: a municipality that fulfils it, else the district, takes applications without deciding.
    """

    id: str
    service: str
    when: CaseCondition | None
    decides: Decider
    target: str | None
    by_choice: bool
    municipality_if: MunicipalityCondition | None
    received_if: MunicipalityCondition | None
    use_instead: str | None
    days: DateRange
    anchor: str
    legal_basis: str
    source: str
    verified: bool

    @property
    def determinants(self) -> tuple[object, ...]:
        """The fields of this rule that determine the result for a given area, day and set of agreements."""
        conditions = (self.municipality_if, self.received_if)
        return (self.decides, self.target, self.by_choice, *conditions, self.use_instead, self.verified)

    @property
    def needs_place(self) -> bool:
        """Whether the competent authority depends on the place."""
        return not self.by_choice and self.decides not in {"authority", "nobody", "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """``acting`` works for ``principal``: for these services (none named: all) in these areas (none: all)."""

    id: str
    kind: AgreementKind
    acting: str
    principal: str
    services: frozenset[str]
    areas: frozenset[str]
    days: DateRange
    verified: bool

    def concerns(self, service: str, area: str | None) -> bool:
        """Whether it applies to this service in this area (None: the principal as a whole)."""
        return self.concerns_service(service) and (not self.areas or area in self.areas)

    def concerns_service(self, service: str) -> bool:
        return not self.services or service in self.services


@dataclass(frozen=True, slots=True, kw_only=True)
class PostcodeArea:
    """A postcode reaches into an area (key of today); ``beyond``: it reaches into another Land too."""

    ags: str
    beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directory:
    """A whole Land. ``version`` is the content hash of its tables (`services.router.domain.directory.tables`)."""

    land: str
    name: str
    version: str
    authorities: Mapping[str, Authority]
    areas: Mapping[str, Area]
    districts: Mapping[str, District]
    regions: Mapping[str, Region]
    successions: tuple[Succession, ...]
    names: Mapping[str, tuple[str, ...]]
    localities: Mapping[str, tuple[str, ...]]
    postcodes: Mapping[str, tuple[PostcodeArea, ...]]
    chambers: Mapping[tuple[str, str], tuple[Dated, ...]]
    listed: Mapping[tuple[str, str], tuple[Dated, ...]]
    populations: Mapping[str, tuple[Population, ...]]
    services: Mapping[str, str]
    competences: Mapping[str, tuple[Competence, ...]]
    agreements: tuple[Agreement, ...]

    @property
    def boundaries(self) -> tuple[date, ...]:
        """The days on which anything may change, in order; all days between two of them are alike."""
        return tuple(sorted(set(self._boundaries())))

    def _boundaries(self) -> Iterator[date]:
        for dated in (self.authorities, self.areas, self.districts):
            for entry in dated.values():
                yield from entry.days.boundaries()
        for rows in (self.chambers, self.listed, self.populations, self.competences):
            for versions in rows.values():
                for version in versions:
                    yield from version.days.boundaries()
        for agreement in self.agreements:
            yield from agreement.days.boundaries()
