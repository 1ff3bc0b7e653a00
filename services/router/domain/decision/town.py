"""Which municipality a town names beside its postcode. Nothing is guessed: each word must fit to the answer.

Two municipalities in one field, a name that lies elsewhere, a postcode or a river that belongs to another place: what
was understood is returned, and that it is unclear.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.router.domain.decision.gazetteer import Gazetteer, Mention
from services.router.domain.decision.place_names import Token, hides_a_break, tokens
from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.directory.model import Area
from shared.events.competence import Reason

PostcodeParts = Mapping[str, tuple[Area, ...]]
"""The areas of a postcode: by AGS of today, those of the day that it goes back to."""

_DISTRICT = frozenset({"kr", "kreis", "landkreis", "lk", "lkr", "lkrs"})
_POSTCODE_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TownRead:
    """The municipalities that the town names; ``unclear``: why they are only candidates."""

    areas: tuple[Area, ...]
    unclear: Reason | None = None


@dataclass(slots=True, kw_only=True)
class _Understood:
    """What the known names in a town say. ``here``: for each, the areas of the postcode that are called so."""

    here: list[tuple[Area, ...]] = field(default_factory=list)
    elsewhere: list[Area] = field(default_factory=list)
    quarters_elsewhere: list[Area] = field(default_factory=list)
    districts: list[frozenset[str]] = field(default_factory=list)
    part_of_unknown: bool = False
    used: set[int] = field(default_factory=set)


def read_town(
    town: str, postcode: str, parts: PostcodeParts, snapshot: DirectorySnapshot, *, beyond: bool
) -> TownRead | None:
    """The municipality that the town names; None if it names nothing at all, as a dash in an empty field does."""
    written = tuple(token for token in tokens(town) if token.text != postcode)
    if not written:
        return None
    understood = _understand(written, parts, snapshot)
    every = [area for areas in parts.values() for area in areas]
    if not understood.here:
        areas = _once(every, understood.elsewhere, understood.quarters_elsewhere)
        return TownRead(areas=areas, unclear=Reason.UNKNOWN_PLACE)
    common = [area for area in understood.here[0] if all(area in areas for areas in understood.here)]
    if understood.elsewhere or not common:
        areas = _once(*understood.here, understood.elsewhere)
        return TownRead(areas=areas, unclear=Reason.AMBIGUOUS_PLACE)
    areas = tuple(common)
    rest = _left_over(written, understood.used)
    if (
        _contradicted(understood, areas)
        or (rest and hides_a_break(town))
        or not _fits(rest, areas, snapshot, beyond=beyond)
    ):
        return TownRead(areas=areas, unclear=Reason.UNKNOWN_PLACE)
    return TownRead(areas=areas)


def _understand(written: Sequence[Token], parts: PostcodeParts, snapshot: DirectorySnapshot) -> _Understood:
    found = _Understood()
    for mention in snapshot.gazetteer.mentions(written):
        first = written[mention.first]
        before = written[mention.first - 1] if mention.first else None
        marked = before is not None and before.text in _DISTRICT
        if mention.districts and (marked or not mention.municipalities | mention.quarters):
            found.districts.append(mention.districts)
        elif here := _here(mention, parts):
            found.here.append(here)
            unknown = None if mention.first - 1 in found.used else before
            found.part_of_unknown |= _continues(unknown, first, snapshot.gazetteer.land)
        else:
            _note_elsewhere(found, mention, snapshot, written)
        found.used.update(range(mention.first, mention.last))
    return found


def _left_over(written: Sequence[Token], used: set[int]) -> list[Token]:
    """The words of no known name; those of one unknown name share what stands before it."""
    rest: list[Token] = []
    for at, token in enumerate(written):
        if at not in used:
            goes_on = token.gap == "space" and rest and at - 1 not in used
            rest.append(replace(token, gap=rest[-1].gap) if goes_on else token)
    return rest


def _note_elsewhere(
    found: _Understood, mention: Mention, snapshot: DirectorySnapshot, written: Sequence[Token]
) -> None:
    """A municipality elsewhere; but the Höchst of Frankfurt-Höchst is a quarter, since that is no whole name."""
    areas = _of_that_day(mention.municipalities, snapshot)
    if areas and not (found.here and written[mention.first].gap == "hyphen" and _is_cut(mention, areas)):
        found.elsewhere += areas
    else:
        found.quarters_elsewhere += _of_that_day(mention.quarters, snapshot)


def _is_cut(mention: Mention, areas: Iterable[Area]) -> bool:
    """Whether all municipalities that are called so carry more words in their names."""
    return mention.shortened >= {area.ags for area in areas}


def _here(mention: Mention, parts: PostcodeParts) -> tuple[Area, ...]:
    """Those called so on that day; else all that the postcode's area of today, called so, goes back to."""
    named = mention.municipalities | mention.quarters
    own = _once(area for areas in parts.values() for area in areas if area.ags in named)
    return own or _once(area for ags, areas in parts.items() if ags in named for area in areas)


def _continues(before: Token | None, first: Token, land: frozenset[str]) -> bool:
    """Whether the name is only the end of an unknown one: Linden of Klein-Linden."""
    if before is None or first.gap not in {"space", "hyphen"}:
        return False
    return not (before.text.isdecimal() or before.text in _DISTRICT or before.meanings & land)


def _contradicted(understood: _Understood, areas: Sequence[Area]) -> bool:
    """A district that lies elsewhere, or a name that is a part of an unknown one."""
    districts = {area.district for area in areas}
    return understood.part_of_unknown or any(districts.isdisjoint(named) for named in understood.districts)


def _fits(rest: Iterable[Token], areas: Sequence[Area], snapshot: DirectorySnapshot, *, beyond: bool) -> bool:
    """Whether what belongs to no known name may stand beside these municipalities.

    It may be what tells them from their namesakes, a country, a number, or a quarter that no table knows: the
    last behind a hyphen or comma only. What distinguishes must be theirs, where they have such a word. At the border
    of the Land an unknown word may be a place of the other one.
    """
    own = frozenset[str]().union(*(snapshot.gazetteer.distinctions[area.ags] for area in areas))
    return all(_is_at_home(token, own, snapshot.gazetteer, beyond=beyond) for token in rest)


def _is_at_home(token: Token, own: frozenset[str], gazetteer: Gazetteer, *, beyond: bool) -> bool:
    if token.text.isdecimal():
        return len(token.text) != _POSTCODE_DIGITS
    if (
        token.text in _DISTRICT
        or token.meanings & gazetteer.land
        or any(token.means(word, least=1) for word in own)
    ):
        return True
    if any(token.means(word, least=1) for word in gazetteer.rivers):
        return not own
    return token.gap == "hyphen" or (token.gap == "comma" and not beyond)


def _of_that_day(keys: Iterable[str], snapshot: DirectorySnapshot) -> tuple[Area, ...]:
    areas = snapshot.directory.areas
    return tuple(areas[ags] for ags in sorted(keys) if snapshot.day in areas[ags].days)


def _once(*groups: Iterable[Area]) -> tuple[Area, ...]:
    return tuple(dict.fromkeys(area for group in groups for area in group))
