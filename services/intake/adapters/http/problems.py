"""What can go wrong for a client, said in German or English, and how to mend it. Types never change."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from starlette.requests import Request

from services.intake.domain.submission import Fault
from shared.events.submission import Language
from shared.web.problems import MOST_ERRORS, Problem

Kind = Literal[
    "cursor-unknown",
    "idempotency-key-malformed",
    "idempotency-key-missing",
    "idempotency-key-reused",
    "malformed-json",
    "malformed-submission",
    "not-found",
    "quota-exceeded",
    "scope-missing",
    "still-running",
    "token-invalid",
    "too-large",
    "too-many-in-flight",
    "unavailable",
]


class _Said(NamedTuple):
    title: str
    detail: str
    resolution: str


_KEY_EXAMPLE: Final = 'Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"'

_CATALOGUE: Final[Mapping[Kind, tuple[int, _Said, _Said]]] = {
    "cursor-unknown": (
        410,
        _Said(
            "Unbekannte Lesemarke",
            "Die Lesemarke in „after“ gehört nicht zu dieser Folge von Ereignissen.",
            "Lesen Sie ohne „after“ von vorn; Ereignisse behalten ihre eventId.",
        ),
        _Said(
            "Unknown cursor",
            "The cursor in “after” does not belong to this sequence of events.",
            "Read from the beginning, without “after”; events keep their eventId.",
        ),
    ),
    "idempotency-key-malformed": (
        400,
        _Said(
            "Idempotency-Key fehlerhaft",
            "Der Idempotency-Key ist keine Zeichenkette aus 1 bis 255 druckbaren ASCII-Zeichen.",
            f"Senden Sie eine UUID in Anführungszeichen: {_KEY_EXAMPLE}",
        ),
        _Said(
            "Idempotency-Key malformed",
            "The Idempotency-Key is not a string of 1 to 255 printable ASCII characters.",
            f"Send a UUID in quotes: {_KEY_EXAMPLE}",
        ),
    ),
    "idempotency-key-missing": (
        400,
        _Said(
            "Idempotency-Key fehlt",
            "Ohne Idempotency-Key würde eine Wiederholung zu einem zweiten Antrag.",
            f"Senden Sie für jeden Antrag eine neue UUID: {_KEY_EXAMPLE}",
        ),
        _Said(
            "Idempotency-Key missing",
            "Without an Idempotency-Key a repetition would become a second submission.",
            f"Send a new UUID for every submission: {_KEY_EXAMPLE}",
        ),
    ),
    "idempotency-key-reused": (
        422,
        _Said(
            "Idempotency-Key schon verwendet",
            "Unter diesem Idempotency-Key wurde eine andere Anfrage gestellt.",
            "Wiederholen Sie genau dieselben Bytes, oder verwenden Sie für einen neuen Antrag einen neuen Schlüssel.",
        ),
        _Said(
            "Idempotency-Key used before",
            "Another request was made with this Idempotency-Key.",
            "Repeat exactly the same bytes, or use a new key for a new submission.",
        ),
    ),
    "malformed-json": (
        400,
        _Said(
            "Kein JSON",
            "Der Inhalt der Anfrage ist kein JSON-Objekt in UTF-8.",
            "Senden Sie ein JSON-Objekt nach RFC 8259, wie in /openapi.json beschrieben.",
        ),
        _Said(
            "Not JSON",
            "The request's body is not a JSON object in UTF-8.",
            "Send a JSON object (RFC 8259) as described in /openapi.json.",
        ),
    ),
    "malformed-submission": (
        422,
        _Said(
            "Antrag nicht lesbar",
            "Angaben fehlen, sind unbekannt oder haben nicht die erwartete Form.",
            "Berichtigen Sie die unter „errors“ genannten Felder und senden Sie den Antrag erneut.",
        ),
        _Said(
            "Submission not readable",
            "Fields are missing, unknown or not of the expected form.",
            "Correct the fields named in “errors” and send the submission again.",
        ),
    ),
    "not-found": (
        404,
        _Said(
            "Nicht gefunden",
            "Unter dieser Kennung gibt es nichts, was Sie eingereicht haben.",
            "Prüfen Sie die Kennung aus der Antwort 202.",
        ),
        _Said(
            "Not found",
            "There is nothing under this id that you have handed in.",
            "Check the id in the 202 answer.",
        ),
    ),
    "quota-exceeded": (
        429,
        _Said(
            "Zu viele Anfragen",
            "Das Kontingent dieser Minute ist verbraucht.",
            "Warten Sie so viele Sekunden, wie in Retry-After steht.",
        ),
        _Said(
            "Too many requests",
            "This minute's quota is used up.",
            "Wait for as many seconds as Retry-After says.",
        ),
    ),
    "scope-missing": (
        403,
        _Said(
            "Keine Berechtigung",
            "Das Zugriffstoken gilt nicht für diese Handlung.",
            "Fordern Sie ein Token mit dem Scope an, den WWW-Authenticate nennt.",
        ),
        _Said(
            "Not permitted",
            "The access token is not valid for this action.",
            "Ask for a token with the scope that WWW-Authenticate names.",
        ),
    ),
    "still-running": (
        409,
        _Said(
            "Noch in Arbeit",
            "Eine Anfrage mit diesem Idempotency-Key ist noch nicht beantwortet.",
            "Wiederholen Sie dieselbe Anfrage nach der Zeit in Retry-After.",
        ),
        _Said(
            "Still running",
            "A request with this Idempotency-Key has not been answered yet.",
            "Repeat the same request after the time in Retry-After.",
        ),
    ),
    "token-invalid": (
        401,
        _Said(
            "Kein gültiges Zugriffstoken",
            "Das Zugriffstoken fehlt, ist abgelaufen oder nicht von hier.",
            "Fordern Sie mit POST /token ein neues an und senden Sie es als „Authorization: Bearer …“.",
        ),
        _Said(
            "No valid access token",
            "The access token is missing, has expired or is not from here.",
            "Ask for a new one with POST /token and send it as “Authorization: Bearer …”.",
        ),
    ),
    "too-large": (
        413,
        _Said(
            "Zu groß",
            "Der Inhalt (content) überschreitet {limit} Bytes.",
            "Kürzen Sie den Inhalt; Dateien gehören nicht in den Antrag selbst.",
        ),
        _Said(
            "Too large",
            "The content exceeds {limit} bytes.",
            "Shorten the content; files do not belong into the submission itself.",
        ),
    ),
    "too-many-in-flight": (
        429,
        _Said(
            "Ausgelastet",
            "Es sind zu viele Anfragen gleichzeitig in Arbeit.",
            "Wiederholen Sie dieselbe Anfrage nach der Zeit in Retry-After.",
        ),
        _Said(
            "Busy",
            "Too many requests are being worked on at once.",
            "Repeat the same request after the time in Retry-After.",
        ),
    ),
    "unavailable": (
        503,
        _Said(
            "Zurzeit nicht möglich",
            "Der Antrag ist nicht bestätigt: Ein benötigter Dienst ist nicht erreichbar.",
            "Wiederholen Sie dieselbe Anfrage mit demselben Idempotency-Key; Eingangszeit und Nummer bleiben erhalten.",
        ),
        _Said(
            "Not possible now",
            "Nothing is confirmed: a service that is needed cannot be reached.",
            "Repeat the same request with the same Idempotency-Key; receipt time and number are kept.",
        ),
    ),
}

_EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
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
    "contact": ("ein Objekt mit email und, wenn gewünscht, name", "an object with email and optionally name"),
    "contact.email": ("eine E-Mail-Adresse", "an e-mail address"),
    "contact.name": (
        "1 bis 200 Zeichen ohne Steuerzeichen",
        "1 to 200 characters without control characters",
    ),
    "language": ("de oder en", "de or en"),
    "clientReference": ("1 bis 64 Zeichen aus A-Z a-z 0-9 . _ -", "1 to 64 characters of A-Z a-z 0-9 . _ -"),
}
_FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    "missing": ("fehlt", "missing"),
    "unknown-field": ("unbekanntes Feld", "unknown field"),
    "malformed": ("nicht in der erwarteten Form", "not of the expected form"),
}


def language_of(request: Request) -> Language:
    """The language asked for: English if ``Accept-Language`` names it before German, else German."""
    for asked in request.headers.get("accept-language", "").lower().split(","):
        match asked.strip()[:2]:
            case "de" | "en" as language:
                return language
    return "de"


def problem(
    kind: Kind, request: Request, *, headers: Mapping[str, str] | None = None, **values: object
) -> Problem:
    """Return the problem in the request's language; ``values`` fill its detail."""
    language = language_of(request)
    status, german, english = _CATALOGUE[kind]
    said = german if language == "de" else english
    return Problem(
        status,
        kind,
        title=said.title,
        detail=said.detail.format(**values),
        resolution=said.resolution,
        headers={"Content-Language": language, **(headers or {})},
    )


def faults_problem(fields: tuple[tuple[str, Fault], ...], request: Request) -> Problem:
    """Return the problem that names each field, what is wrong and what was expected; never what was sent."""
    column = 0 if language_of(request) == "de" else 1
    found = problem("malformed-submission", request)
    found.document["errors"] = [
        {"field": field, "fault": fault, "message": _FAULTS[fault][column], **_expected(field, column)}
        for field, fault in fields[:MOST_ERRORS]
    ]
    return found


def _expected(field: str, column: int) -> dict[str, str]:
    return {"expected": _EXPECTED[field][column]} if field in _EXPECTED else {}
