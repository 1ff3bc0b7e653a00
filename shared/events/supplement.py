"""What the platform hands in to a case that is there: a supplement, or its withdrawal; and what becomes of it."""

from typing import Literal
from uuid import UUID

from shared.events.payload import AuthorityId, Instant, Payload, Sealed
from shared.events.sealed_answer import AnswerKeys
from shared.events.submission import Receipt

SubmissionRefusal = Literal["unknown-case", "already-closed", "too-many"]


class SupplementReceived(Payload):
    """The platform has handed in more to a case and holds a receipt of its own for it, under a submission id of its own."""

    receipt: Receipt
    content: Sealed
    answer_keys: AnswerKeys | None = None


class WithdrawalReceived(Payload):
    """The applicant takes the application back; ``content`` are the words for the authority, if there are any."""

    receipt: Receipt
    content: Sealed | None = None


class SupplementDelivered(Payload):
    """What an authority finds in its inbox: more to a case that it holds, sealed to its own key.

    ``ce_submissionid`` is the supplement's own; answers go on being sealed for ``answerKeys.submissionId``.
    """

    receipt: Receipt
    authority: AuthorityId
    content: Sealed
    answer_keys: AnswerKeys | None = None


class WithdrawalDelivered(Payload):
    """What an authority finds in its inbox: the applicant has taken the application back, the case is closed."""

    receipt: Receipt
    authority: AuthorityId
    content: Sealed | None = None


class CaseSupplemented(Payload):
    """A supplement lies with whoever holds the case; ``receipt`` is the case's, ``supplement`` the supplement's.

    ``requested``: the authority had asked for information, and waits for it no longer.
    """

    receipt: Receipt
    authority: AuthorityId | None = None
    supplement: Receipt
    requested: bool
    supplemented_at: Instant


class CaseWithdrawn(Payload):
    """The applicant has taken the application back; the case is closed."""

    receipt: Receipt
    authority: AuthorityId | None = None
    withdrawn_at: Instant


class SubmissionRefused(Payload):
    """A supplement or a withdrawal that changes nothing, because the case had moved on meanwhile."""

    submission_id: UUID
    reason: SubmissionRefusal


HANDED_IN: tuple[type[Payload], ...] = (SupplementReceived, WithdrawalReceived)
TOLD: tuple[type[Payload], ...] = (CaseSupplemented, CaseWithdrawn, SubmissionRefused)
"""What the platform hands in, and what is told of it."""
