"""Every problem that a client of intake can meet, in German and English, and how to resolve it. Types never change."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

ProblemKind = Literal[
    "case-closed",
    "cursor-unknown",
    "idempotency-key-malformed",
    "idempotency-key-missing",
    "idempotency-key-reused",
    "malformed-json",
    "malformed-submission",
    "not-found",
    "notification-unknown",
    "one-reference",
    "quota-exceeded",
    "reference-ambiguous",
    "scope-missing",
    "still-running",
    "token-invalid",
    "too-large",
    "too-many-in-flight",
    "unavailable",
    "unsupported-media-type",
]


class Wording(NamedTuple):
    title: str
    detail: str
    resolution: str


_KEY_EXAMPLE: Final = 'Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"'

CATALOGUE: Final[Mapping[ProblemKind, tuple[int, Wording, Wording]]] = {
    "case-closed": (
        409,
        Wording(
            "Vorgang abgeschlossen",
            "Der Vorgang ist entschieden, zurückgenommen oder gelöscht.",
            "Reichen Sie einen neuen Antrag ein, wenn noch etwas zu klären ist.",
        ),
        Wording(
            "Case closed",
            "The case has been decided, withdrawn or erased.",
            "Hand in a new submission if something is left to do.",
        ),
    ),
    "cursor-unknown": (
        410,
        Wording(
            "Unbekannte Lesemarke",
            "Die Lesemarke in „after“ gehört nicht zu dieser Folge von Ereignissen.",
            "Lesen Sie ohne „after“ von vorn; Ereignisse behalten ihre eventId.",
        ),
        Wording(
            "Unknown cursor",
            "The cursor in “after” does not belong to this sequence of events.",
            "Read from the beginning, without “after”; events keep their eventId.",
        ),
    ),
    "idempotency-key-malformed": (
        400,
        Wording(
            "Idempotency-Key fehlerhaft",
            "Der Idempotency-Key ist keine Zeichenkette aus 1 bis 255 druckbaren ASCII-Zeichen.",
            f"Senden Sie eine UUID in Anführungszeichen: {_KEY_EXAMPLE}",
        ),
        Wording(
            "Idempotency-Key malformed",
            "The Idempotency-Key is not a string of 1 to 255 printable ASCII characters.",
            f"Send a UUID in quotes: {_KEY_EXAMPLE}",
        ),
    ),
    "idempotency-key-missing": (
        400,
        Wording(
            "Idempotency-Key fehlt",
            "Ohne Idempotency-Key würde eine Wiederholung zu einem zweiten Antrag.",
            f"Senden Sie für jeden Antrag eine neue UUID: {_KEY_EXAMPLE}",
        ),
        Wording(
            "Idempotency-Key missing",
            "Without an Idempotency-Key a repetition would become a second submission.",
            f"Send a new UUID for every submission: {_KEY_EXAMPLE}",
        ),
    ),
    "idempotency-key-reused": (
        422,
        Wording(
            "Idempotency-Key schon verwendet",
            "Unter diesem Idempotency-Key wurde eine andere Anfrage gestellt.",
            "Wiederholen Sie genau dieselben Bytes, oder verwenden Sie für einen neuen Antrag einen neuen Schlüssel.",
        ),
        Wording(
            "Idempotency-Key used before",
            "Another request was made with this Idempotency-Key.",
            "Repeat exactly the same bytes, or use a new key for a new submission.",
        ),
    ),
    "malformed-json": (
        400,
        Wording(
            "Kein JSON",
            "Der Inhalt der Anfrage ist kein JSON-Objekt in UTF-8: Zeile {line}, Spalte {column}.",
            "Senden Sie ein JSON-Objekt nach RFC 8259, wie in /openapi.json beschrieben.",
        ),
        Wording(
            "Not JSON",
            "The request's body is not a JSON object in UTF-8: line {line}, column {column}.",
            "Send a JSON object (RFC 8259) as described in /openapi.json.",
        ),
    ),
    "malformed-submission": (
        422,
        Wording(
            "Antrag nicht lesbar",
            "Angaben fehlen, sind unbekannt oder haben nicht die erwartete Form.",
            "Berichtigen Sie die unter „errors“ genannten Felder und senden Sie den Antrag erneut.",
        ),
        Wording(
            "Submission not readable",
            "Fields are missing, unknown or not of the expected form.",
            "Correct the fields named in “errors” and send the submission again.",
        ),
    ),
    "not-found": (
        404,
        Wording(
            "Nicht gefunden",
            "Unter dieser Kennung gibt es nichts, was Sie eingereicht haben.",
            "Prüfen Sie die Kennung aus der Antwort 202. Kam keine Antwort, senden Sie dieselbe Anfrage unter demselben "
            "Idempotency-Key noch einmal.",
        ),
        Wording(
            "Not found",
            "There is nothing under this id that you have handed in.",
            "Check the id in the 202 answer. If no answer came, send the same request again under the same Idempotency-Key.",
        ),
    ),
    "notification-unknown": (
        404,
        Wording(
            "Unbekannte Nachricht",
            "Eine Nachricht mit dieser messageId gibt es in diesem Vorgang nicht, oder sie ist hier noch nicht bekannt.",
            "Prüfen Sie caseId und messageId aus dem Webhook, oder wiederholen Sie die Meldung nach einer Minute.",
        ),
        Wording(
            "Unknown notification",
            "There is no message with this messageId in this case, or it is not known here yet.",
            "Check caseId and messageId of the webhook, or repeat the report after a minute.",
        ),
    ),
    "one-reference": (
        400,
        Wording(
            "Suchangabe fehlt",
            "Gesucht wird nach genau einer Angabe.",
            "Senden Sie entweder clientReference oder idempotencyKey.",
        ),
        Wording(
            "One reference expected",
            "The search takes exactly one reference.",
            "Send either clientReference or idempotencyKey.",
        ),
    ),
    "reference-ambiguous": (
        409,
        Wording(
            "Nicht eindeutig",
            "Unter Ihrem Zeichen (clientReference) gibt es mehrere Anträge.",
            "Suchen Sie mit GET /v1/submissions?clientReference=… und verwenden Sie die Kennung aus der Antwort.",
        ),
        Wording(
            "Ambiguous",
            "Several submissions go by your clientReference.",
            "Search with GET /v1/submissions?clientReference=… and use the id from the answer.",
        ),
    ),
    "quota-exceeded": (
        429,
        Wording(
            "Zu viele Anfragen",
            "Das Kontingent dieser Minute ist verbraucht.",
            "Warten Sie so viele Sekunden, wie in Retry-After steht.",
        ),
        Wording(
            "Too many requests",
            "This minute's quota is used up.",
            "Wait for as many seconds as Retry-After says.",
        ),
    ),
    "scope-missing": (
        403,
        Wording(
            "Keine Berechtigung",
            "Das Zugriffstoken gilt nicht für diese Handlung.",
            "Fordern Sie ein Token mit dem Scope an, den WWW-Authenticate nennt.",
        ),
        Wording(
            "Not permitted",
            "The access token is not valid for this action.",
            "Ask for a token with the scope that WWW-Authenticate names.",
        ),
    ),
    "still-running": (
        409,
        Wording(
            "Noch in Arbeit",
            "Eine Anfrage mit diesem Idempotency-Key ist noch nicht beantwortet.",
            "Wiederholen Sie dieselbe Anfrage nach der Zeit in Retry-After.",
        ),
        Wording(
            "Still running",
            "A request with this Idempotency-Key has not been answered yet.",
            "Repeat the same request after the time in Retry-After.",
        ),
    ),
    "token-invalid": (
        401,
        Wording(
            "Kein gültiges Zugriffstoken",
            "Das Zugriffstoken fehlt, ist abgelaufen oder nicht von hier.",
            "Fordern Sie mit POST /token ein neues an und senden Sie es als „Authorization: Bearer …“.",
        ),
        Wording(
            "No valid access token",
            "The access token is missing, has expired or is not from here.",
            "Ask for a new one with POST /token and send it as “Authorization: Bearer …”.",
        ),
    ),
    "too-large": (
        413,
        Wording(
            "Zu groß",
            "Der Inhalt (content) überschreitet {limit} Bytes.",
            "Senden Sie weniger; Dateien gehören nicht in die Anfrage selbst.",
        ),
        Wording(
            "Too large",
            "The content exceeds {limit} bytes.",
            "Send less; files do not belong into the request itself.",
        ),
    ),
    "too-many-in-flight": (
        429,
        Wording(
            "Ausgelastet",
            "Es sind zu viele Anfragen gleichzeitig in Arbeit.",
            "Wiederholen Sie dieselbe Anfrage nach der Zeit in Retry-After.",
        ),
        Wording(
            "Busy",
            "Too many requests are being worked on at once.",
            "Repeat the same request after the time in Retry-After.",
        ),
    ),
    "unavailable": (
        503,
        Wording(
            "Zurzeit nicht möglich",
            "Der Antrag ist nicht bestätigt: Ein benötigter Dienst ist nicht erreichbar.",
            "Wiederholen Sie dieselbe Anfrage mit demselben Idempotency-Key; Eingangszeit und Nummer bleiben erhalten.",
        ),
        Wording(
            "Not possible now",
            "Nothing is confirmed: a service that is needed cannot be reached.",
            "Repeat the same request with the same Idempotency-Key; receipt time and number are kept.",
        ),
    ),
    "unsupported-media-type": (
        415,
        Wording(
            "Medientyp nicht unterstützt",
            "Der Inhalt der Anfrage ist nicht als JSON in UTF-8 ohne Kompression angekündigt.",
            "Senden Sie „Content-Type: application/json“ und keinen Content-Encoding.",
        ),
        Wording(
            "Unsupported media type",
            "The request's body is not announced as JSON in UTF-8 without compression.",
            "Send “Content-Type: application/json” and no Content-Encoding.",
        ),
    ),
}
