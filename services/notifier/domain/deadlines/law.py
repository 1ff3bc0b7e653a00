"""What the law says about a service, as plain data: nothing here is known to code but the words of the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from services.notifier.domain.deadlines.calendar import Calendar

DispatchChannel = Literal["letter", "letter-abroad", "email", "mailbox", "portal", "handed-over"]
"""How a decision can reach its addressee; each has a rule of its own for the day of announcement.

``mailbox`` is that of § 9 OZG, where provision counts; ``portal`` is § 41 Abs. 2a VwVfG, where retrieval counts.
"""

PeriodUnit = Literal["days", "months", "none"]
Starts = Literal["receipt", "complete-documents"]
Deemed = Literal["approval", "entry", "none"]
KeptBy = Literal["announcement", "dispatch"]
RemedyKind = Literal["objection", "action", "social-objection", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """From when to when a row of a table holds, both days included; None is open."""

    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the row is in force on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalProfile(InForce):
    """A kind of procedure. ``kept_by``: whether the decision must be announced, or only sent, within the period.

    ``length`` is None where the law sets the authority no period. ``longest_extension`` in months, None
    without a limit. ``confirmation`` is the paragraph that asks for one, or None.
    """

    name: str
    unit: PeriodUnit
    length: int | None
    starts: Starts
    deemed: Deemed
    kept_by: KeptBy
    extension: Literal["once", "none"]
    longest_extension: int | None
    confirmation: str | None
    remedy: RemedyKind
    legal_basis: str
    source: str
    verified: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile(InForce):
    """Which profile a service has. ``only_for`` says which of its cases the fiction covers, in words; ``only_for_en`` in English.

    Where it says anything, silence alone never shows that a case is covered. ``sensitive_name``: the name of
    the service says something about its applicant, so that no mail may hold it.
    """

    service: str
    profile: str
    only_for: str
    only_for_en: str
    remedy: RemedyKind | None
    sensitive_name: bool
    legal_basis: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement(InForce):
    """How long after it was sent by this channel, or retrieved, a decision counts as announced.

    ``retrieved_within``: where retrieval counts, so many days after the notice of provision are left for it; what is
    not retrieved by then is not announced. None where sending counts.
    """

    channel: DispatchChannel
    unit: Literal["days", "months"]
    length: int
    retrieved_within: int | None
    legal_basis: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """The administrative court of a district."""

    district: str
    court: str
    seat: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyRule(InForce):
    """Against decisions of this authority another remedy is given than the procedure's; of one service, or of every one."""

    authority: str
    service: str | None
    instead_of: RemedyKind
    remedy: RemedyKind
    legal_basis: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """All tables of one Land.

    ``slowest_announcement`` in days, of all channels within Germany and times: which rule applies to a Land is not
    always certain.
    """

    profiles: Mapping[str, Sequence[LegalProfile]]
    services: Mapping[str, Sequence[ServiceProfile]]
    announcements: Sequence[Announcement]
    courts: Mapping[str, Court]
    remedies: Sequence[RemedyRule]
    calendar: Calendar
    slowest_announcement: int

    def profile(self, name: str, *, on: date) -> LegalProfile | None:
        """Return the profile as it stood on this day."""
        return in_force(self.profiles.get(name, ()), on=on)

    def service(self, key: str, *, on: date) -> ServiceProfile | None:
        """Return the service's row as it stood on this day."""
        return in_force(self.services.get(key, ()), on=on)

    def names_sensitively(self, key: str) -> bool:
        """Whether the name of this service may stand in no message; on no day, if on any."""
        return any(row.sensitive_name for row in self.services.get(key, ()))

    def remedy(self, procedural: RemedyKind, *, authority: str, service: str | None, on: date) -> RemedyKind:
        """Return the remedy against what this authority decides; the rule of the service goes before that of all."""
        rules = [
            rule
            for rule in self.remedies
            if rule.authority == authority
            and rule.instead_of == procedural
            and rule.service in {None, service}
        ]
        rule = in_force(sorted(rules, key=lambda rule: rule.service is None), on=on)
        return procedural if rule is None else rule.remedy

    def announcement(self, channel: DispatchChannel, *, on: date) -> Announcement | None:
        """Return the rule for what is sent by this channel on this day."""
        return in_force([rule for rule in self.announcements if rule.channel == channel], on=on)


_DatedRow = TypeVar("_DatedRow", bound=InForce)


def in_force(rows: Sequence[_DatedRow], *, on: date) -> _DatedRow | None:
    """Return the row that holds on this day; the tables allow one at most."""
    return next((row for row in rows if row.holds_on(on)), None)
