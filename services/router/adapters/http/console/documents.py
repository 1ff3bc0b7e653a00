"""What the console shows, as JSON documents; nothing of it is content."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from services.router.adapters.http.console.parts import (
    AilingPartDocument,
    WordsDocument,
    ailing_parts,
    reason_document,
)
from services.router.domain.cases.deadlines import Deadlines, DueCase
from services.router.domain.cases.due import Due, DueKind
from services.router.domain.cases.letter import OpenLetter
from services.router.domain.cases.overview import CasesAtAGlance, StandingCase
from services.router.domain.cases.process import ProcessReport
from services.router.domain.directory.model import Directory
from shared.events.custody import CustodyState
from shared.events.operation import CloseReason
from shared.events.payload import Instant, WireModel


class DueDocument(WireModel):
    """By which day, or since which."""

    kind: DueKind
    on: date


class StandingCaseDocument(WireModel):
    """Where a case is, and what is due in it."""

    case: UUID
    submission: UUID
    receipt_number: str
    received_at: Instant
    service: str
    service_name: str
    standing: CustodyState
    since: Instant
    authority: str | None = None
    authority_name: str | None = None
    due: DueDocument | None = None


class UnansweredDocument(WireModel):
    authority: str
    name: str
    cases: int
    oldest: Instant


class SuspendedDocument(WireModel):
    authority: str
    name: str
    since: Instant


class DueCaseDocument(WireModel):
    """An open case that is due or late: by which day, or since which."""

    case: UUID
    receipt_number: str
    kind: DueKind
    on: date
    authority: str | None = None
    authority_name: str | None = None


class OverviewDocument(WireModel):
    """How things stand now. `ailing` are the parts of this process itself that do not work."""

    standings: dict[str, int]
    unanswered: tuple[UnansweredDocument, ...]
    suspended: tuple[SuspendedDocument, ...]
    letters: int
    due: dict[str, int]
    gravest: tuple[DueCaseDocument, ...]
    directory_version: str
    ailing: tuple[AilingPartDocument, ...]


class LetterDocument(WireModel):
    """``reason`` is as the service wrote it, ``why`` the same in words."""

    name: str
    group: str
    topic: str
    place: str
    kind: str
    reason: str
    why: WordsDocument
    attempts: int
    since: Instant
    bytes: int
    digest: str
    case: str | None = None
    software: str


class LettersDocument(WireModel):
    letters: tuple[LetterDocument, ...]


class ReplayLetterDocument(WireModel):
    """Try the record of this dead letter again."""

    name: str


class CloseLetterDocument(WireModel):
    """Settle this dead letter without its record having an effect."""

    name: str
    reason: CloseReason


def standing_document(
    case: UUID, held: StandingCase, directory: Directory, *, due: Due | None
) -> StandingCaseDocument:
    """One case."""
    return StandingCaseDocument(
        case=case,
        submission=held.submission_id,
        receipt_number=held.receipt_number,
        received_at=held.received_at,
        service=held.service,
        service_name=directory.services.get(held.service, ""),
        standing=held.standing,
        since=held.since,
        authority=held.authority,
        authority_name=None if held.authority is None else name_in(directory, held.authority),
        due=None if due is None else DueDocument(kind=due.kind, on=due.on),
    )


def overview_document(
    glance: CasesAtAGlance,
    *,
    suspended: Mapping[str, datetime],
    letters: int,
    due: Deadlines,
    directory: Directory,
    own: ProcessReport,
) -> OverviewDocument:
    """All of it, with names beside the ids."""
    return OverviewDocument(
        standings={str(standing): count for standing, count in glance.standings.items()},
        unanswered=tuple(
            UnansweredDocument(
                authority=each.authority,
                name=name_in(directory, each.authority),
                cases=each.cases,
                oldest=each.oldest,
            )
            for each in glance.unanswered
        ),
        suspended=tuple(
            SuspendedDocument(authority=each, name=name_in(directory, each), since=since)
            for each, since in suspended.items()
        ),
        letters=letters,
        due={str(kind): count for kind, count in due.counts.items()},
        gravest=tuple(_due_document(each, directory) for each in due.gravest),
        directory_version=directory.version,
        ailing=ailing_parts(own),
    )


def _due_document(each: DueCase, directory: Directory) -> DueCaseDocument:
    authority = each.held.authority
    return DueCaseDocument(
        case=each.case,
        receipt_number=each.held.receipt_number,
        kind=each.due.kind,
        on=each.due.on,
        authority=authority,
        authority_name=None if authority is None else name_in(directory, authority),
    )


def letter_document(letter: OpenLetter) -> LetterDocument:
    """One dead letter."""
    return LetterDocument(
        name=letter.name,
        group=letter.group,
        topic=letter.place.topic,
        place=str(letter.place),
        kind=letter.kind,
        reason=letter.reason,
        why=reason_document(letter.reason),
        attempts=letter.attempts,
        since=datetime.fromtimestamp(letter.since_ms / 1000, UTC),
        bytes=letter.length,
        digest=letter.digest,
        case=letter.case,
        software=letter.software,
    )


def name_in(directory: Directory, authority: str) -> str:
    """Its name; the id itself where the directory has none."""
    known = directory.authorities.get(authority)
    return authority if known is None else known.name
