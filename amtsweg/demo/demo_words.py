"""What the demonstration calls its cases and the steps of the walked one, in German and English."""

from collections.abc import Mapping
from typing import Final

from amtsweg.language import said

CASES: Final[Mapping[str, str]] = {
    "Gewerbe anmelden": "Register a business",
    "Wohnsitz anmelden": "Register a residence",
    "Baugenehmigung": "Building permit",
    "Führerschein": "Driving licence",
    "In die Handwerksrolle eintragen": "Enter in the crafts register",
    "Ursprungszeugnis": "Certificate of origin",
    "Einbürgerung": "Naturalisation",
    "Reisegewerbe": "Itinerant trade",
    "Ursprungszeugnis, wo der Kammerbezirk den Kreis teilt": "Certificate of origin where the chamber's district divides the county",
    "Führerschein in einer kreisfreien Stadt": "Driving licence in an independent city",
    "Führerschein, nur der Kreis ist bekannt": "Driving licence, only the county is known",
    "Einbürgerung in Frankfurt": "Naturalisation in Frankfurt",
    "Gewerbe mit einem alten Schlüssel": "Business with an old key",
    "Schwerbehindertenausweis": "Severe disability pass",
    "Unterrichtung Bewachung, frei gewählt": "Guard instruction, freely chosen",
    "Dienst, den kein Verzeichnis kennt": "Service that no directory knows",
    "Postleitzahl mit vier Gemeinden": "Postcode with four municipalities",
    "Ort in Bayern": "Place in Bavaria",
    "Gemeindeschlüssel ohne Gemeinde": "Municipality key without a municipality",
    "Gaststättenerlaubnis (abgeschafft)": "Pub licence (abolished)",
    "Unterrichtung ohne Wahl": "Guard instruction without a choice",
    "Landkreis statt Gemeinde": "County instead of municipality",
}
"""What each case is called in English, by its German name."""

STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "platform": ("Landesplattform", "State platform"),
    "desk": ("Klärungsstelle", "Clearing desk"),
    "pull": ("Abruf", "Pull"),
    "page": ("Seite im Browser", "Page in the browser"),
    "hands in": ("reicht ein", "hands in"),
    "returns": ("gibt zurück: „an uns war das nicht gerichtet“", "returns it: “this was not meant for us”"),
    "assigns": ("eine Person weist zu: {to}", "a person assigns it to {to}"),
    "fetches": ("holt den Antrag ab", "fetches the application"),
    "forwards": ("gibt weiter an {to}", "forwards it to {to}"),
    "asks": ("fordert den Mietvertrag nach, versiegelt", "asks for the lease, sealed"),
    "supplies": ("reicht ihn nach", "supplies it"),
    "reads and forwards": ("liest ihn und gibt weiter an {to}", "reads it and forwards it to {to}"),
    "grants": ("nimmt an und bewilligt, Bescheid versiegelt", "accepts and grants, decision sealed"),
    "coming in": ("Sendungen laufen ein", "Submissions come in"),
    "answering": (
        "Ämter antworten, E-Mails gehen hinaus, das Protokoll wächst",
        "Authorities answer, e-mails leave, the log grows",
    ),
    "walking": ("Ein Vorgang geht über vier Transporte", "One case goes by four transports"),
    "verifying": (
        "Ein fremder Prüfer prüft das Protokoll, das Prüfprogramm eine Beweisdatei",
        "Somebody else's verifier checks the log, the verification program an evidence file",
    ),
    "whole": ("eine Geschichte", "one history"),
    "gaps": ("die Geschichte hat Lücken", "the history has gaps"),
    "walk": ("ein Vorgang durch vier Hände auf vier Wegen", "one case through four hands by four ways"),
    "broken off": ("abgebrochen", "broken off"),
    "answers": ("antwortet", "answers"),
}


def case_word(what: str) -> str:
    """What was asked for, as it is called in the language of this call."""
    return said(de=what, en=CASES.get(what, what))


def step_word(key: str, *, to: str = "") -> str:
    """A word or sentence of the walked case; whatever has no entry is a name."""
    german, english = STEPS.get(key, (key, key))
    return said(de=german, en=english).format(to=to)
