"""The valid events of the golden files: each payload of the catalogue in its smallest and its fullest form."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    AssignOrdered,
    CaseAccepted,
    CaseAnswered,
    CaseDecided,
    CaseDeemedApproved,
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
from shared.events.checkpoint import CheckpointPublished
from shared.events.competence import Attributes
from shared.events.custody import CaseHeld, PeriodOver
from shared.events.directory import DirectoryChanged, Provenance, TableChanged
from shared.events.erasure import CaseEnded, CaseErased, EraseOrdered, RemainingCopy
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import (
    SubmissionDelivered,
    SubmissionHeld,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)
from tests.golden.clock_examples import BARE_RECEIPT, CALENDAR
from tests.golden.fetched_examples import FETCHED
from tests.golden.operation_examples import OPERATIONS_AND_OUTCOMES
from tests.golden.refusal_examples import REFUSALS
from tests.golden.supplement_examples import SUPPLEMENTS
from tests.support.events import (
    ANSWER_KEYS,
    ASSIGNMENT,
    CASE_ID,
    GIESSEN,
    PARKED,
    PLACE,
    RECEIPT,
    RECEIVED_AT,
    ROUTED,
    SUBMISSION_ID,
    sealed,
)

_LATER = RECEIVED_AT + timedelta(days=1)
_ANSWER_ID = ids.answer_id(GIESSEN, "0117-1")
_MESSAGE_ID = ids.message_id(CASE_ID, "receipt", 0, "applicant", "email")
_MAILBOX_ID = ids.message_id(CASE_ID, "decision", 1, "applicant", "mailbox")
_ORDER_ID = ids.order_id(CASE_ID, "klaerung-7", "1", "erase")
_ACCEPTED = AnswerGiven(kind="accepted", given_at=_LATER)
_FOR_CLIENT = sealed("verwaltungsportal-2026", purpose="answer")
_FOR_NOTIFIER = sealed("notifier-2026", purpose="notice")
_GRANTED = AnswerGiven(
    kind="decided", outcome="granted", content=_FOR_CLIENT, notice=_FOR_NOTIFIER, given_at=_LATER
)
_NOTE = (
    "log.amtsweg.test/2026\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— log.amtsweg.test/2026 AAAA\n"
)
_INVENTED = Provenance(
    source="erfunden", licence="EUPL-1.2", attribution="Amtsweg, erfundene Daten", state="2026-01-01"
)

EXAMPLES: Mapping[str, Payload] = MappingProxyType(
    {
        "EraseOrdered/minimal": EraseOrdered(basis="Art. 17 Abs. 1 DSGVO"),
        "EraseOrdered/full": EraseOrdered(basis="Art. 17 Abs. 1 DSGVO", principal="klaerung-7"),
        **OPERATIONS_AND_OUTCOMES,
        "CaseErased/minimal": CaseErased(holder="notifier", order_id=_ORDER_ID, gone=()),
        "CaseErased/full": CaseErased(
            holder="router",
            order_id=_ORDER_ID,
            gone=("held content and contact", "custody"),
            remaining=(RemainingCopy(what="submission.held.v1", until=_LATER),),
        ),
        "CaseEnded/erased": CaseEnded(authority=GIESSEN, reason="erased"),
        "SubmissionReceived/minimal": SubmissionReceived(receipt=BARE_RECEIPT, content=sealed()),
        "SubmissionReceived/full": SubmissionReceived(
            receipt=RECEIPT,
            place=PLACE,
            choice=GIESSEN,
            attributes=Attributes(road="federal"),
            content=sealed(),
            contact=sealed("notifier-2026", purpose="contact"),
            answer_keys=ANSWER_KEYS,
        ),
        "SubmissionRouted/by-the-directory": SubmissionRouted(
            receipt=RECEIPT, authority=GIESSEN, decision=ROUTED
        ),
        "SubmissionRouted/by-a-person": SubmissionRouted(
            receipt=RECEIPT, authority=GIESSEN, decision=PARKED, assignment=ASSIGNMENT
        ),
        "SubmissionParked/undecided": SubmissionParked(
            receipt=RECEIPT, reason="ambiguous-place", decision=PARKED
        ),
        "SubmissionParked/by-the-runtime": SubmissionParked(receipt=RECEIPT, reason="internal-error"),
        "SubmissionDelivered/by-the-directory": SubmissionDelivered(
            receipt=RECEIPT,
            authority=GIESSEN,
            place=PLACE,
            decision=ROUTED,
            content=sealed("g-06531005-1"),
            answer_keys=ANSWER_KEYS,
        ),
        "SubmissionDelivered/by-a-person": SubmissionDelivered(
            receipt=BARE_RECEIPT, authority=GIESSEN, assignment=ASSIGNMENT, content=sealed("g-06531005-1")
        ),
        "SubmissionHeld/minimal": SubmissionHeld(
            receipt=BARE_RECEIPT, submission_id=SUBMISSION_ID, content=sealed()
        ),
        "SubmissionHeld/full": SubmissionHeld(
            receipt=RECEIPT,
            place=PLACE,
            choice=GIESSEN,
            attributes=Attributes(road="federal"),
            submission_id=SUBMISSION_ID,
            content=sealed(),
            contact=sealed("notifier-2026", purpose="contact"),
            answer_keys=ANSWER_KEYS,
        ),
        "RedeliverOrdered/redeliver": RedeliverOrdered(assignment=ASSIGNMENT),
        **SUPPLEMENTS,
        **CALENDAR,
        **REFUSALS,
        **FETCHED,
        "RetryOrdered/retry": RetryOrdered(assignment=ASSIGNMENT),
        "AssignOrdered/assign": AssignOrdered(authority=GIESSEN, assignment=ASSIGNMENT),
        "AssignOrdered/over-http": AssignOrdered(
            authority=GIESSEN, assignment=ASSIGNMENT.model_copy(update={"principal": "klaerung-7"})
        ),
        "AnswerGiven/accepted": _ACCEPTED,
        "AnswerGiven/decided": _GRANTED,
        "CaseAnswered/accepted": CaseAnswered(authority=GIESSEN, own_id="0117-0", answer=_ACCEPTED),
        "CaseAnswered/decided": CaseAnswered(authority=GIESSEN, own_id="0117-1", answer=_GRANTED),
        "CaseAnswered/information-requested": CaseAnswered(
            authority=GIESSEN,
            own_id="0117-2",
            answer=AnswerGiven(
                kind="information-requested",
                items=2,
                content=_FOR_CLIENT,
                notice=_FOR_NOTIFIER,
                given_at=_LATER,
            ),
        ),
        "CaseAnswered/returned": CaseAnswered(
            authority=GIESSEN,
            own_id="0117-3",
            answer=AnswerGiven(kind="returned", reason="wrong-place", given_at=_LATER),
        ),
        "CaseAnswered/forwarded": CaseAnswered(
            authority=GIESSEN,
            own_id="0117-4",
            answer=AnswerGiven(
                kind="forwarded", reason="not-competent", forward_to="g-06534014", given_at=_LATER
            ),
        ),
        "CaseMessage/for-the-notifier-alone": CaseMessage(
            receipt=BARE_RECEIPT,
            authority=GIESSEN,
            kind="information-requested",
            answer_id=_ANSWER_ID,
            notice=_FOR_NOTIFIER,
            given_at=_LATER,
        ),
        "CaseMessage/decided": CaseMessage(
            receipt=RECEIPT,
            authority=GIESSEN,
            kind="decided",
            answer_id=_ANSWER_ID,
            outcome="granted",
            content=_FOR_CLIENT,
            notice=_FOR_NOTIFIER,
            given_at=_LATER,
        ),
        "CaseAccepted/minimal": CaseAccepted(receipt=BARE_RECEIPT, authority=GIESSEN, accepted_at=_LATER),
        "CaseAccepted/full": CaseAccepted(receipt=RECEIPT, authority=GIESSEN, accepted_at=_LATER),
        "InformationRequested/two-items": InformationRequested(
            receipt=RECEIPT, authority=GIESSEN, items=2, requested_at=_LATER
        ),
        "CaseReturned/wrong-place": CaseReturned(
            receipt=RECEIPT, authority=GIESSEN, reason="wrong-place", returned_at=_LATER
        ),
        "CaseForwarded/not-competent": CaseForwarded(
            receipt=RECEIPT,
            authority=GIESSEN,
            forward_to="g-06534014",
            reason="not-competent",
            forwarded_at=_LATER,
        ),
        "CaseDecided/refused": CaseDecided(
            receipt=BARE_RECEIPT, authority=GIESSEN, outcome="refused", decided_at=_LATER
        ),
        "CaseDecided/granted": CaseDecided(
            receipt=RECEIPT, authority=GIESSEN, outcome="granted", decided_at=_LATER
        ),
        "AnswerRefused/already-decided": AnswerRefused(
            authority=GIESSEN,
            answer_id=_ANSWER_ID,
            own_id="0117/1",
            kind="accepted",
            reason="already-decided",
        ),
        "AnswerRefused/of-an-earlier-router": AnswerRefused(
            authority=GIESSEN, answer_id=_ANSWER_ID, reason="already-decided"
        ),
        "OrderRefused/not-parked": OrderRefused(
            order_id=ids.child_id(CASE_ID, "order/1"), reason="not-parked"
        ),
        "CaseDeemedApproved/approval": CaseDeemedApproved(
            receipt=RECEIPT,
            authority=GIESSEN,
            deemed="approval",
            profile="three-months-deemed-approval",
            period_ended_on=date(2026, 4, 15),
            fiction_from=date(2026, 4, 16),
            answers_read_to=_LATER,
        ),
        "FileUnreadable/told": FileUnreadable(receipt=RECEIPT, authority=GIESSEN, told_at=_LATER),
        "PeriodExtended/by-a-month": PeriodExtended(
            receipt=RECEIPT, authority=GIESSEN, months=1, extended_at=_LATER
        ),
        "DeemedApprovalCertified/certified": DeemedApprovalCertified(
            receipt=RECEIPT, authority=GIESSEN, fiction_from=date(2026, 4, 16), certified_at=_LATER
        ),
        "SilenceDoubted/suspended": SilenceDoubted(
            receipt=RECEIPT, authority=GIESSEN, period_ended_on=date(2026, 4, 15), reason="suspended"
        ),
        "NotificationSettled/sent": NotificationSettled(
            message_id=_MESSAGE_ID,
            kind="receipt",
            revision=0,
            channel="email",
            outcome="sent",
            attempts=1,
            settled_at=_LATER,
        ),
        "NotificationSettled/unknown": NotificationSettled(
            message_id=_MESSAGE_ID,
            kind="receipt",
            revision=0,
            channel="email",
            outcome="unknown",
            attempts=3,
            settled_at=_LATER,
        ),
        "NotificationSettled/sent-after-a-repetition": NotificationSettled(
            message_id=_MESSAGE_ID,
            kind="receipt",
            revision=0,
            channel="email",
            outcome="sent",
            attempts=2,
            settled_at=_LATER,
            repeats=1,
        ),
        "NotificationSettled/unread": NotificationSettled(
            message_id=_MAILBOX_ID,
            kind="decision",
            revision=1,
            channel="mailbox",
            outcome="unread",
            attempts=1,
            settled_at=_LATER,
            unread_days=5,
        ),
        "NotificationRead/read": NotificationRead(message_id=_MAILBOX_ID, read_at=_LATER),
        "CaseHeld/parked": CaseHeld(
            submission_id=SUBMISSION_ID,
            receipt=RECEIPT,
            standing="parked",
            since=RECEIVED_AT,
            reason="ambiguous-place",
            decision=PARKED,
            applied=(SUBMISSION_ID,),
        ),
        "CaseHeld/routed": CaseHeld(
            submission_id=SUBMISSION_ID,
            receipt=RECEIPT,
            standing="routed",
            since=RECEIVED_AT,
            authority=GIESSEN,
            decision=ROUTED,
            placed_by=ids.child_id(CASE_ID, "order/1"),
            applied=(SUBMISSION_ID, ids.child_id(CASE_ID, "order/1")),
        ),
        "CaseHeld/period-over": CaseHeld(
            submission_id=SUBMISSION_ID,
            receipt=RECEIPT,
            standing="routed",
            since=RECEIVED_AT,
            authority=GIESSEN,
            decision=ROUTED,
            period=PeriodOver(
                authority=GIESSEN,
                profile="three-months-deemed-approval",
                ended_on=date(2026, 4, 15),
                fiction_from=date(2026, 4, 16),
                deemed="approval",
                certain=True,
                grace_until=date(2026, 4, 16),
                doubt="unconfirmed",
            ),
            applied=(SUBMISSION_ID,),
        ),
        "DirectoryChanged/first": DirectoryChanged(
            land="01",
            name="Nordmark",
            result="1" * 64,
            effective_from=RECEIVED_AT,
            reason="Erstbestand",
            tables=(
                TableChanged(
                    table="regions",
                    columns="key,name,administration,source",
                    added=("010,Nordmark,rp-010,erfunden",),
                    provenance=_INVENTED,
                ),
            ),
        ),
        "DirectoryChanged/change": DirectoryChanged(
            land="01",
            name="Nordmark",
            parent="1" * 64,
            result="2" * 64,
            effective_from=_LATER,
            reason="Umbenennung des Regierungsbezirks",
            tables=(
                TableChanged(
                    table="regions",
                    columns="key,name,administration,source",
                    removed=("010,Nordmark,rp-010,erfunden",),
                    added=("010,Nordland,rp-010,erfunden",),
                    provenance=_INVENTED,
                ),
            ),
        ),
        "CheckpointPublished/checkpoint": CheckpointPublished(
            origin="log.amtsweg.test/2026", size=3, root="A" * 43 + "=", note=_NOTE, published_at=_LATER
        ),
    }
)
"""Keyed ``<payload class>/<what is shown>``."""
