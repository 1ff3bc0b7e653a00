"""The payloads of an authority's inbox."""

from shared.events.answer_refusal import AnswerRefusalDelivered, AnswerRefusalsSummed
from shared.events.case import CaseDeemedApproved
from shared.events.clock import TIME_PASSED
from shared.events.erasure import CaseEnded
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered
from shared.events.supplement import SupplementDelivered, WithdrawalDelivered

INBOX: tuple[type[Payload], ...] = (
    SubmissionDelivered,
    SupplementDelivered,
    WithdrawalDelivered,
    CaseEnded,
    *TIME_PASSED,
    CaseDeemedApproved,
    AnswerRefusalDelivered,
    AnswerRefusalsSummed,
)
"""A submission opens a case; everything else is about a case that the authority has or had."""
