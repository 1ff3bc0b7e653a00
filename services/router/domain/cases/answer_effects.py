"""The effect of an answer that keeps the case with its authority: the event and the new standing."""

from services.router.domain.cases.transitions import UNANSWERED
from shared.events.case import (
    CaseAccepted,
    CaseAnswered,
    CaseDecided,
    DeemedApprovalCertified,
    FileUnreadable,
    InformationRequested,
    PeriodExtended,
)
from shared.events.custody import CaseHeld, CustodyState
from shared.events.payload import Payload


def effect_of(custody: CaseHeld, given: CaseAnswered) -> tuple[Payload, CustodyState]:
    """Return the event and the new standing; the caller has checked that the answer is allowed and hands nothing on."""
    stated, receipt, authority = given.answer, custody.receipt, given.authority
    at = stated.given_at
    if stated.outcome is not None:
        return CaseDecided(
            receipt=receipt, authority=authority, outcome=stated.outcome, decided_at=at
        ), "decided"
    if stated.items is not None:
        return InformationRequested(
            receipt=receipt, authority=authority, items=stated.items, requested_at=at
        ), "information-requested"
    if stated.months is not None:
        # An authority that extends its period has accepted the case, even if it has not said so.
        standing: CustodyState = "accepted" if custody.standing in UNANSWERED else custody.standing
        return PeriodExtended(
            receipt=receipt, authority=authority, months=stated.months, extended_at=at
        ), standing
    if stated.kind == "unreadable":
        return FileUnreadable(receipt=receipt, authority=authority, told_at=at), custody.standing
    if stated.kind == "certified":
        fiction = custody.period.fiction_from if custody.period is not None else None
        return DeemedApprovalCertified(
            receipt=receipt, authority=authority, fiction_from=fiction, certified_at=at
        ), custody.standing
    return CaseAccepted(receipt=receipt, authority=authority, accepted_at=at), "accepted"
