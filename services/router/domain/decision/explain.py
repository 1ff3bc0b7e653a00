"""A decision as a clerk would write it: German sentences, made from the decision when somebody asks."""

from collections.abc import Iterable

from services.router.domain.directory.model import Competence, Directory
from shared.events.competence import CompetenceDecision, Place, Reason, Why
from shared.local_time import letter_day

_FEW = 12

_PARKED = {
    "unknown-service": "Die Leistung ist nicht bekannt.",
    "unknown-service/named": "Die Leistung ist dem Namen nach bekannt; wer sie erbringt, steht nicht im Verzeichnis.",
    "unknown-place": "Der Ort ist nicht bekannt.{among}",
    "unknown-place/missing": "Es ist kein Ort angegeben; die Zuständigkeit hängt vom Ort ab.",
    "unknown-place/town": "Der Ort gehört nach dem Verzeichnis nicht zu dieser Postleitzahl.{among}",
    "outside-territory": "Der Ort liegt nicht in {land}.",
    "ambiguous-place": "Der Ort ist nicht genau genug.{among}",
    "ambiguous-place/town": "Der Ort nennt mehrere Gemeinden.{among}",
    "ambiguous-place/beyond": "Das Gebiet reicht in ein anderes Land.{among}",
    "not-offered": "Die Leistung wird nicht mehr angeboten.",
    "not-offered/instead": "Die Leistung wird nicht mehr angeboten. An ihre Stelle tritt: {instead}.",
    "choice-required": "Die Stelle darf gewählt werden. Zur Wahl stehen: {offered}.",
    "choice-required/fixed": "Die Leistung kennt keine freie Wahl der Stelle. Zuständig wäre: {offered}.",
    "choice-required/wrong": "Die gewählte Stelle steht nicht zur Wahl. Zur Wahl stehen: {offered}.",
    "ambiguous-competence": "Die Quellen sagen nicht, welche Stelle zuständig ist.{among}",
    "ambiguous-competence/case": "Die Zuständigkeit hängt von einer Angabe ab, die fehlt: {attribute}.{among}",
    "ambiguous-competence/unincorporated": "Das gemeindefreie Gebiet hat keine Gemeindeverwaltung; wer ihre Aufgaben "
    "wahrnimmt, steht nicht im Verzeichnis.",
    "ambiguous-competence/unverified": "Die Angabe im Verzeichnis ist noch nicht geprüft.{among}",
}

_ATTRIBUTES = {"road": "Straßenklasse"}

_LOST = {
    Why.OTHER_TOWN: "Die Postleitzahl umfasst auch Orte, für die eine andere Stelle zuständig ist: {names}.",
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


def _answer(decision: CompetenceDecision, directory: Directory) -> Iterable[str]:
    service = directory.services.get(decision.inquiry.service)
    named = (
        f"„{service}“ ({decision.inquiry.service})" if service else f"die Leistung {decision.inquiry.service}"
    )
    asked, day = f"Für {named}{_where(decision, directory)}", letter_day(decision.inquiry.on)
    if decision.authority is None:
        yield f"{asked} geht am {day} der Antrag an die Klärungsstelle: {_why_parked(decision, directory)}"
        return
    yield f"{asked} ist am {day} zuständig: {_name(decision.authority, directory)}."
    if decision.on_behalf_of:
        agreed = "einer Vereinbarung" if len(decision.agreements) == 1 else "von Vereinbarungen"
        yield f"Die Stelle handelt aufgrund {agreed} für: {_names(decision.on_behalf_of, directory)}."
    if decision.depends_on:
        yield f"Nicht angegeben: {_ATTRIBUTES[decision.depends_on]}; danach kann eine andere Stelle zuständig sein."
    if decision.received_by:
        yield f"Der Antrag kann auch hier abgegeben werden: {_names(decision.received_by, directory)}."


def _where(decision: CompetenceDecision, directory: Directory) -> str:
    place = decision.inquiry.place
    if place is None:
        return ""
    if decision.reason is Reason.UNKNOWN_PLACE:
        areas = []
    else:
        areas = [directory.areas[ags].name for ags in decision.areas]
    understood = ", ".join(areas) if len(areas) <= _FEW else f"{len(areas)} Gemeinden"
    if place.plz is None:
        key = f"Regionalschlüssel {place.ars}" if place.ars else f"Gemeindeschlüssel {place.ags}"
        unincorporated = len(areas) == 1 and directory.areas[decision.areas[0]].kind == "unincorporated"
        within = "im gemeindefreien Gebiet" if unincorporated else "in"
        return f" {within} {understood} ({key})" if areas else f" mit dem {key}"
    asked = " ".join(filter(None, (place.plz, place.town)))
    return f" in {asked}" if not areas or areas == [place.town] else f" in {asked} ({understood})"


def _why_parked(decision: CompetenceDecision, directory: Directory) -> str:
    instead = decision.use_instead
    candidates = [candidate.authority for candidate in decision.candidates]
    come = "kommt" if len(candidates) == 1 else "kommen"
    among = f" In Betracht {come}: {_names(candidates, directory)}." if candidates else ""
    return _PARKED[_situation(decision, directory)].format(
        among=among,
        offered=_names(candidates, directory),
        attribute=_ATTRIBUTES.get(decision.depends_on or "", ""),
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
        (Reason.AMBIGUOUS_PLACE, "town"): place is not None and place.town is not None,
        (Reason.NOT_OFFERED, "instead"): decision.use_instead is not None,
        (Reason.CHOICE_REQUIRED, "fixed"): decision.areas,
        (Reason.CHOICE_REQUIRED, "wrong"): decision.inquiry.choice is not None,
        (Reason.AMBIGUOUS_COMPETENCE, "unverified"): decision.candidates[:1]
        and decision.candidates[0].why is Why.UNVERIFIED,
        (Reason.AMBIGUOUS_COMPETENCE, "unincorporated"): decision.areas
        and all(directory.areas[ags].kind == "unincorporated" for ags in decision.areas),
        (Reason.AMBIGUOUS_COMPETENCE, "case"): decision.depends_on is not None,
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
        meant = "gemeint ist" if len(decision.areas) == 1 else "gemeint sind"
        yield f"Der Schlüssel {key} gilt an diesem Tag nicht; {meant}: {understood}."


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
    return f"{threshold}; es sind {_number(str(counted.people))} nach dem Stand vom {letter_day(counted.counted_on)}"


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
