"""What the codes mean that options take and lists show; German first."""

import re
from collections.abc import Mapping
from typing import Final

from amtsweg.language import CommandLanguage, language

BothLanguages = tuple[str, str]

MESSAGE_STATES: Final[Mapping[str, BothLanguages]] = {
    "created": ("wartet", "waits"),
    "sending": ("wird gesendet", "is being sent"),
    "sent": ("versandt", "sent"),
    "delayed": ("noch unterwegs", "still on its way"),
    "unread": ("im Postfach ungelesen", "unread in the mailbox"),
    "delivered": ("angekommen", "arrived"),
    "failed": ("gescheitert", "failed"),
    "unknown": ("Zustellung ungewiss", "delivery unknown"),
    "no-contact": ("keine Kontaktdaten", "no contact data"),
}
GIVEN_UP: Final[Mapping[str, BothLanguages]] = {
    "refused": ("vom Mailserver des Empfängers abgelehnt", "refused by the recipient's mail server"),
    "gave-up": ("zu lange vergeblich versucht", "tried too long in vain"),
    "internal-error": ("Fehler in Amtsweg", "an error of Amtsweg's own"),
}
"""Why a message failed that may be sent again."""

CLOSE_REASONS: Final[Mapping[str, BothLanguages]] = {
    "obsolete": ("überholt", "no longer needed"),
    "handled-otherwise": ("auf anderem Weg erledigt", "handled in another way"),
    "beyond-repair": ("nicht zu retten", "beyond repair"),
    "expired": ("Datensatz abgelaufen", "the record has expired"),
    "test": ("war ein Versuch", "was a trial"),
}
GROUPS: Final[Mapping[str, BothLanguages]] = {
    "router": ("Verteilung", "routing"),
    "intake": ("Annahme", "acceptance"),
    "notifier": ("Nachrichten", "messages"),
    "audit": ("Protokoll", "log"),
}
SCOPES: Final[Mapping[str, BothLanguages]] = {
    "submissions.write": ("Anträge abgeben", "hand in submissions"),
    "cases.read": ("eigenen Vorgängen folgen", "follow its own cases"),
    "inbox.read": ("den Eingang lesen", "read the inbox"),
    "answers.write": ("antworten", "answer"),
    "webhooks.write": ("einen Webhook anmelden", "register a webhook"),
    "look": ("den Leitstand ansehen", "look at the console"),
    "desk": ("Geparktes klären", "clear what is parked"),
    "operation": ("Diensten und Zugängen Aufträge geben", "give orders about services and access"),
    "directory": ("Vorschläge für das Verzeichnis ansehen", "look at proposals for the directory"),
    "audit.look": ("Vorgänge im Protokoll einsehen", "look at cases in the log"),
    "audit.export": ("alle Einträge exportieren", "export all entries"),
    "audit.bundles": ("Beweisdateien holen", "fetch evidence files"),
}
CLIENT_KINDS: Final[Mapping[str, BothLanguages]] = {
    "platform": ("Plattform", "platform"),
    "authority": ("Behörde", "authority"),
    "provider": ("Dienstleister", "provider"),
    "desk": ("Person der Klärungsstelle", "person of the clearing desk"),
    "operator": ("Person des Betriebs", "person of operation"),
    "auditor": ("Person der Prüfung", "person of the audit"),
}
QUOTAS: Final[Mapping[str, BothLanguages]] = {
    "authority": ("das übliche Maß", "the usual measure"),
    "provider": ("das für Dienstleister", "that of providers"),
}
ROADS: Final[Mapping[str, BothLanguages]] = {
    "municipal": ("Gemeindestraße", "of the municipality"),
    "district": ("Kreisstraße", "of the district"),
    "land": ("Landesstraße", "of the Land"),
    "federal": ("Bundesstraße", "of the Federation"),
}
RECEIVED_THROUGH: Final[Mapping[str, BothLanguages]] = {
    "single-contact": ("einheitliche Stelle", "point of single contact"),
    "authority": ("zuständige Behörde", "competent authority"),
}
SENT_BY: Final[Mapping[str, BothLanguages]] = {
    "letter": ("Brief im Inland", "letter in Germany"),
    "letter-abroad": ("Brief ins Ausland", "letter to another country"),
    "email": ("E-Mail", "e-mail"),
    "mailbox": ("Postfach nach § 9 OZG", "mailbox of § 9 OZG"),
    "portal": ("Abruf im Portal", "retrieval from a portal"),
    "handed-over": ("übergeben", "handed over in person"),
}
UNVERIFIED: Final[Mapping[str, BothLanguages]] = {
    "answer": ("trotzdem antworten", "answer all the same"),
    "park": ("einem Menschen vorlegen", "leave it to a person"),
}
VERSIONS: Final[Mapping[str, BothLanguages]] = {
    "newest": ("zuletzt veröffentlicht", "published last"),
    "in-force": ("gilt jetzt", "counts now"),
}
EXPORT_FORMS: Final[Mapping[str, BothLanguages]] = {
    "jsonl": ("je Eintrag eine Zeile JSON", "a line of JSON for each entry"),
    "parquet": ("Tabellen für Auswertungen", "tables for analysis"),
}
LISTED_STATES: Final = {
    **MESSAGE_STATES,
    "lacking": ("versandt, aber es fehlt etwas", "sent, but lacks something"),
}

TABLES: Final = (
    LISTED_STATES,
    GIVEN_UP,
    CLOSE_REASONS,
    GROUPS,
    SCOPES,
    CLIENT_KINDS,
    QUOTAS,
    ROADS,
    RECEIVED_THROUGH,
    SENT_BY,
    UNVERIFIED,
    VERSIONS,
    EXPORT_FORMS,
)
_WORDS: Final = re.compile(r" \([^)]*\)")


def with_words(codes: str, spoken: CommandLanguage | None = None) -> str:
    """This list of codes, each with what it means behind it; as it is where no table has just these."""
    names = _WORDS.sub("", codes).split(", ")
    column = ("de", "en").index(spoken or language())
    for table in TABLES:
        if table.keys() == {*names}:
            return ", ".join(_with_its(name, table[name][column]) for name in names)
    return codes


def _with_its(name: str, words: str) -> str:
    return name if words == name else f"{name} ({words})"
