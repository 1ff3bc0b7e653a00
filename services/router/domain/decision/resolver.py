"""Who is competent: the decision at the heart of the router (promises 3 and 4)."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from operator import attrgetter
from typing import Literal

from services.router.domain.decision.aggregate import Decision, chosen, over_areas
from services.router.domain.decision.places import Located, locate
from services.router.domain.decision.rules import AreaResult, area_result
from services.router.domain.decision.snapshot import DirectorySnapshot, snapshot
from services.router.domain.directory.model import Area, Attribute, Competence, Directory
from shared.events.competence import Attributes, Candidate, CompetenceDecision, Inquiry, Place, Reason, Why

Unverified = Literal["answer", "park"]
"""What an installation does with an answer from a row whose source is unchecked."""

_REMEMBERED_PLACES = 4096
"""How many spellings of places the cache of one period holds; the least recently used is dropped first."""

_REMEMBERED_ANSWERS = 65_536
_NO_INQUIRY = Inquiry.model_construct(service="", on=date.min)


class Resolver:
    """Decisions by one version of the directory.

    `resolve` is total and deterministic: every inquiry gets an answer, and always the same one. The caches are private
    and never change an answer.
    """

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self._boundaries = directory.boundaries
        self._periods: dict[int, _Period] = {}
        self._answer = lru_cache(_REMEMBERED_ANSWERS)(self._complete)

    def resolve(self, inquiry: Inquiry, *, unverified: Unverified = "answer") -> CompetenceDecision:
        """Return the competent authority, or why a person has to decide and between which candidates.

        ``unverified="park"`` answers ``ambiguous-competence`` wherever the answer depends on a row without a
        checked source.
        """
        period = self._period(inquiry.on)
        rules, depends_on = _of_the_case(inquiry.attributes, period.snapshot.rules.get(inquiry.service, ()))
        found = period.decide(inquiry, rules)
        if unverified == "park" and found.authority is not None and not found.verified:
            found = _parked(found)
        rule = rules[0].id if len(rules) == 1 else None
        # A copy skips validation and costs a third of a new model.
        return self._answer(found, rule, depends_on).model_copy(update={"inquiry": inquiry})

    def _complete(
        self, found: Decision, rule: str | None, depends_on: Attribute | None
    ) -> CompetenceDecision:
        return CompetenceDecision(
            outcome="parked" if found.authority is None else "routed",
            authority=found.authority,
            reason=found.reason,
            candidates=found.candidates,
            rule=rule,
            verified=found.verified,
            on_behalf_of=found.on_behalf_of,
            agreements=found.agreements,
            received_by=found.received_by,
            use_instead=found.use_instead,
            areas=found.areas,
            reaches_beyond=found.reaches_beyond,
            depends_on=depends_on,
            inquiry=_NO_INQUIRY,
            directory_version=self.directory.version,
        )

    def is_ready(self, day: date) -> bool:
        """Whether inquiries of this day are answered at once; else the first one builds a snapshot, which takes a while."""
        return bisect_right(self._boundaries, day) in self._periods

    def prepare(self, day: date) -> None:
        """Build what inquiries of this day need; any thread may do so."""
        self._period(day)

    def _period(self, day: date) -> "_Period":
        """The period of a day: all days between two boundaries share one snapshot."""
        number = bisect_right(self._boundaries, day)
        found = self._periods.get(number)
        if found is None:
            found = self._periods[number] = _Period(snapshot(self.directory, day))
        return found


class _Period:
    """A snapshot and the cache of its decisions; rules and groups of areas are bounded, so the cache is, too."""

    def __init__(self, day: DirectorySnapshot) -> None:
        self.snapshot = day
        self._locate = lru_cache(_REMEMBERED_PLACES)(partial(_locate, snapshot=day))
        self._in_areas: dict[tuple[int, str], AreaResult] = {}
        self._decisions: dict[tuple[int, str], Decision] = {}

    def decide(self, inquiry: Inquiry, rules: Sequence[Competence]) -> Decision:
        """The decision of the rule; of several rules, their decision if they agree."""
        if not rules:
            return _UNKNOWN_SERVICE
        if len(rules) == 1:
            return self._by_rule(inquiry, rules[0])
        found = [self._by_rule(inquiry, rule) for rule in rules]
        if len({(decision.authority, decision.reason) for decision in found}) == 1:
            return replace(found[0], verified=all(decision.verified for decision in found))
        named = sorted({decision.authority for decision in found if decision.authority is not None})
        return Decision(
            reason=Reason.AMBIGUOUS_COMPETENCE,
            candidates=tuple(Candidate(authority=authority, why=Why.OTHER_CASE) for authority in named),
            areas=found[0].areas,
        )

    def _by_rule(self, inquiry: Inquiry, rule: Competence) -> Decision:
        if rule.by_choice:
            return self._chosen(inquiry.choice, rule)
        if inquiry.place is None and rule.needs_place:
            return _NOWHERE[Reason.UNKNOWN_PLACE]
        located = self._locate(_key(inquiry.place))
        if not isinstance(located, Located):
            return _NOWHERE[located]
        found = self._over_areas(rule, located)
        if (
            inquiry.choice is None
            or found.authority is None
            or inquiry.choice in (found.authority, *found.on_behalf_of)
        ):
            return found
        only = Candidate(authority=found.authority, why=Why.OFFERED)
        return Decision(reason=Reason.CHOICE_REQUIRED, candidates=(only,), areas=found.areas)

    def _chosen(self, choice: str | None, rule: Competence) -> Decision:
        """The decision by choice; cached, because the number of offered authorities is bounded."""
        known = choice in self.snapshot.offered[rule.decides]
        key = (self.snapshot.equivalence_class[rule.id], f"choice:{choice}" if known else "choice")
        if key not in self._decisions:
            self._decisions[key] = chosen(choice, rule, self.snapshot)
        return self._decisions[key]

    def _over_areas(self, rule: Competence, located: Located) -> Decision:
        key = (self.snapshot.equivalence_class[rule.id], located.key)
        found = self._decisions.get(key)
        if found is None:
            found = self._decisions[key] = over_areas(rule, located, partial(self._in_area, rule))
        return found

    def _in_area(self, rule: Competence, area: Area) -> AreaResult:
        key = (self.snapshot.equivalence_class[rule.id], area.ags)
        if key not in self._in_areas:
            self._in_areas[key] = area_result(rule, area, self.snapshot)
        return self._in_areas[key]


_UNKNOWN_SERVICE = Decision(reason=Reason.UNKNOWN_SERVICE)
_NOWHERE = {reason: Decision(reason=reason) for reason in (Reason.UNKNOWN_PLACE, Reason.OUTSIDE_TERRITORY)}
_KEYS = attrgetter("ars", "ags", "plz", "town")
_Keys = tuple[str | None, str | None, str | None, str | None] | None


def _key(place: Place | None) -> _Keys:
    return None if place is None else _KEYS(place)


def _locate(keys: _Keys, *, snapshot: DirectorySnapshot) -> Located | Reason:
    if keys is None:
        return locate(None, snapshot)
    ars, ags, plz, town = keys
    return locate(Place.model_construct(ars=ars, ags=ags, plz=plz, town=town), snapshot)


def _of_the_case(
    attributes: Attributes | None, rules: Sequence[Competence]
) -> tuple[Sequence[Competence], Attribute | None]:
    """The row that applies in this case, or all that may apply; and the attribute that the inquiry leaves open."""
    attribute = next((rule.when.attribute for rule in rules if rule.when is not None), None)
    if attribute is None:
        return rules, None
    stated = getattr(attributes, attribute, None)
    if stated is None:
        return [rule for rule in rules if rule.when is None] or rules, attribute
    return [rule for rule in rules if rule.when is not None and stated in rule.when.values] or rules, None


def _parked(found: Decision) -> Decision:
    only = Candidate(authority=str(found.authority), why=Why.UNVERIFIED)
    return replace(
        found, authority=None, reason=Reason.AMBIGUOUS_COMPETENCE, candidates=(only, *found.candidates)
    )
