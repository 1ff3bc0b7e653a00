"""The municipality that a town and its postcode name. Nothing is guessed: every word must fit the answer.

If the text names two municipalities, a name elsewhere, or a postcode or river of another place, the candidates are
returned with the reason why the place is unclear.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.router.domain.decision.gazetteer import Gazetteer, Mention
from services.router.domain.decision.names_beyond import is_beyond
from services.router.domain.decision.near_names import resembles
from services.router.domain.decision.place_names import Token, base, hides_a_break, spellings, tokens
from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.directory.model import Area
from shared.events.competence import Reason

PostcodeParts = Mapping[str, tuple[Area, ...]]
"""The areas of a postcode: by today's AGS, the areas of the day of the inquiry."""

_DISTRICT = frozenset({"kr", "kreis", "krs", "landkr", "landkreis", "lk", "lkr", "lkrs"})
_POSTCODE_DIGITS = 5
_PART = frozenset(
    ["altstadt", "innenstadt", "kernstadt", "mitte", "nord", "ost", "stadtmitte", "sud", "west", "zentrum"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TownRead:
    """The municipalities that the town names; if ``unclear`` is set, they are only candidates, and it says why."""

    areas: tuple[Area, ...]
    unclear: Reason | None = None


@dataclass(slots=True, kw_only=True)
class _Understood:
    """The known names in a text.

    Attributes:
        here: For each name, the areas of the postcode that have it.
        near_there: The places of the name before "bei" that lie in the district of the place after it.
    """

    here: list[tuple[Area, ...]] = field(default_factory=list)
    near_there: list[Area] = field(default_factory=list)
    elsewhere: list[Area] = field(default_factory=list)
    quarters_elsewhere: list[Area] = field(default_factory=list)
    districts: list[frozenset[str]] = field(default_factory=list)
    part_of_unknown: bool = False
    used: set[int] = field(default_factory=set)


def read_town(
    town: str, postcode: str, parts: PostcodeParts, snapshot: DirectorySnapshot, *, beyond: bool
) -> TownRead | None:
    """The municipality that the town names; None if the text has no word, for example only a dash."""
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
    areas = tuple(area for area in common if area in understood.near_there) or tuple(common)
    rest = _left_over(written, understood.used, snapshot.gazetteer.land)
    others = _resembled(rest, areas, parts, snapshot)
    if others or (understood.near_there and areas[0] not in understood.near_there):
        others = (*others, *understood.near_there)
        return TownRead(areas=_once(areas, others), unclear=Reason.AMBIGUOUS_PLACE)
    if (
        _contradicted(understood, areas)
        or (rest and (hides_a_break(town) or any(token.gap == "and" for token in written)))
        or not _fits(rest, areas, snapshot, beyond=beyond)
    ):
        return TownRead(areas=areas, unclear=Reason.UNKNOWN_PLACE)
    return TownRead(areas=areas)


def _understand(written: Sequence[Token], parts: PostcodeParts, snapshot: DirectorySnapshot) -> _Understood:
    found = _Understood()
    named: tuple[Area, ...] = ()
    for mention in snapshot.gazetteer.mentions(written):
        first = written[mention.first]
        before = written[mention.first - 1] if mention.first else None
        marked = before is not None and before.text in _DISTRICT
        towns = _of_that_day(mention.municipalities, snapshot)
        here = _here(mention, parts)
        if mention.districts and (marked or not mention.municipalities | mention.quarters):
            found.districts.append(mention.districts)
        elif marked and towns and not here:
            found.districts.append(frozenset(town.district for town in towns))
        elif first.near and found.here and not here and _lie_near(towns, named):
            districts = {town.district for town in towns}
            found.near_there += (area for area in named if area.district in districts)
        elif here:
            found.here.append(here)
            unknown = None if mention.first - 1 in found.used else before
            found.part_of_unknown |= _continues(unknown, first, snapshot.gazetteer.land)
            named = _of_that_day(mention.municipalities | mention.quarters, snapshot)
        elif towns:
            found.elsewhere += towns
        else:
            found.quarters_elsewhere += _of_that_day(mention.quarters, snapshot)
            continue
        found.used.update(range(mention.first, mention.last))
    return found


def _lie_near(towns: Sequence[Area], named: Sequence[Area]) -> bool:
    """Whether these may be what "bei" says of a place: Vellmar bei Kassel. Darmstadt bei Florstadt are two places.

    Near are the district of the place, and the independent cities of its region.
    """
    districts, regions = {area.district for area in named}, {area.region for area in named}
    return any(
        town.district in districts or (town.kind == "independent-city" and town.region in regions)
        for town in towns
    )


def _left_over(written: Sequence[Token], used: set[int], land: frozenset[str]) -> list[Token]:
    """The words that need an explanation; the words of one unknown name share the gap before its first."""
    rest: list[Token] = []
    for at, token in enumerate(written):
        if at not in used and not _says_nothing(token, land):
            goes_on = token.gap == "space" and rest and at - 1 not in used
            rest.append(replace(token, gap=rest[-1].gap) if goes_on else token)
    return rest


def _here(mention: Mention, parts: PostcodeParts) -> tuple[Area, ...]:
    """The areas that had this name on that day; otherwise the predecessors of today's area with this name."""
    named = mention.municipalities | mention.quarters
    own = _once(area for areas in parts.values() for area in areas if area.ags in named)
    return own or _once(area for ags, areas in parts.items() if ags in named for area in areas)


def _continues(before: Token | None, first: Token, land: frozenset[str]) -> bool:
    """Whether the name is only the end of an unknown one, or its neighbour: Linden in Klein-Linden, X bei Linden."""
    if before is None or not (first.near or first.gap in {"space", "hyphen"}):
        return False
    return not (before.text.isdecimal() or before.text in _DISTRICT or before.meanings & land)


def _contradicted(understood: _Understood, areas: Sequence[Area]) -> bool:
    """Whether the text names another district, or a known name is only a part of an unknown one."""
    districts = {area.district for area in areas}
    return understood.part_of_unknown or any(districts.isdisjoint(named) for named in understood.districts)


def _fits(rest: Sequence[Token], areas: Sequence[Area], snapshot: DirectorySnapshot, *, beyond: bool) -> bool:
    """Whether the words of no known name are compatible with these municipalities.

    Compatible are a word that distinguishes them from namesakes, a word of their district's name, and an unknown quarter after a hyphen or comma, unless
    it has the name of another Land or of a large city there. A distinguishing word must be their own if they have one.
    At the border of the Land an unknown word may be a place of the other Land.
    """
    if not rest:
        return True
    known = snapshot.gazetteer
    own = frozenset[str]().union(*(known.distinctions[area.ags] for area in areas))
    districts = (spellings(snapshot.directory.districts[area.district].name) for area in areas)
    region = {word for names in districts for words in names for word in words} - known.rivers
    unexplained = (token for token in rest if token.meanings.isdisjoint(region))
    return all(_is_at_home(token, own, known, beyond=beyond) for token in unexplained)


def _resembled(
    rest: Iterable[Token], areas: Sequence[Area], parts: PostcodeParts, snapshot: DirectorySnapshot
) -> tuple[Area, ...]:
    """The other municipalities that a word of no known name may mean: Fuldatla in Kassel, Fuldatla."""
    own = {word for area in areas for word in _words(area)}
    found: list[Area] = []
    for token in rest:
        if not resembles(token.text, own):
            others = (area for group in parts.values() for area in group if area not in areas)
            found += (area for area in others if resembles(token.text, _words(area)))
            found += _of_that_day(snapshot.gazetteer.slips.get(token.text, ()), snapshot)
    return _once(found)


def _words(area: Area) -> frozenset[str]:
    return frozenset(word for words in spellings(base(area.name)) for word in words)


def _says_nothing(token: Token, land: frozenset[str]) -> bool:
    """Whether the word tells no place from another: the Land or country, a district, a part of a town, a number."""
    if token.text.isdecimal():
        return len(token.text) != _POSTCODE_DIGITS
    return token.text in _DISTRICT | _PART or bool(token.meanings & land)


def _is_at_home(token: Token, own: frozenset[str], gazetteer: Gazetteer, *, beyond: bool) -> bool:
    if token.text.isdecimal() or is_beyond(token, gazetteer.land):
        return False
    if any(token.means(word, least=1) for word in own):
        return True
    if any(token.means(word, least=1) for word in gazetteer.rivers):
        return not own
    return token.gap == "hyphen" or (token.gap == "comma" and not beyond)


def _of_that_day(keys: Iterable[str], snapshot: DirectorySnapshot) -> tuple[Area, ...]:
    areas = snapshot.directory.areas
    return tuple(areas[ags] for ags in sorted(keys) if snapshot.day in areas[ags].days)


def _once(*groups: Iterable[Area]) -> tuple[Area, ...]:
    return tuple(dict.fromkeys(area for group in groups for area in group))
