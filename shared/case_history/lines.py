"""The line that an event adds to the history of its case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.events.case import (
    AnswerKind,
    AnswerRefused,
    AssignOrdered,
    CaseAccepted,
    CaseDecided,
    CaseDeemedApproved,
    CaseFetched,
    CaseForwarded,
    CaseMessage,
    CaseReturned,
    DeemedApprovalCertified,
    FileUnreadable,
    InformationRequested,
    OrderRefused,
    PeriodExtended,
    RedeliverOrdered,
    RetryOrdered,
    SilenceDoubted,
)
from shared.events.clock import ExtensionIneffective, PeriodEnded, PeriodEnding, StepOverdue
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.ids import child_id
from shared.events.notification import NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefused,
    SupplementReceived,
    WithdrawalReceived,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One line of a case's history.

    ``code`` says what happened (`words.CODES`), ``detail`` adds a second code where there is one: the
    reason of parking, the kind of message, why something was refused. ``answer_kind`` and ``own_id`` say which answer of
    the authority was refused; histories that are stored do not keep them.
    """

    event_id: UUID
    case_id: UUID
    submission_id: UUID
    at: datetime
    code: str
    detail: str | None = None
    authority: str | None = None
    answer_kind: AnswerKind | None = None
    own_id: str | None = None


_CODES: Mapping[type[Payload], str] = {
    SubmissionReceived: "received",
    SubmissionRouted: "routed",
    SubmissionParked: "parked",
    SupplementReceived: "supplement-received",
    WithdrawalReceived: "withdrawal-received",
    CaseWithdrawn: "withdrawn",
    SubmissionRefused: "submission-refused",
    CaseFetched: "fetched",
    CaseAccepted: "accepted",
    InformationRequested: "information-requested",
    CaseReturned: "returned",
    CaseForwarded: "forwarded",
    CaseMessage: "message-of-authority",
    FileUnreadable: "unreadable",
    PeriodExtended: "extended",
    DeemedApprovalCertified: "certified",
    CaseDeemedApproved: "deemed-approved",
    SilenceDoubted: "silence-doubted",
    AnswerRefused: "answer-refused",
    RetryOrdered: "retry-ordered",
    RedeliverOrdered: "redeliver-ordered",
    AssignOrdered: "assign-ordered",
    EraseOrdered: "erase-ordered",
    OrderRefused: "order-refused",
    StepOverdue: "step-overdue",
    PeriodEnding: "period-ending",
    PeriodEnded: "period-ended",
    ExtensionIneffective: "extension-ineffective",
}


_HANDED_ON: Final = frozenset({"returned", "forwarded"})
_PLACED: Final = frozenset({"routed", "parked"})


def line(event: Event[Payload]) -> HistoryLine:
    """Return the line for an event of one of intake's topics."""
    refused = event.data if isinstance(event.data, AnswerRefused) else None
    return HistoryLine(
        event_id=event.id,
        case_id=event.case_id,
        submission_id=event.submission_id,
        at=event.time,
        code=_code(event.data),
        detail=_detail(event.data),
        authority=getattr(event.data, "authority", None),
        answer_kind=None if refused is None else refused.kind,
        own_id=None if refused is None else refused.own_id,
    )


def complete(
    lines: Sequence[HistoryLine], *, submission_id: UUID, case_id: UUID, received_at: datetime
) -> Sequence[HistoryLine]:
    """Return the lines, the oldest first, preceded by the receipt, if the receipt's own event is not among them.

    Who hands a case on and who has it next is said at one instant, in two topics.
    """
    handed_on = {each.at for each in lines if each.code in _HANDED_ON}
    lines = sorted(lines, key=lambda each: (each.at, each.at in handed_on and each.code in _PLACED))
    if any(each.code == "received" for each in lines):
        return lines
    first = HistoryLine(
        event_id=child_id(submission_id, "received"),
        case_id=case_id,
        submission_id=submission_id,
        at=received_at,
        code="received",
    )
    return [first, *lines]


def _code(data: Payload) -> str:
    match data:
        case CaseDecided():
            return data.outcome
        case CaseSupplemented():
            return "supplemented" if data.requested else "supplement-added"
        case NotificationSettled():
            return f"message-{data.outcome}"
        case _:
            return _CODES[type(data)]


def _detail(data: Payload) -> str | None:
    match data:
        case NotificationSettled():
            return data.kind
        case StepOverdue():
            return data.step
        case _:
            reason: str | None = getattr(data, "reason", None)
            return reason
