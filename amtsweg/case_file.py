"""A case as an operator reads it: where it is, who holds it, what happened, what is due next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from amtsweg.directory.names import DirectoryNames
from amtsweg.message_words import in_words
from amtsweg.messages import document as message_document
from services.intake.domain.history import status
from services.intake.ports import Known
from services.notifier.adapters.postgres.operate import ListedMessage
from services.notifier.domain.clock import Timer
from shared.case_history.lines import HistoryLine
from shared.case_history.words import said
from shared.local_time import ReadIn, local_day, local_time, utc

HeldBy = Literal["amtsweg", "clearing-desk", "authority", "nobody"]

_DECIDING: Final = frozenset({"received", "returned", "forwarded"})
_CLOSED: Final = frozenset({"granted", "refused", "withdrawn", "deemed-approved"})
_HOLDERS: Final[dict[HeldBy, tuple[str, str]]] = {
    "amtsweg": ("Amtsweg (die Zuständigkeit wird bestimmt)", "Amtsweg (competence is being decided)"),
    "clearing-desk": ("Klärungsstelle", "clearing desk"),
    "authority": ("Behörde", "authority"),
    "nobody": ("niemand: der Vorgang ist beendet", "nobody: the case is over"),
}
_DUE: Final = {
    "forwarding": ("Weitergabe an die Behörde, spätestens {day}", "passed on to the authority by {day}"),
    "fetching": ("Abholung durch die Behörde, erwartet bis {day}", "fetched by the authority by {day}"),
    "confirmation": ("Bestätigung der Behörde, spätestens {day}", "confirmed by the authority by {day}"),
    "ending": (
        "Warnung: noch {step} Tage bis zum letzten sicheren Versand des Bescheids",
        "warning: {step} days to the last safe dispatch of the decision",
    ),
    "ended": ("Die gesetzliche Frist endet am {day}", "the statutory period ends on {day}"),
}
_DAY_AFTER: Final = frozenset({"forwarding", "confirmation"})
"""Timers that strike on the day after the last one on which the step was in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """What the services know of one case."""

    known: Known
    timers: Sequence[Timer] = ()
    messages: Sequence[ListedMessage] = ()

    @property
    def holder(self) -> tuple[HeldBy, str | None]:
        """Who has to act now; for an authority its id."""
        standing = status(self.known.lines)
        over = standing.code in _CLOSED or any(each.code == "erase-ordered" for each in self.known.lines)
        if over:
            return "nobody", None
        if standing.code == "parked":
            return "clearing-desk", None
        if standing.code in _DECIDING or standing.authority is None:
            return "amtsweg", None
        return "authority", standing.authority


def document(file: CaseFile, names: DirectoryNames, language: ReadIn) -> dict[str, Any]:
    """Everything as JSON: times in UTC, texts in the language of the call."""
    known, receipt = file.known, file.known.receipt
    standing = status(known.lines)
    holder, authority = file.holder
    return {
        "caseId": str(known.case_id),
        "submissionId": str(known.submission_id),
        "receiptNumber": receipt.receipt_number,
        "receivedAt": utc(receipt.received_at),
        "clientId": receipt.client_id,
        "clientReference": known.client_reference,
        "service": {"key": receipt.service, "name": names.service_name(receipt.service)},
        "status": _line(standing, names, language),
        "holder": {"kind": holder, "authority": _authority(authority, names)},
        "events": [_line(each, names, language) for each in known.lines],
        "messages": [message_document(each) for each in file.messages],
        "next": [
            {
                "due": utc(timer.due_at),
                "kind": timer.kind,
                "day": _last_day(timer).isoformat(),
                "text": _due(timer, language),
            }
            for timer in file.timers
        ],
    }


def text(file: CaseFile, names: DirectoryNames, language: ReadIn) -> str:
    """The same for a person: local time with its zone, names beside keys."""
    known, receipt, column = file.known, file.known.receipt, 0 if language == "de" else 1
    holder, authority = file.holder
    held = _HOLDERS[holder][column] if authority is None else names.authority(authority)
    labels = (
        ("Eingangsnummer", "Receipt number"),
        ("Eingang", "Received"),
        ("Leistung", "Service"),
        ("Plattform", "Platform"),
        ("Vorgang", "Case"),
        ("Antrag", "Submission"),
        ("Stand", "Status"),
        ("Liegt bei", "Held by"),
    )
    reference = "" if known.client_reference is None else f", {known.client_reference}"
    values = (
        receipt.receipt_number,
        local_time(receipt.received_at, language, seconds=True),
        names.service(receipt.service),
        f"{receipt.client_id}{reference}",
        str(known.case_id),
        str(known.submission_id),
        said(status(known.lines), language=language),
        held,
    )
    lines = [
        f"{label[column] + ':':<16}{value}".rstrip() for label, value in zip(labels, values, strict=True)
    ]
    lines += _section(("Was geschah:", "What happened:")[column], _happened(file, names, language))
    lines += _section(
        ("Nachrichten an den Antragsteller:", "Messages to the applicant:")[column],
        [_said_of(each, language) for each in file.messages],
    )
    return "\n".join(lines + _section(("Als Nächstes:", "Next:")[column], _ahead(file, language)))


def _ahead(file: CaseFile, language: ReadIn) -> list[str]:
    column = 0 if language == "de" else 1
    number = file.known.receipt.receipt_number
    found = []
    if file.holder[0] == "clearing-desk":
        found.append(
            (
                f"Die Klärungsstelle entscheidet (amtsweg parked show {number})",
                f"the clearing desk decides (amtsweg parked show {number})",
            )[column]
        )
    found += [f"{local_time(timer.due_at, language)}  {_due(timer, language)}" for timer in file.timers]
    return found or [("nichts mehr", "nothing")[column]]


def _happened(file: CaseFile, names: DirectoryNames, language: ReadIn) -> list[str]:
    return [
        f"{local_time(line.at, language, seconds=True)}  {said(line, language=language)}"
        + ("" if line.authority is None else f": {names.authority(line.authority)}")
        for line in file.known.lines
    ]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _said_of(message: ListedMessage, language: ReadIn) -> str:
    at = message.settled_at or message.created_at
    return f"{local_time(at, language, seconds=True)}  {in_words(message, language)}"


def _line(line: HistoryLine, names: DirectoryNames, language: ReadIn) -> dict[str, Any]:
    return {
        "eventId": str(line.event_id),
        "at": utc(line.at),
        "code": line.code,
        "detail": line.detail,
        "text": said(line, language=language),
        "authority": _authority(line.authority, names),
    }


def _authority(key: str | None, names: DirectoryNames) -> dict[str, str | None] | None:
    return None if key is None else {"id": key, "name": names.authority_name(key)}


def _due(timer: Timer, language: ReadIn) -> str:
    texts = _DUE.get(timer.kind, (timer.kind, timer.kind))
    return texts[0 if language == "de" else 1].format(
        day=local_day(_last_day(timer), language), step=timer.step
    )


def _last_day(timer: Timer) -> date:
    return timer.subject - timedelta(days=1) if timer.kind in _DAY_AFTER else timer.subject
