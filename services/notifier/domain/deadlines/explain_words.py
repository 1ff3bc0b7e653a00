"""The steps of a period in words, German and English. Paragraphs and holidays keep their official names."""

from collections.abc import Mapping
from typing import Final

NUMBERS: Final[Mapping[int, tuple[str, str]]] = {
    1: ("ein", "one"),
    2: ("zwei", "two"),
    3: ("drei", "three"),
    4: ("vier", "four"),
    5: ("fünf", "five"),
    6: ("sechs", "six"),
}

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "single-contact": ("bei der einheitlichen Stelle", "at the point of single contact"),
    "authority": ("bei der Behörde", "at the authority"),
    "received": ("Eingang {place}: {day}", "Received {place}: {day}"),
    "completed": ("Fehlende Unterlagen {place}: {day}", "Missing documents {place}: {day}"),
    "completed-in-vain": (
        "Fehlende Unterlagen {place}: {day}; sie ändern am Lauf der Frist nichts",
        "Missing documents {place}: {day}; they change nothing about the period",
    ),
    "deemed-received": (
        "Bei der Behörde gilt das am dritten Tag danach als eingegangen: {day}",
        "At the authority it counts as received on the third day after: {day}",
    ),
    "special-law": ("Fachrecht", "special law"),
    "not-begun": (
        "Die Frist beginnt erst, wenn alle Unterlagen vorliegen",
        "The period begins only when all documents are there",
    ),
    "no-period": ("Für die Behörde ist keine Frist bestimmt", "The law sets the authority no period"),
    "period": (
        "Frist: {length}, der Tag des Eingangs zählt nicht mit",
        "Period: {length}, the day of receipt does not count",
    ),
    "one-days": ("{number} Tag", "{number} day"),
    "many-days": ("{number} Tage", "{number} days"),
    "one-months": ("{number} Monat", "{number} month"),
    "many-months": ("{number} Monate", "{number} months"),
    "by-a-month": ("einen Monat", "one month"),
    "extended": (
        "Verlängert um {length}, vom alten Ende an gerechnet: {day}",
        "Extended by {length}, counted from the old end: {day}",
    ),
    "raw-end": ("Rechnerisches Ende: {day}", "End as computed: {day}"),
    "moved": (
        "An diesem Tag endet keine Frist ({why}); sie endet am nächsten Werktag: {day}",
        "No period ends on that day ({why}); it ends on the next working day: {day}",
    ),
    "deemed-approval": (
        "Ohne Bescheid gilt die Genehmigung als erteilt ab {day}",
        "Without a decision the approval counts as granted from {day}",
    ),
    "deemed-entry": (
        "Ohne Bescheid gilt die Eintragung als erteilt ab {day}",
        "Without a decision the entry counts as made from {day}",
    ),
    "last-announced": (
        "Spätestens abzusenden, damit der Bescheid noch in der Frist als bekannt gegeben gilt: {day}",
        "To be sent at the latest, so that the decision counts as announced within the period: {day}",
    ),
    "last-sent": ("Spätestens abzusenden: {day}", "To be sent at the latest: {day}"),
    "careful": (
        "Nach der strengsten Lesart abzusenden bis: {day}",
        "By the strictest reading to be sent until: {day}",
    ),
}
"""Each says the same in both languages, with the same blanks."""
