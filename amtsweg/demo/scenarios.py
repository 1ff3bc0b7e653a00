"""Submissions as the state platform would send them, with the authority that the law names for each.

The expected authorities stand here by hand, from the law and the official keys, so that the demo does not
believe the router.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from random import Random
from typing import Any

from shared.events.notification import MessageKind

GEWERBE_ANMELDUNG = "99050012104000"
WOHNSITZ_ANMELDUNG = "99115005104000"
HUNDESTEUER_ANMELDUNG = "99102013104000"
REISEGEWERBE = "99050023005000"
HANDWERKSROLLE = "99058007060000"
URSPRUNGSZEUGNIS = "99050031012000"
UNTERRICHTUNG_BEWACHUNG = "99050029012000"
BAUGENEHMIGUNG = "99012008001000"
FUEHRERSCHEIN = "99023001012000"
EINBUERGERUNG = "99099002006000"
SCHWERBEHINDERUNG = "99015007012000"
GASTSTAETTE_ERLAUBNIS = "99025002005000"

PARKED_TOLD: tuple[MessageKind, ...] = ("receipt", "clearing")
_NOTICES = frozenset({WOHNSITZ_ANMELDUNG, HUNDESTEUER_ANMELDUNG, GASTSTAETTE_ERLAUBNIS})
"""No statutory period runs, so that nothing is to be confirmed but that the authority has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTown:
    """A municipality of the demo, and who is competent there for what its own administration does not do."""

    ags: str
    name: str
    plz: str
    district: str
    building: str
    ihk: str
    hwk: str
    rp: str

    @property
    def municipality(self) -> str:
        """The id of the municipality's own administration."""
        return f"g-{self.ags}"


# The five cities that share online applications, and the four municipalities that stand in for each other:
# key, name, postcode, Regierungspräsidium, IHK, HWK, and who supervises building there. Gießen, Wetzlar,
# Fulda and Marburg do it themselves (§ 4a HGO, § 60 HBO), elsewhere the district does.
_TABLE = """
06531005 Gießen      35390 rp-065 ihk-giessen-friedberg hwk-wiesbaden g-06531005
06532023 Wetzlar     35578 rp-065 ihk-lahn-dill         hwk-wiesbaden g-06532023
06631009 Fulda       36037 rp-066 ihk-fulda             hwk-kassel    g-06631009
06534014 Marburg     35037 rp-065 ihk-kassel-marburg    hwk-kassel    g-06534014
06533009 Limburg     65549 rp-065 ihk-limburg           hwk-wiesbaden k-06533
06633001 Ahnatal     34292 rp-066 ihk-kassel-marburg    hwk-kassel    k-06633
06633007 Espenau     34314 rp-066 ihk-kassel-marburg    hwk-kassel    k-06633
06633009 Fuldatal    34233 rp-066 ihk-kassel-marburg    hwk-kassel    k-06633
06633014 Immenhausen 34376 rp-066 ihk-kassel-marburg    hwk-kassel    k-06633
"""


def places() -> Iterator[DemoTown]:
    """The demo's municipalities."""
    for row in _TABLE.strip().splitlines():
        ags, name, plz, rp, ihk, hwk, building = row.split()
        yield DemoTown(
            ags=ags, name=name, plz=plz, district=f"k-{ags[:5]}", building=building, ihk=ihk, hwk=hwk, rp=rp
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One request to ``POST /v1/submissions`` and what must become of it.

    ``authority`` is the expected authority, or None where the submission must be parked with ``reason``.
    ``repetition`` marks a request that repeats an earlier one to the letter.
    """

    idempotency_key: str
    body: dict[str, Any]
    what: str
    authority: str | None = None
    reason: str | None = None
    repetition: bool = False


def told(service: str) -> tuple[MessageKind, ...]:
    """What the law has the applicant told on the way from receipt to decision."""
    if service == GEWERBE_ANMELDUNG:  # § 15 Abs. 1 GewO: the receipt itself is certified
        return ("receipt", "forwarded", "status", "trade-certificate", "completion")
    if service in _NOTICES:
        return ("receipt", "forwarded", "status", "decision", "completion")
    return ("receipt", "forwarded", "acknowledgement", "decision", "completion")  # § 71b Abs. 3 VwVfG


def postings(count: int, *, run: str, seed: int = 1) -> tuple[Posting, ...]:
    """Return this many requests in the order of posting: one in twelve repeats, one in ten must be parked.

    ``run`` makes idempotency keys and references of this run its own.
    """
    random = Random(seed)
    repeated = count // 12
    kinds = cycle([*_routed(), *_parked()])
    firsts = [_numbered(p, f"{run}-{n:05d}", n) for n, p in enumerate(islice(kinds, count - repeated))]
    repetitions = [replace(p, repetition=True) for p in random.sample(firsts, repeated)]
    mixed = list(firsts)
    for again in repetitions:
        first = next(i for i, p in enumerate(mixed) if p.idempotency_key == again.idempotency_key)
        mixed.insert(random.randint(first + 1, len(mixed)), again)
    return tuple(mixed)


def _numbered(posting: Posting, reference: str, number: int) -> Posting:
    language = {0: "en", 3: "de-simple"}.get(number % 7, "de")
    body = posting.body | {
        "language": language,
        "clientReference": reference,
        "contact": {"email": f"antrag-{reference}@example.org"},
        "content": {
            "antrag": posting.what,
            "laufendeNummer": number,
            "erklaerung": "Angaben sind vollständig.",
        },
    }
    return replace(posting, body=body, idempotency_key=reference)


def _routed() -> Iterator[Posting]:
    for place in places():
        yield _sent("Gewerbe anmelden", GEWERBE_ANMELDUNG, {"ags": place.ags}, place.municipality)
        yield _sent("Wohnsitz anmelden", WOHNSITZ_ANMELDUNG, {"ars": _ars(place.ags)}, place.municipality)
        yield _sent("Baugenehmigung", BAUGENEHMIGUNG, {"ags": place.ags}, place.building)
        yield _sent("Führerschein", FUEHRERSCHEIN, {"ags": place.ags}, place.district)
        yield _sent("In die Handwerksrolle eintragen", HANDWERKSROLLE, {"ags": place.ags}, place.hwk)
        yield _sent("Ursprungszeugnis", URSPRUNGSZEUGNIS, {"ags": place.ags}, place.ihk)
        yield _sent("Einbürgerung", EINBUERGERUNG, {"ags": place.ags}, place.rp)
        yield _sent("Reisegewerbe", REISEGEWERBE, {"plz": place.plz, "town": place.name}, place.municipality)
    yield _sent(
        "Ursprungszeugnis, wo der Kammerbezirk den Kreis teilt",
        URSPRUNGSZEUGNIS,
        {"ags": "06531018"},
        "ihk-lahn-dill",
    )
    yield _sent("Führerschein in einer kreisfreien Stadt", FUEHRERSCHEIN, {"ags": "06412000"}, "g-06412000")
    yield _sent("Führerschein, nur der Kreis ist bekannt", FUEHRERSCHEIN, {"ars": "06531"}, "k-06531")
    yield _sent("Einbürgerung in Frankfurt", EINBUERGERUNG, {"ags": "06412000"}, "rp-064")
    yield _sent("Gewerbe mit einem alten Schlüssel", GEWERBE_ANMELDUNG, {"ags": "06437002"}, "g-06437016")
    yield _sent("Schwerbehindertenausweis", SCHWERBEHINDERUNG, {"ags": "06531005"}, "land-havs")
    yield _sent(
        "Unterrichtung Bewachung, frei gewählt",
        UNTERRICHTUNG_BEWACHUNG,
        {"ags": "06531005"},
        "ihk-frankfurt",
        {"choice": "ihk-frankfurt"},
    )


def _parked() -> Iterator[Posting]:
    yield _stays(
        "Dienst, den kein Verzeichnis kennt", "99999999999999", {"ags": "06531005"}, "unknown-service"
    )
    yield _stays("Postleitzahl mit vier Gemeinden", GEWERBE_ANMELDUNG, {"plz": "34123"}, "ambiguous-place")
    yield _stays("Ort in Bayern", GEWERBE_ANMELDUNG, {"plz": "80331"}, "outside-territory")
    yield _stays("Gemeindeschlüssel ohne Gemeinde", GEWERBE_ANMELDUNG, {"ags": "06531999"}, "unknown-place")
    yield _stays(
        "Gaststättenerlaubnis (abgeschafft)", GASTSTAETTE_ERLAUBNIS, {"ags": "06631009"}, "not-offered"
    )
    yield _stays("Unterrichtung ohne Wahl", UNTERRICHTUNG_BEWACHUNG, {"ags": "06531005"}, "choice-required")
    yield _stays("Landkreis statt Gemeinde", GEWERBE_ANMELDUNG, {"ars": "06531"}, "ambiguous-place")


def _sent(
    what: str, service: str, place: dict[str, str], authority: str, more: dict[str, str] | None = None
) -> Posting:
    body = {"service": service, "place": place, **(more or {})}
    return Posting(idempotency_key="", body=body, what=what, authority=authority)


def _stays(what: str, service: str, place: dict[str, str], reason: str) -> Posting:
    body = {"service": service, "place": place}
    return Posting(idempotency_key="", body=body, what=what, reason=reason)


def _ars(ags: str) -> str:
    """In Hessen the association part of an ARS is the municipality's number with a leading zero."""
    return f"{ags[:5]}0{ags[5:]}{ags[5:]}"
