"""What is sent and answered, as JSON documents; the OpenAPI description is made from them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.intake.domain.admission import ReceiptEntry
from services.intake.domain.history import status
from services.intake.domain.submission import Submission
from services.intake.ports import FeedPage, Known
from shared.case_history.lines import HistoryLine
from shared.case_history.words import CODES, said
from shared.events.payload import Instant, KeyedHash, WireModel
from shared.events.submission import Language

Code = Annotated[
    str, Field(json_schema_extra={"enum": sorted(CODES)}, description="Never changes; new ones may come.")
]


class SubmissionDocument(Submission):
    """A submission; ``content`` is carried to the authority byte for byte."""

    content: Annotated[dict[str, Any], Field(description="Form data, at most 1 MiB as sent.")]


class ReceiptDocument(WireModel):
    """The receipt: kept is what is named here, from ``receivedAt`` on."""

    submission_id: UUID
    case_id: UUID
    receipt_number: str
    received_at: Instant
    content_hash: KeyedHash
    client_reference: str | None = None
    links: dict[str, str]


class FoundDocument(WireModel):
    """What was taken under a reference or key, the newest first."""

    submissions: "tuple[KnownDocument, ...]"


class StandingDocument(WireModel):
    """How the case stands: ``code`` for machines, ``text`` for people."""

    code: Code
    text: str
    since: Instant
    detail: str | None = None
    authority: str | None = None


class KnownDocument(ReceiptDocument):
    """A submission that was taken, and how its case stands."""

    service: str
    language: Language
    status: StandingDocument


class LineDocument(WireModel):
    """One line of a history. ``eventId`` stays the same wherever and whenever it is read."""

    event_id: UUID
    case_id: UUID
    submission_id: UUID
    at: Instant
    code: Code
    text: str
    detail: str | None = None
    authority: str | None = None


class HistoryDocument(WireModel):
    """All that happened to a case, in order."""

    case_id: UUID
    status: StandingDocument
    events: tuple[LineDocument, ...]


class FeedDocument(WireModel):
    """A stretch of the feed; ask again with ``after`` = ``next``, at once if there is ``more``."""

    events: tuple[LineDocument, ...]
    next: str
    more: bool


class TokenDocument(WireModel):
    """RFC 6749 section 5.1."""

    access_token: Annotated[str, Field(alias="access_token")]
    token_type: Annotated[Literal["Bearer"], Field(alias="token_type")] = "Bearer"  # noqa: S105 - RFC 6749's word, no secret
    expires_in: Annotated[int, Field(alias="expires_in")]
    scope: str


class TokenErrorDocument(WireModel):
    """RFC 6749 section 5.2."""

    error: str
    error_description: Annotated[str, Field(alias="error_description")]


def receipt_document(entry: ReceiptEntry) -> ReceiptDocument:
    return ReceiptDocument(**_receipt(entry))


def known_document(known: Known, *, language: Language) -> KnownDocument:
    return KnownDocument(
        **_receipt(known),
        service=known.receipt.service,
        language=known.receipt.language,
        status=_standing(status(known.lines), language),
    )


def history_document(known: Known, *, language: Language) -> HistoryDocument:
    return HistoryDocument(
        case_id=known.case_id,
        status=_standing(status(known.lines), language),
        events=tuple(_line(each, language) for each in known.lines),
    )


def feed_document(page: FeedPage, *, language: Language) -> FeedDocument:
    return FeedDocument(
        events=tuple(_line(each, language) for each in page.lines), next=page.next, more=page.more
    )


def submission_path(submission_id: UUID) -> str:
    return f"/v1/submissions/{submission_id}"


def _receipt(taken: ReceiptEntry | Known) -> dict[str, Any]:
    receipt = taken.receipt
    return {
        "submission_id": taken.submission_id,
        "case_id": taken.case_id,
        "receipt_number": receipt.receipt_number,
        "received_at": receipt.received_at,
        "content_hash": receipt.content_hash,
        "client_reference": taken.client_reference,
        "links": {
            "self": submission_path(taken.submission_id),
            "history": f"/v1/cases/{taken.case_id}/history",
        },
    }


def _standing(line: HistoryLine, language: Language) -> StandingDocument:
    return StandingDocument(
        code=line.code,
        text=said(line, language=language),
        since=line.at,
        detail=line.detail,
        authority=line.authority,
    )


def _line(line: HistoryLine, language: Language) -> LineDocument:
    return LineDocument(
        event_id=line.event_id,
        case_id=line.case_id,
        submission_id=line.submission_id,
        at=line.at,
        code=line.code,
        text=said(line, language=language),
        detail=line.detail,
        authority=line.authority,
    )
