"""What the clearing desk shows and takes, as JSON documents; content and contact are never among it."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from services.router.domain.cases.decision_words import DecisionDocument, decision_document, why_in_words
from services.router.domain.cases.desk import Placed, StillParked, Waiting, reason_in_words
from services.router.domain.decision.explain import explain
from services.router.domain.directory.model import Directory
from shared.events.competence import Why
from shared.events.payload import AuthorityId, Instant, WireModel
from shared.local_time import ReadIn

Remark = Annotated[str, StringConstraints(max_length=1000)]


class CandidateDocument(WireModel):
    """An authority that comes into question; ``why`` it was not named, absent where it could not be reached.

    ``whyText`` says the same in words, as ``reasonText`` does: German, or English as the request prefers.
    """

    authority: str
    name: str
    why: Why | None = None
    why_text: str | None = None


class ParkedDocument(WireModel):
    """A line of the list. ``waitsSeconds`` count from the moment at which it was parked first, or delivered.

    With the reason ``unconfirmed``, ``authority`` has the case and has not said a word about it for 20 days or longer.
    """

    case: str
    submission: str
    receipt_number: str
    received_at: Instant
    parked_since: Instant
    waits_seconds: int
    service: str
    service_name: str
    reason: str
    reason_text: str
    authority: str | None = None
    candidates: tuple[CandidateDocument, ...]


class ParkedListDocument(WireModel):
    """Parked and unconfirmed cases, the oldest receipt first; ask again with ``after`` = ``next`` until it is absent."""

    cases: tuple[ParkedDocument, ...]
    next: str | None = None


class ParkedCaseDocument(ParkedDocument):
    """One parked case: the decision that could not be made, the place as it was understood, in words and as data."""

    explanation: str | None = None
    decision: DecisionDocument | None = None


class AssignmentDocument(WireModel):
    """To whom, and why.

    ``reason`` (1 to 200 characters on one line) stays on record for years: it speaks of the competence, never of
    people. ``outsideCandidates`` confirms that the authority is meant although it is none of the candidates.
    """

    authority: AuthorityId
    reason: Remark
    outside_candidates: bool = False


class RetryDocument(WireModel):
    """Why it is worth asking the directory again."""

    reason: Remark = "neuer Versuch"


class RedeliveryDocument(WireModel):
    """Why it is worth delivering it again."""

    reason: Remark = "erneute Zustellung"


class OutcomeDocument(WireModel):
    """What became of the order.

    ``routed``: the case lies with ``authority``. ``parked``: the directory still names nobody, because of
    ``reason``. ``pending``: the order is on record and will be acted on; send the same request again to learn how.
    """

    outcome: str
    case: str
    receipt_number: str
    received_at: Instant
    authority: str | None = None
    authority_name: str | None = None
    reason: str | None = None
    reason_text: str | None = None


def parked_document(
    waiting: Waiting, *, directory: Directory, now: datetime, language: ReadIn
) -> ParkedDocument:
    """A line of the list."""
    held = waiting.held
    return ParkedDocument(
        case=str(waiting.case),
        submission=str(held.submission_id),
        receipt_number=held.receipt.receipt_number,
        received_at=held.receipt.received_at,
        parked_since=held.since,
        waits_seconds=int((now - held.since).total_seconds()),
        service=held.receipt.service,
        service_name=directory.services.get(held.receipt.service, ""),
        reason=waiting.reason,
        reason_text=reason_in_words(waiting.reason, language),
        authority=held.authority,
        candidates=_candidates(waiting, directory, language),
    )


def parked_case_document(
    waiting: Waiting, *, directory: Directory, now: datetime, language: ReadIn
) -> ParkedCaseDocument:
    """All that is known of a parked case."""
    line = parked_document(waiting, directory=directory, now=now, language=language)
    decision = waiting.held.decision
    return ParkedCaseDocument(
        **line.model_dump(),
        explanation=None if decision is None else explain(decision, directory=directory, language=language),
        decision=None if decision is None else decision_document(decision, language),
    )


def outcome_document(
    told: Placed | StillParked, *, directory: Directory, language: ReadIn
) -> OutcomeDocument:
    """An order that was acted on."""
    waiting = told.waiting
    authority = told.authority if isinstance(told, Placed) else None
    reason = waiting.held.reason if isinstance(told, StillParked) else None
    return OutcomeDocument(
        outcome="parked" if authority is None else "routed",
        case=str(waiting.case),
        receipt_number=waiting.held.receipt.receipt_number,
        received_at=waiting.held.receipt.received_at,
        authority=authority,
        authority_name=None if authority is None else name_of(authority, directory),
        reason=reason,
        reason_text=None if reason is None else reason_in_words(reason, language),
    )


def pending_document(waiting: Waiting) -> OutcomeDocument:
    """An order that is on record and not acted on yet."""
    return OutcomeDocument(
        outcome="pending",
        case=str(waiting.case),
        receipt_number=waiting.held.receipt.receipt_number,
        received_at=waiting.held.receipt.received_at,
    )


def name_of(authority: str, directory: Directory) -> str:
    """The authority's name, empty where the directory has none."""
    known = directory.authorities.get(authority)
    return "" if known is None else known.name


def _candidates(waiting: Waiting, directory: Directory, language: ReadIn) -> tuple[CandidateDocument, ...]:
    decision = waiting.held.decision
    why = {c.authority: c.why for c in decision.candidates} if decision else {}
    words = {each: why_in_words(found, language) for each, found in why.items()}
    return tuple(
        CandidateDocument(
            authority=each, name=name_of(each, directory), why=why.get(each), why_text=words.get(each)
        )
        for each in waiting.candidates
    )
