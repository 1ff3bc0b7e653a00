"""The history of a case as its client sees it: one line per event, without personal data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.case import (
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
from shared.events.submission import Receipt, SubmissionParked, SubmissionReceived, SubmissionRouted
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

    ``code`` says what happened (`wording.CODES`), ``detail`` adds a second code where there is one: the
    reason of parking, the kind of message, why something was refused.
    """

    event_id: UUID
    case_id: UUID
    submission_id: UUID
    at: datetime
    code: str
    detail: str | None = None
    authority: str | None = None


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
_HANDED_ON = frozenset({"returned", "forwarded"})
_ENDS = frozenset({"granted", "refused", "deemed-approved", "withdrawn", "erase-ordered"})
_STAGES = {
    "received": 0,
    "returned": 1,
    "forwarded": 1,
    "parked": 1,
    "routed": 1,
    "fetched": 1,
    "accepted": 2,
    "information-requested": 2,
    "supplemented": 2,
    "withdrawn": 3,
    "granted": 3,
    "refused": 3,
    "deemed-approved": 3,
}


def line(event: Event[Payload]) -> HistoryLine:
    """Return the line for an event of one of intake's topics."""
    return HistoryLine(
        event_id=event.id,
        case_id=event.case_id,
        submission_id=event.submission_id,
        at=event.time,
        code=_code(event.data),
        detail=_detail(event.data),
        authority=_authority(event.data),
    )


def receipt_of(event: Event[Payload]) -> Receipt | None:
    """The facts of receipt that the event repeats, or None; any one of them restores what is known of the case."""
    match event.data:
        case SupplementReceived() | WithdrawalReceived() | CaseSupplemented() | CaseWithdrawn():
            return event.data.receipt
        case (
            SubmissionReceived()
            | SubmissionRouted()
            | SubmissionParked()
            | CaseFetched()
            | CaseAccepted()
            | InformationRequested()
            | CaseReturned()
            | CaseForwarded()
            | CaseDecided()
            | CaseMessage()
            | CaseDeemedApproved()
            | SilenceDoubted()
            | FileUnreadable()
            | PeriodExtended()
            | DeemedApprovalCertified()
        ):
            return event.data.receipt
        case StepOverdue() | PeriodEnding() | PeriodEnded() | ExtensionIneffective():
            return event.data.receipt
        case _:
            return None


def complete(
    lines: Sequence[HistoryLine], *, submission_id: UUID, case_id: UUID, receipt: Receipt
) -> Sequence[HistoryLine]:
    """Return the lines preceded by the receipt, if the receipt's own event is not among them."""
    if any(each.code == "received" for each in lines):
        return lines
    first = HistoryLine(
        event_id=child_id(submission_id, "received"),
        case_id=case_id,
        submission_id=submission_id,
        at=receipt.received_at,
        code="received",
    )
    return [first, *lines]


def is_closed(lines: Iterable[HistoryLine]) -> bool:
    """Whether the case has ended according to these lines."""
    return any(each.code in _ENDS for each in lines)


def status(lines: Iterable[HistoryLine]) -> HistoryLine:
    """The line with the current status of the case: the furthest stage, and within it the latest.

    Topics are read independently, so that an acceptance may be read before its routing. Therefore the stage counts
    before the instant, and the instant before the order of reading. Messages and refused answers do not change the
    status. When an authority hands the case on, its earlier answers no longer count.
    """
    staged = [each for each in lines if each.code in _STAGES]
    handed_on = max((each.at for each in staged if each.code in _HANDED_ON), default=None)
    if handed_on is not None:
        staged = [each for each in staged if each.at >= handed_on]
    return max(reversed(staged), key=lambda each: (_STAGES[each.code], each.at))


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
        case (
            SubmissionRefused()
            | SubmissionParked()
            | AnswerRefused()
            | OrderRefused()
            | CaseReturned()
            | CaseForwarded()
            | SilenceDoubted()
            | ExtensionIneffective()
        ):
            return data.reason
        case NotificationSettled():
            return data.kind
        case StepOverdue():
            return data.step
        case _:
            return None


def _authority(data: Payload) -> str | None:
    match data:
        case (
            SubmissionRouted()
            | CaseFetched()
            | CaseAccepted()
            | InformationRequested()
            | CaseReturned()
            | CaseForwarded()
            | CaseDecided()
            | CaseMessage()
            | CaseDeemedApproved()
            | SilenceDoubted()
            | FileUnreadable()
            | PeriodExtended()
            | DeemedApprovalCertified()
            | AnswerRefused()
            | AssignOrdered()
            | ExtensionIneffective()
        ):
            return data.authority
        case StepOverdue() | PeriodEnding() | PeriodEnded() | CaseSupplemented() | CaseWithdrawn():
            return data.authority
        case _:
            return None
