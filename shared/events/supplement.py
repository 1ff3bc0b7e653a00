"""Supplements to an existing case and its withdrawal, from receipt to their effect."""

from typing import Literal
from uuid import UUID

from shared.events.payload import AuthorityId, Instant, Payload, Sealed
from shared.events.sealed_answer import AnswerKeys
from shared.events.submission import Receipt

SubmissionRefusal = Literal["unknown-case", "already-closed", "too-many"]


class SupplementReceived(Payload):
    """The platform client has handed in a supplement to a case; it has its own submission id and its own receipt."""

    receipt: Receipt
    content: Sealed
    answer_keys: AnswerKeys | None = None


class WithdrawalReceived(Payload):
    """The applicant withdraws the application; ``content`` is an optional text for the authority."""

    receipt: Receipt
    content: Sealed | None = None


class SupplementDelivered(Payload):
    """In the inbox: a supplement to a case that the authority holds, sealed to its key.

    ``ce_submissionid`` is the supplement's own; answers are still sealed for ``answerKeys.submissionId``.
    """

    receipt: Receipt
    authority: AuthorityId
    content: Sealed
    answer_keys: AnswerKeys | None = None


class WithdrawalDelivered(Payload):
    """In the inbox: the applicant has withdrawn the application, and the case is closed."""

    receipt: Receipt
    authority: AuthorityId
    content: Sealed | None = None


class CaseSupplemented(Payload):
    """A supplement has reached the holder of the case; ``receipt`` is the case's, ``supplement`` the supplement's.

    ``requested``: the authority had asked for information and no longer waits for it.
    """

    receipt: Receipt
    authority: AuthorityId | None = None
    supplement: Receipt
    requested: bool
    supplemented_at: Instant


class CaseWithdrawn(Payload):
    """The applicant has withdrawn the application; the case is closed."""

    receipt: Receipt
    authority: AuthorityId | None = None
    withdrawn_at: Instant


class SubmissionRefused(Payload):
    """A supplement or withdrawal that changes nothing; ``reason`` says why."""

    submission_id: UUID
    reason: SubmissionRefusal


HANDED_IN: tuple[type[Payload], ...] = (SupplementReceived, WithdrawalReceived)
"""What the platform client hands in to an existing case."""

TOLD: tuple[type[Payload], ...] = (CaseSupplemented, CaseWithdrawn, SubmissionRefused)
"""What the router reports about it."""
