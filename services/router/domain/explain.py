"""A decision as a clerk would write it: German sentences, made from the decision when somebody asks."""

from collections.abc import Iterable
from datetime import date

from services.router.domain.directory import Directory
from services.router.domain.entries import Competence
from shared.events.competence import CompetenceDecision, Place, Reason, Why

_MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
_FEW = 12

_PARKED = {
    "unknown-service": "Die Leistung ist nicht bekannt.",
    "unknown-service/named": "Die Leistung ist dem Namen nach bekannt; wer sie erbringt, steht nicht im Verzeichnis.",
    "unknown-place": "Der Ort ist nicht bekannt.",
    "unknown-place/missing": "Es ist kein Ort angegeben; die Zuständigkeit hängt vom Ort ab.",
    "unknown-place/town": "Der Ort gehört nach dem Verzeichnis nicht zu dieser Postleitzahl.",
    "outside-territory": "Der Ort liegt nicht in {land}.",
    "ambiguous-place": "Der Ort ist nicht genau genug. In Betracht kommen: {among}.",
    "ambiguous-place/beyond": "Das Gebiet reicht in ein anderes Land. In {land} kommt in Betracht: {among}.",
    "not-offered": "Die Leistung wird nicht mehr angeboten.",
    "not-offered/instead": "Die Leistung wird nicht mehr angeboten. An ihre Stelle tritt: {instead}.",
    "choice-required": "Die Stelle darf gewählt werden. Zur Wahl stehen: {among}.",
    "choice-required/wrong": "Die gewählte Stelle steht nicht zur Wahl. Zur Wahl stehen: {among}.",
    "ambiguous-competence": "Die Quellen sagen nicht, welche Stelle zuständig ist.",
    "ambiguous-competence/unincorporated": "Das gemeindefreie Gebiet hat keine Gemeindeverwaltung; wer sie vertritt, "
    "steht nicht im Verzeichnis.",
    "ambiguous-competence/among": "Die Quellen sagen nicht, welche Stelle zuständig ist. In Betracht kommen: {among}.",
    "ambiguous-competence/unverified": "Die Angabe im Verzeichnis ist noch nicht geprüft. In Betracht kommt: {among}.",
}

_LOST = {
    Why.OTHER_TOWN: "Nicht zuständig: {names}; der angegebene Ort liegt nicht dort.",
    Why.MUNICIPALITY_DECIDES: "Nicht zuständig: {names}; die Stadt oder Gemeinde entscheidet selbst ({condition}).",
    Why.DISTRICT_DECIDES: "Nicht zuständig: {names}; es fehlt die Voraussetzung dafür ({condition}).",
    Why.NOT_CHOSEN: "Nicht gewählt: {names}.",
}


def explain_de(decision: CompetenceDecision, *, directory: Directory) -> str:
    """The answer, why it is so, and what it rests on.

    ``directory`` lends the names; the version that decided is named in the text.
    """
    sentences = (
        *_answer(decision, directory),
        *_followed(decision, directory),
        *_losers(decision, directory),
        *_basis(decision, directory),
    )
    return " ".join(sentences)


def day_de(day: date) -> str:
    """12. Januar 2026."""
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"


def _answer(decision: CompetenceDecision, directory: Directory) -> Iterable[str]:
    service = directory.services.get(decision.inquiry.service)
    named = (
        f"„{service}“ ({decision.inquiry.service})" if service else f"die Leistung {decision.inquiry.service}"
    )
    asked = f"Für {named}{_where(decision, directory)} am {day_de(decision.inquiry.on)}"
    if decision.authority is None:
        yield f"{asked} geht der Antrag an die Klärungsstelle: {_why_parked(decision, directory)}"
        return
    yield f"{asked} ist zuständig: {_name(decision.authority, directory)}."
    if decision.on_behalf_of:
        yield f"Die Stelle handelt aufgrund einer Vereinbarung für: {_names(decision.on_behalf_of, directory)}."
    if decision.received_by:
        yield f"Der Antrag kann auch hier abgegeben werden: {_names(decision.received_by, directory)}."


def _where(decision: CompetenceDecision, directory: Directory) -> str:
    areas = [directory.areas[ags].name for ags in decision.areas]
    asked = _asked(decision.inquiry.place)
    if asked is None or not areas or (len(areas) == 1 and asked.endswith(areas[0])):
        return asked or ""
    if len(areas) > _FEW:
        return f"{asked} ({len(areas)} Gemeinden)"
    return f"{asked} ({', '.join(areas)})"


def _asked(place: Place | None) -> str | None:
    if place is None:
        return None
    if place.plz is not None:
        return f" in {place.plz} {place.town}" if place.town else f" in {place.plz}"
    return f" beim Regionalschlüssel {place.ars}" if place.ars else f" beim Gemeindeschlüssel {place.ags}"


def _why_parked(decision: CompetenceDecision, directory: Directory) -> str:
    instead = decision.use_instead
    return _PARKED[_situation(decision, directory)].format(
        among=_names((candidate.authority for candidate in decision.candidates), directory),
        land=directory.name,
        instead=f"„{directory.services.get(instead, '')}“ ({instead})" if instead else "",
    )


def _situation(decision: CompetenceDecision, directory: Directory) -> str:
    """The reason, refined by what the sentence has to say about it."""
    place = decision.inquiry.place
    refinements = {
        (Reason.UNKNOWN_SERVICE, "named"): decision.inquiry.service in directory.services,
        (Reason.UNKNOWN_PLACE, "missing"): place is None,
        (Reason.UNKNOWN_PLACE, "town"): place is not None
        and place.town is not None
        and _listed(place, directory),
        (Reason.AMBIGUOUS_PLACE, "beyond"): decision.reaches_beyond,
        (Reason.NOT_OFFERED, "instead"): decision.use_instead is not None,
        (Reason.CHOICE_REQUIRED, "wrong"): decision.inquiry.choice is not None,
        (Reason.AMBIGUOUS_COMPETENCE, "unverified"): decision.candidates[:1]
        and decision.candidates[0].why is Why.UNVERIFIED,
        (Reason.AMBIGUOUS_COMPETENCE, "unincorporated"): decision.areas
        and all(directory.areas[ags].kind == "unincorporated" for ags in decision.areas),
        (Reason.AMBIGUOUS_COMPETENCE, "among"): decision.candidates,
    }
    refined = (name for (reason, name), holds in refinements.items() if reason is decision.reason and holds)
    return "/".join((str(decision.reason), *list(refined)[:1]))


def _listed(place: Place, directory: Directory) -> bool:
    return place.plz in directory.postcodes


def _followed(decision: CompetenceDecision, directory: Directory) -> Iterable[str]:
    """A key that is not in force on that day, and what it was understood as."""
    place = decision.inquiry.place
    key = place.ags or place.ars if place else None
    asked = next((area for area in directory.areas.values() if key in {area.ags, area.ars}), None)
    if asked is not None and decision.areas and asked.ags not in decision.areas:
        understood = ", ".join(f"{directory.areas[ags].name} ({ags})" for ags in decision.areas)
        yield f"Der Schlüssel {key} gilt an diesem Tag nicht; gemeint ist: {understood}."


def _losers(decision: CompetenceDecision, directory: Directory) -> Iterable[str]:
    if decision.authority is None:
        return
    for why, text in _LOST.items():
        lost = [candidate.authority for candidate in decision.candidates if candidate.why is why]
        if lost:
            yield text.format(names=_names(lost, directory), condition=_condition(decision, directory))


def _condition(decision: CompetenceDecision, directory: Directory) -> str:
    rule = _rule(decision, directory)
    if rule is None or rule.municipality_if is None:
        return ""
    if rule.municipality_if.kind == "listed":
        name = rule.municipality_if.argument
        return next(rows[0].value for (listed, _), rows in directory.listed.items() if listed == name)
    figures = [row for ags in decision.areas for row in directory.populations.get(ags, ())]
    counted = next((row for row in figures if decision.inquiry.on in row.days), None)
    threshold = f"mehr als {_number(rule.municipality_if.argument)} Einwohner"
    if counted is None or len(decision.areas) > 1:
        return threshold
    return (
        f"{threshold}; es sind {_number(str(counted.people))} nach dem Stand vom {day_de(counted.counted_on)}"
    )


def _basis(decision: CompetenceDecision, directory: Directory) -> Iterable[str]:
    rule = _rule(decision, directory)
    if rule is not None and (decision.authority is not None or decision.reason is Reason.NOT_OFFERED):
        checked = "geprüft" if decision.verified else "noch nicht geprüft"
        anchor = f"maßgeblicher Ort: {rule.anchor}; " if rule.anchor and rule.needs_place else ""
        yield f"Grundlage: {rule.legal_basis}; {anchor}Angabe {checked} (Regel {rule.id})."
    yield f"Verzeichnis {decision.directory_version[:12]}."


def _rule(decision: CompetenceDecision, directory: Directory) -> Competence | None:
    rules = directory.competences.get(decision.inquiry.service, ())
    return next((rule for rule in rules if rule.id == decision.rule), None)


def _number(digits: str) -> str:
    return f"{int(digits):,}".replace(",", ".")


def _names(authorities: Iterable[str], directory: Directory) -> str:
    ids = list(authorities)
    shown = "; ".join(_name(authority, directory) for authority in ids[:_FEW])
    return shown if len(ids) <= _FEW else f"{shown} und {len(ids) - _FEW} weitere"


def _name(authority: str, directory: Directory) -> str:
    return directory.authorities[authority].name if authority in directory.authorities else authority
