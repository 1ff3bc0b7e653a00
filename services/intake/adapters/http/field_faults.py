"""What can be wrong with a field of a submission, and what was expected, in German and English."""

from collections.abc import Mapping
from typing import Final

from services.intake.domain.submission import Fault
from shared.strict_json import DEEPEST

_LINE: Final = ("1 bis 60 Zeichen nach DIN SPEC 91379", "1 to 60 characters of DIN SPEC 91379")

EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "service": ("14 Ziffern (LeiKa-Schlüssel)", "14 digits (LeiKa key)"),
    "place": (
        "genau eines von ars, ags, plz; town nur mit plz",
        "exactly one of ars, ags, plz; town only with plz",
    ),
    "place.ars": ("2, 3, 5, 9 oder 12 Ziffern", "2, 3, 5, 9 or 12 digits"),
    "place.ags": ("8 Ziffern", "8 digits"),
    "place.plz": ("5 Ziffern", "5 digits"),
    "place.town": (
        "1 bis 100 Zeichen ohne Steuerzeichen",
        "1 to 100 characters without control characters",
    ),
    "choice": ("Kennung einer Behörde, zum Beispiel g-06531005", "an authority's id, for example g-06531005"),
    "attributes": ("ein Objekt, zum Beispiel mit road", "an object, for example with road"),
    "attributes.road": ("municipal, district, land oder federal", "municipal, district, land or federal"),
    "content": ("ein JSON-Objekt", "a JSON object"),
    "contact": (
        "ein Objekt mit mindestens einem von email, mailbox, address; mit address auch name, in Buchstaben nach DIN SPEC 91379",
        "an object with at least one of email, mailbox, address; with address also name, in letters of DIN SPEC 91379",
    ),
    "contact.email": (
        "eine E-Mail-Adresse; vor dem @ ohne Umlaute und Anführungszeichen",
        "an e-mail address; before the @ without umlauts and quotation marks",
    ),
    "contact.name": (
        "1 bis 200 Zeichen ohne Steuerzeichen",
        "1 to 200 characters without control characters",
    ),
    "contact.mailbox": (
        "1 bis 128 Zeichen aus A-Z a-z 0-9 . _ : -",
        "1 to 128 characters of A-Z a-z 0-9 . _ : -",
    ),
    "contact.address": (
        "ein Objekt mit street, postalCode, town und, wenn nötig, extra und country",
        "an object with street, postalCode, town and, where needed, extra and country",
    ),
    "contact.address.street": _LINE,
    "contact.address.postalCode": (
        "5 Ziffern; in einem anderen Land (country) bis 12 Zeichen, oder keine",
        "5 digits; in another country (country) up to 12 characters, or none",
    ),
    "contact.address.country": (
        "ein Land nach ISO 3166-1, zum Beispiel FR; für Deutschland keins",
        "a country of ISO 3166-1, for example FR; none for Germany",
    ),
    "contact.address.town": _LINE,
    "contact.address.extra": _LINE,
    "language": ("de, de-simple oder en", "de, de-simple or en"),
    "clientReference": ("1 bis 64 Zeichen aus A-Z a-z 0-9 . _ -", "1 to 64 characters of A-Z a-z 0-9 . _ -"),
}
FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    "missing": ("fehlt", "missing"),
    "unknown-field": ("unbekanntes Feld", "unknown field"),
    "malformed": ("nicht in der erwarteten Form", "not of the expected form"),
    "domain-unknown": (
        "eine solche Domain kann niemand haben (IDNA 2008)",
        "nobody can have such a domain (IDNA 2008)",
    ),
    "unreachable": (
        "nennt keinen Weg zum Antragsteller",
        "names no way to the applicant",
    ),
    "doubled-member": ("kommt in einem Objekt mehrmals vor", "stands more than once in one object"),
    "number-not-exact": (
        "diese Zahl kann ein IEEE-Double nicht genau wiedergeben (RFC 7493)",
        "an IEEE double cannot carry this number exactly (RFC 7493)",
    ),
    "lone-surrogate": (
        "enthält ein halbes Zeichen (einzelnes Surrogat)",
        "contains half a character (a lone surrogate)",
    ),
    "nested-too-deep": (
        f"mehr als {DEEPEST} Ebenen ineinander",
        f"more than {DEEPEST} levels in one another",
    ),
    "nul-character": ("enthält das Zeichen NUL", "contains the character NUL"),
    "too-many-values": ("zu viele Angaben", "too many values"),
}
