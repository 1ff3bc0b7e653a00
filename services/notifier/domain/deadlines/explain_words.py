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
    "told-after": (
        "Nach anderer Lesart endet die verlängerte Frist erst am {day}; vorher wird niemandem gesagt, dass etwas als erteilt gilt",
        "By another reading the extended period ends only on {day}; before that nobody is told that anything counts as granted",
    ),
    "last-announced": (
        "Spätestens abzusenden, damit der Bescheid noch in der Frist als bekannt gegeben gilt: {day}",
        "To be sent at the latest, so that the decision counts as announced within the period: {day}",
    ),
    "last-abroad": (
        "Mit der Post ins Ausland abzusenden bis: {day}",
        "To be sent by post to another country until: {day}",
    ),
    "last-portal": (
        "In ein Portal einzustellen bis: {day}; was dort nicht abgerufen wird, kann dann noch per Brief abgehen",
        "To be provided in a portal until: {day}; what nobody retrieves there can then still go by letter",
    ),
    "last-sent": ("Spätestens abzusenden: {day}", "To be sent at the latest: {day}"),
    "careful": (
        "Nach der strengsten Lesart abzusenden bis: {day}",
        "By the strictest reading to be sent until: {day}",
    ),
    "sent-letter": ("Bescheid per Brief abgesandt: {day}", "Decision sent by letter: {day}"),
    "sent-letter-abroad": (
        "Bescheid per Brief ins Ausland abgesandt: {day}",
        "Decision sent by letter to another country: {day}",
    ),
    "sent-email": ("Bescheid per E-Mail abgesandt: {day}", "Decision sent by e-mail: {day}"),
    "sent-mailbox": (
        "Bescheid im Postfach des Nutzerkontos bereitgestellt: {day}",
        "Decision provided in the mailbox of the user account: {day}",
    ),
    "sent-portal": (
        "Bescheid in einem Portal zum Abruf bereitgestellt und das mitgeteilt: {day}",
        "Decision provided in a portal for retrieval, and notice of it sent: {day}",
    ),
    "sent-handed-over": ("Bescheid übergeben: {day}", "Decision handed over: {day}"),
    "retrieved": ("Abgerufen: {day}", "Retrieved: {day}"),
    "announced": ("Als bekannt gegeben gilt er am: {day}", "It counts as announced on: {day}"),
    "not-announced": (
        "Nicht innerhalb von {number} Tagen abgerufen: nicht bekannt gegeben, er muss noch einmal abgehen",
        "Not retrieved within {number} days: not announced, it must be sent once more",
    ),
    "in-time": ("Das ist innerhalb der Frist", "That is within the period"),
    "too-late": ("Das ist nach dem Ende der Frist", "That is after the end of the period"),
    "remedy-until": (
        "Bei richtiger Belehrung endet die Frist für Widerspruch oder Klage: {day}",
        "With correct instructions the period for an objection or an action ends: {day}",
    ),
}
"""Each says the same in both languages, with the same blanks."""
