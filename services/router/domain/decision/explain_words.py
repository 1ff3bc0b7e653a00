"""The sentences of an explanation, German and English. Official names and paragraphs are not translated."""

from collections.abc import Mapping
from typing import Final

from shared.events.competence import Why

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "unknown-service": ("Die Leistung ist nicht bekannt.", "The service is not known."),
    "unknown-service/named": (
        "Die Leistung ist dem Namen nach bekannt; wer sie erbringt, steht nicht im Verzeichnis.",
        "The service is known by name; who provides it is not in the directory.",
    ),
    "unknown-place": ("Der Ort ist nicht bekannt.{among}", "The place is not known.{among}"),
    "unknown-place/missing": (
        "Es ist kein Ort angegeben; die Zuständigkeit hängt vom Ort ab.",
        "No place is given; competence depends on the place.",
    ),
    "unknown-place/town": (
        "Der Ort gehört nach dem Verzeichnis nicht zu dieser Postleitzahl.{among}",
        "By the directory the town does not belong to this postcode.{among}",
    ),
    "outside-territory": ("Der Ort liegt nicht in {land}.", "The place does not lie in {land}."),
    "ambiguous-place": ("Der Ort ist nicht genau genug.{among}", "The place is not precise enough.{among}"),
    "ambiguous-place/town": (
        "Der Ort nennt mehrere Gemeinden.{among}",
        "The place names several municipalities.{among}",
    ),
    "ambiguous-place/beyond": (
        "Das Gebiet reicht in ein anderes Land.{among}",
        "The area reaches into another Land.{among}",
    ),
    "not-offered": ("Die Leistung wird nicht mehr angeboten.", "The service is no longer offered."),
    "not-offered/instead": (
        "Die Leistung wird nicht mehr angeboten. An ihre Stelle tritt: {instead}.",
        "The service is no longer offered. Use instead: {instead}.",
    ),
    "choice-required": (
        "Die Stelle darf gewählt werden. Zur Wahl stehen: {offered}.",
        "The authority may be chosen, from: {offered}.",
    ),
    "choice-required/fixed": (
        "Die Leistung kennt keine freie Wahl der Stelle. Zuständig wäre: {offered}.",
        "For this service the authority cannot be chosen. Competent would be: {offered}.",
    ),
    "choice-required/wrong": (
        "Die gewählte Stelle steht nicht zur Wahl. Zur Wahl stehen: {offered}.",
        "The chosen authority cannot be chosen for this service. Choose from: {offered}.",
    ),
    "ambiguous-competence": (
        "Die Quellen sagen nicht, welche Stelle zuständig ist.{among}",
        "The sources do not say which authority is competent.{among}",
    ),
    "ambiguous-competence/case": (
        "Die Zuständigkeit hängt von einer Angabe ab, die fehlt: {attribute}.{among}",
        "Competence depends on something that is missing: {attribute}.{among}",
    ),
    "ambiguous-competence/unincorporated": (
        "Das gemeindefreie Gebiet hat keine Gemeindeverwaltung; wer ihre Aufgaben wahrnimmt, steht nicht im Verzeichnis.",
        "The unincorporated area has no municipality; who acts for it is not in the directory.",
    ),
    "ambiguous-competence/unverified": (
        "Die Angabe im Verzeichnis ist noch nicht geprüft.{among}",
        "What the directory says has not been checked yet.{among}",
    ),
    "road": ("Straßenklasse", "class of the road"),
    "other-town": (
        "Die Postleitzahl umfasst auch Orte, für die eine andere Stelle zuständig ist: {names}.",
        "The postcode also covers towns of another authority: {names}.",
    ),
    "municipality-decides": (
        "Nicht zuständig: {names}; die Stadt oder Gemeinde entscheidet selbst ({condition}).",
        "Not competent: {names}; the town or municipality decides itself ({condition}).",
    ),
    "district-decides": (
        "Nicht zuständig: {names}; es fehlt die Voraussetzung dafür ({condition}).",
        "Not competent: {names}; a condition is not met ({condition}).",
    ),
    "not-chosen": ("Nicht gewählt: {names}.", "Not chosen: {names}."),
    "service": ("„{name}“ ({key})", "“{name}” ({key})"),
    "service-key": ("die Leistung {key}", "the service {key}"),
    "competent": (
        "Für {asked} ist am {day} zuständig: {name}.",
        "For {asked} the competent authority on {day} is: {name}.",
    ),
    "to-the-desk": (
        "Für {asked} geht am {day} der Antrag an die Klärungsstelle: {why}",
        "For {asked} the application goes to the clearing desk on {day}: {why}",
    ),
    "by-agreement": (
        "Die Stelle handelt aufgrund einer Vereinbarung für: {names}.",
        "The authority acts under an agreement for: {names}.",
    ),
    "by-agreements": (
        "Die Stelle handelt aufgrund von Vereinbarungen für: {names}.",
        "The authority acts under agreements for: {names}.",
    ),
    "depends": (
        "Nicht angegeben: {attribute}; danach kann eine andere Stelle zuständig sein.",
        "Not given: {attribute}; depending on it, another authority may be competent.",
    ),
    "received-by": (
        "Der Antrag kann auch hier abgegeben werden: {names}.",
        "The application may be handed in here as well: {names}.",
    ),
    "municipalities": ("{count} Gemeinden", "{count} municipalities"),
    "ars": ("Regionalschlüssel {key}", "regional key {key}"),
    "ags": ("Gemeindeschlüssel {key}", "municipality key {key}"),
    "within": (" in {place}", " in {place}"),
    "within-unincorporated": (" im gemeindefreien Gebiet {place}", " in the unincorporated area {place}"),
    "with-key": (" mit dem {key}", " with the {key}"),
    "among-one": (" In Betracht kommt: {names}.", " Possible: {names}."),
    "among-many": (" In Betracht kommen: {names}.", " Possible: {names}."),
    "meant-one": (
        "Der Schlüssel {key} gilt an diesem Tag nicht; gemeint ist: {places}.",
        "The key {key} is not in force on that day; it stands for: {places}.",
    ),
    "meant-many": (
        "Der Schlüssel {key} gilt an diesem Tag nicht; gemeint sind: {places}.",
        "The key {key} is not in force on that day; it stands for: {places}.",
    ),
    "more-people": ("mehr als {number} Einwohner", "more than {number} inhabitants"),
    "counted": (
        "{threshold}; es sind {number} nach dem Stand vom {day}",
        "{threshold}; there are {number} as of {day}",
    ),
    "anchor": ("maßgeblicher Ort: {anchor}; ", "relevant place: {anchor}; "),
    "basis-checked": (
        "Grundlage: {basis}; {anchor}Angabe geprüft (Regel {rule}).",
        "Basis: {basis}; {anchor}checked (rule {rule}).",
    ),
    "basis-unchecked": (
        "Grundlage: {basis}; {anchor}Angabe noch nicht geprüft (Regel {rule}).",
        "Basis: {basis}; {anchor}not checked yet (rule {rule}).",
    ),
    "directory": ("Verzeichnis {version}.", "Directory {version}."),
    "and-more": ("{names} und {count} weitere", "{names} and {count} more"),
}
"""By key, the same sentence in German and in English, with the same placeholders."""

WHY: Final[Mapping[Why, tuple[str, str]]] = {
    Why.OTHER_TOWN: (
        "die Postleitzahl reicht dorthin, der Ort nicht",
        "the postcode reaches there, the town does not",
    ),
    Why.MUNICIPALITY_DECIDES: ("die Gemeinde entscheidet selbst", "the municipality decides itself"),
    Why.DISTRICT_DECIDES: ("eine Voraussetzung dafür fehlt", "a condition is not met"),
    Why.NOT_CHOSEN: ("nicht gewählt", "not chosen"),
    Why.ANOTHER_WORKS_FOR_IT: (
        "eine andere Stelle handelt für sie, nach Vereinbarung",
        "another authority acts for it, by agreement",
    ),
    Why.POSSIBLE_PLACE: ("zuständig, falls dieser Ort gemeint ist", "competent if this place is meant"),
    Why.OFFERED: ("steht zur Wahl", "can be chosen"),
    Why.UNVERIFIED: ("ihre Zuständigkeit ist noch nicht geprüft", "its competence has not been checked yet"),
    Why.UNSETTLED: (
        "die Quellen sagen nicht, ob sie entscheidet",
        "the sources do not say whether it decides",
    ),
    Why.OTHER_CASE: ("zuständig, je nach der Angabe, die fehlt", "competent, depending on what is missing"),
}
"""Why an authority that comes into question was not named."""
