"""Which messages an event requires: each piece of news is sent once, however often its event arrives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.notifier.domain.case import Case
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.message import ApplicantMessage, Told, written
from services.notifier.domain.period import Progress, deadline_of
from shared.events.case import (
    CaseAccepted,
    CaseDecided,
    CaseDeemedApproved,
    DeemedApprovalCertified,
    FileUnreadable,
    InformationRequested,
    PeriodExtended,
)
from shared.events.envelope import Event
from shared.events.notification import MessageKind
from shared.events.payload import Payload
from shared.events.submission import Receipt, SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import CaseSupplemented

_WHEREABOUTS: tuple[MessageKind, ...] = ("forwarded", "clearing")


@dataclass(frozen=True, slots=True)
class _News:
    kind: MessageKind
    receipt: Receipt
    occurred_at: datetime
    authority: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def plan(event: Event[Payload], case: Case, law: Law) -> tuple[ApplicantMessage, ...]:
    """Return the messages to the applicant about this event; none if it was handled before or is no news.

    News of one kind come from one topic and so in one order; a message's revision counts within its kind.
    Hence the same messages are planned in whatever order the topics are read.
    """
    if event.id in case.handled:
        return ()
    return tuple(
        written(
            news.receipt,
            case_id=event.case_id,
            submission_id=event.submission_id,
            kind=news.kind,
            revision=1 + sum(told.kind == news.kind for told in case.told),
            occurred_at=news.occurred_at,
            authority=news.authority,
            facts=news.facts,
            notice=event.id if news.kind == "incomplete" else None,
        )
        for news in _news(event, case, law)
        # A parked case was tried again and is parked still: no news.
        if news.kind not in _WHEREABOUTS or _whereabouts(case) != (news.kind, news.authority)
    )


def _news(event: Event[Payload], case: Case, law: Law) -> Sequence[_News]:
    match event.data:
        case SubmissionReceived(receipt=receipt):
            return (_News("receipt", receipt, receipt.received_at),)
        case SubmissionRouted(receipt=receipt, authority=authority):
            return (_News("forwarded", receipt, event.time, authority),)
        case SubmissionParked(receipt=receipt):
            return (_News("clearing", receipt, event.time),)
        case CaseSupplemented(receipt=receipt, authority=authority, supplemented_at=at):
            return (_News("supplement", receipt, at, authority),)
        case _:
            confirmed = frozenset(told.authority for told in case.told if told.kind == "acknowledgement")
            progress = case.progress.after(event)
            heard = _Heard(law=law, before=case.progress, progress=progress, confirmed_by=confirmed)
            return _news_of_answer(event.data, heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What is known when an authority answers: the case's progress before and after, and who has confirmed its receipt."""

    law: Law
    before: Progress
    progress: Progress
    confirmed_by: frozenset[str | None]


def _news_of_answer(told: Payload, heard: _Heard) -> Sequence[_News]:
    match told:
        case CaseAccepted(receipt=receipt, authority=authority, accepted_at=at):
            return _confirmation(receipt, at, authority, heard) or (_News("status", receipt, at, authority),)
        case InformationRequested(receipt=receipt, authority=authority, requested_at=at, items=items):
            asked = _News("incomplete", receipt, at, authority, {"items": str(items)})
            return (*_confirmation(receipt, at, authority, heard), asked)
        case FileUnreadable(receipt=receipt, authority=authority, told_at=at):
            return (_News("unreadable", receipt, at, authority),)
        case PeriodExtended(receipt=receipt, authority=authority, extended_at=at):
            if not _is_extended(receipt, heard):
                return ()
            return (_News("extension", receipt, at, authority, heard.progress.written()),)
        case _:
            return _news_of_end(told, heard.law)


def _confirmation(receipt: Receipt, at: datetime, authority: str, heard: _Heard) -> Sequence[_News]:
    """§ 71b Abs. 3 VwVfG: whoever asks for documents has the case, and owes its confirmation once as well.

    The competent authority owes it: after a case was handed on, the next one, whose remedies may be others.
    """
    if authority in heard.confirmed_by or not _is_acknowledged(receipt, heard.law):
        return ()
    return (_News("acknowledgement", receipt, at, authority, heard.progress.written()),)


def _news_of_end(told: Payload, law: Law) -> Sequence[_News]:
    match told:
        case DeemedApprovalCertified(receipt=receipt, authority=authority, certified_at=at):
            fiction = {} if told.fiction_from is None else {"fictionFrom": told.fiction_from.isoformat()}
            return (_News("certificate", receipt, at, authority, fiction),)
        case CaseDeemedApproved(receipt=receipt, authority=authority, answers_read_to=at):
            facts = {"fictionFrom": told.fiction_from.isoformat()}
            return (_News("deemed-approval", receipt, at, authority, facts),)
        case CaseDecided(receipt=receipt, authority=authority, decided_at=at):
            output = _output(told, law)
            return (_News(output, receipt, at, authority), _News("completion", receipt, at, authority))
        case _:
            return ()


def _is_acknowledged(receipt: Receipt, law: Law) -> bool:
    """Whether there is a decision to wait for, so that § 71b Abs. 3 VwVfG has something to say; else § 71d."""
    deadline = deadline_of(receipt.service, receipt.received_at, law)
    return deadline is not None and deadline.profile.kept_by == "announcement"


def _is_extended(receipt: Receipt, heard: _Heard) -> bool:
    """Whether it moves the end; else the applicant is told nothing wrong, and the authority that it has no effect."""
    before = deadline_of(receipt.service, receipt.received_at, heard.law, heard.before)
    after = deadline_of(receipt.service, receipt.received_at, heard.law, heard.progress)
    return before is not None and after is not None and after.period_ends != before.period_ends


def _output(decided: CaseDecided, law: Law) -> MessageKind:
    """What comes out: a decision, or of a notice that the law wants certified (§ 15 Abs. 1 GewO) its certificate."""
    deadline = deadline_of(decided.receipt.service, decided.receipt.received_at, law)
    if deadline is None or deadline.profile.kept_by == "announcement" or decided.outcome == "refused":
        return "decision"
    return "trade-certificate" if deadline.profile.confirmation else "decision"


def _whereabouts(case: Case) -> tuple[MessageKind, str | None] | None:
    last: Told | None = next((told for told in reversed(case.told) if told.kind in _WHEREABOUTS), None)
    return None if last is None else (last.kind, last.authority)
