from datetime import UTC, date, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.history import receipt_of, status
from shared.case_history.lines import HistoryLine, complete, line
from shared.case_history.words import CODES, DETAILS, said
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
    OrderRefusalReason,
    OrderRefused,
    PeriodExtended,
    RedeliverOrdered,
    RefusalReason,
    RetryOrdered,
    ReturnReason,
    SilenceDoubt,
    SilenceDoubted,
)
from shared.events.checkpoint import CheckpointPublished
from shared.events.clock import (
    ExtensionFault,
    ExtensionIneffective,
    OverdueStep,
    PeriodEnded,
    PeriodEnding,
    StepOverdue,
)
from shared.events.competence import Reason
from shared.events.erasure import EraseOrdered
from shared.events.notification import NotificationSettled, Settlement
from shared.events.operation import OPERATIONS
from shared.events.payload import Payload
from shared.events.submission import RouterReason, SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefusal,
    SubmissionRefused,
    SupplementReceived,
    WithdrawalReceived,
)
from shared.events.topics import consumed_by
from tests.support.events import (
    ASSIGNMENT,
    CASE_ID,
    GIESSEN,
    RECEIPT,
    RECEIVED_AT,
    ROUTED,
    SUBMISSION_ID,
    event,
    sealed,
)

ROOT = UUID(int=0)
TOLD: dict[type[Payload], Payload] = {
    SubmissionReceived: SubmissionReceived(receipt=RECEIPT, content=sealed()),
    SubmissionRouted: SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED),
    SubmissionParked: SubmissionParked(receipt=RECEIPT, reason="unknown-place"),
    CaseFetched: CaseFetched(
        receipt=RECEIPT, authority=GIESSEN, routed_at=RECEIVED_AT, fetched_at=RECEIVED_AT
    ),
    CaseAccepted: CaseAccepted(receipt=RECEIPT, authority=GIESSEN, accepted_at=RECEIVED_AT),
    InformationRequested: InformationRequested(
        receipt=RECEIPT, authority=GIESSEN, items=1, requested_at=RECEIVED_AT
    ),
    CaseReturned: CaseReturned(
        receipt=RECEIPT, authority=GIESSEN, reason="wrong-place", returned_at=RECEIVED_AT
    ),
    CaseForwarded: CaseForwarded(
        receipt=RECEIPT,
        authority=GIESSEN,
        forward_to="g-06534014",
        reason="not-competent",
        forwarded_at=RECEIVED_AT,
    ),
    CaseMessage: CaseMessage(
        receipt=RECEIPT, authority=GIESSEN, kind="accepted", answer_id=ROOT, given_at=RECEIVED_AT
    ),
    SupplementReceived: SupplementReceived(receipt=RECEIPT, content=sealed()),
    WithdrawalReceived: WithdrawalReceived(receipt=RECEIPT),
    CaseSupplemented: CaseSupplemented(
        receipt=RECEIPT, authority=GIESSEN, supplement=RECEIPT, requested=True, supplemented_at=RECEIVED_AT
    ),
    CaseWithdrawn: CaseWithdrawn(receipt=RECEIPT, authority=GIESSEN, withdrawn_at=RECEIVED_AT),
    SubmissionRefused: SubmissionRefused(submission_id=ROOT, reason="already-closed"),
    CaseDecided: CaseDecided(receipt=RECEIPT, authority=GIESSEN, outcome="granted", decided_at=RECEIVED_AT),
    FileUnreadable: FileUnreadable(receipt=RECEIPT, authority=GIESSEN, told_at=RECEIVED_AT),
    PeriodExtended: PeriodExtended(receipt=RECEIPT, authority=GIESSEN, months=1, extended_at=RECEIVED_AT),
    ExtensionIneffective: ExtensionIneffective(
        receipt=RECEIPT, authority=GIESSEN, months=1, reason="too-late", extended_at=RECEIVED_AT
    ),
    DeemedApprovalCertified: DeemedApprovalCertified(
        receipt=RECEIPT, authority=GIESSEN, certified_at=RECEIVED_AT
    ),
    CaseDeemedApproved: CaseDeemedApproved(
        receipt=RECEIPT,
        authority=GIESSEN,
        deemed="approval",
        profile="three-months-deemed-approval",
        period_ended_on=date(2026, 4, 15),
        fiction_from=date(2026, 4, 16),
        answers_read_to=RECEIVED_AT,
    ),
    SilenceDoubted: SilenceDoubted(
        receipt=RECEIPT, authority=GIESSEN, period_ended_on=date(2026, 4, 15), reason="unconfirmed"
    ),
    AnswerRefused: AnswerRefused(authority=GIESSEN, answer_id=ROOT, reason="already-decided"),
    OrderRefused: OrderRefused(order_id=ROOT, reason="not-parked"),
    RetryOrdered: RetryOrdered(assignment=ASSIGNMENT),
    RedeliverOrdered: RedeliverOrdered(assignment=ASSIGNMENT),
    EraseOrdered: EraseOrdered(basis="Art. 17 Abs. 1 DSGVO"),
    AssignOrdered: AssignOrdered(authority=GIESSEN, assignment=ASSIGNMENT),
    StepOverdue: StepOverdue(receipt=RECEIPT, step="forwarding", due_on=date(2026, 1, 13)),
    PeriodEnding: PeriodEnding(
        receipt=RECEIPT,
        authority=GIESSEN,
        days_left=7,
        last_safe_dispatch=date(2026, 4, 11),
        earliest_reading=date(2026, 4, 8),
        period_ends=date(2026, 4, 15),
    ),
    PeriodEnded: PeriodEnded(
        receipt=RECEIPT,
        authority=GIESSEN,
        profile="three-months-inaction",
        period_ended_on=date(2026, 4, 15),
    ),
    NotificationSettled: NotificationSettled(
        message_id=ROOT,
        kind="receipt",
        revision=1,
        channel="email",
        outcome="sent",
        attempts=1,
        settled_at=RECEIVED_AT,
    ),
}


def a_line(code: str, *, at: datetime = RECEIVED_AT, detail: str | None = None) -> HistoryLine:
    return HistoryLine(
        event_id=uuid5(ROOT, code), case_id=ROOT, submission_id=ROOT, at=at, code=code, detail=detail
    )


def test_every_event_that_intake_reads_has_a_line_in_both_languages() -> None:
    payloads = {payload for topic in consumed_by("intake") for payload in topic.payloads}
    payloads -= {*OPERATIONS}  # the engine carries these out
    assert payloads == set(TOLD)
    for payload in TOLD.values():
        told = line(event(payload))
        assert said(told, language="de") != said(told, language="en")


def test_every_code_that_an_event_can_carry_has_its_wording() -> None:
    settled = {f"message-{outcome}" for outcome in get_args(Settlement)}
    assert settled < CODES.keys()
    assert {
        *Reason,
        *get_args(RefusalReason),
        *get_args(OrderRefusalReason),
        *get_args(RouterReason),
        *get_args(OverdueStep),
        *get_args(ExtensionFault),
        *get_args(ReturnReason),
        *get_args(SilenceDoubt),
        *get_args(SubmissionRefusal),
    } == DETAILS.keys()


def test_a_line_names_the_authority() -> None:
    told = line(event(TOLD[CaseAccepted]))
    assert (told.code, told.authority) == ("accepted", GIESSEN)


def test_what_a_clerk_wrote_is_not_in_the_history() -> None:
    assert ASSIGNMENT.reason not in repr(line(event(TOLD[AssignOrdered])))


def test_the_line_about_parking_has_its_reason() -> None:
    told = line(event(TOLD[SubmissionParked]))
    assert said(told, language="de").endswith("(der Ort ist nicht bekannt)")


def test_a_reason_that_is_newer_than_our_wording_is_left_to_its_code() -> None:
    assert said(a_line("parked", detail="brand-new"), language="en") == CODES["parked"][1]


def test_a_line_of_a_message_says_which_one_it_was() -> None:
    told = a_line("message-sent", detail="receipt")
    assert said(told, language="de") == "Antragsteller benachrichtigt (Automatische Empfangsbestätigung)"
    assert said(a_line("message-sent", detail="withdrawn"), language="en") == CODES["message-sent"][1]


def test_the_receipt_is_found_in_every_event_that_repeats_it() -> None:
    with_receipt = {kind for kind, payload in TOLD.items() if receipt_of(event(payload)) == RECEIPT}
    assert with_receipt == {kind for kind in TOLD if "receipt" in kind.model_fields}


def test_an_event_of_a_foreign_topic_is_an_error_in_our_wiring() -> None:
    foreign = CheckpointPublished(origin="o", size=0, root="r", note="n", published_at=datetime.now(UTC))
    with pytest.raises(KeyError):
        line(event(foreign))


@given(st.permutations(["received", "routed", "accepted", "granted", "message-sent"]))
def test_the_status_is_the_furthest_stage_in_any_order_of_reading(order: list[str]) -> None:
    assert status(map(a_line, order)).code == "granted"


def test_a_case_that_was_parked_and_then_routed_is_routed() -> None:
    codes = ["received", "parked", "retry-ordered", "routed", "message-sent"]
    assert status(map(a_line, codes)) == a_line("routed")


@given(st.lists(st.sampled_from(sorted(CODES))))
def test_what_changes_nothing_never_is_the_status(codes: list[str]) -> None:
    lines = [a_line(code) for code in codes]
    current = status([a_line("received"), *lines])
    assert not current.code.startswith(("message-", "answer-", "order-", "retry-", "assign-"))


def test_a_history_begins_with_the_receipt_even_before_its_event_was_read() -> None:
    lines = complete(
        [a_line("routed")], submission_id=SUBMISSION_ID, case_id=CASE_ID, received_at=RECEIVED_AT
    )
    assert [each.code for each in lines] == ["received", "routed"]
    assert lines[0].at == RECEIPT.received_at


@pytest.mark.parametrize(("handed_on", "placed"), [("forwarded", "routed"), ("returned", "parked")])
def test_who_has_the_case_next_is_told_after_who_handed_it_on(handed_on: str, placed: str) -> None:
    later = RECEIVED_AT + timedelta(hours=2)
    as_read = [a_line("received"), a_line("routed"), a_line(placed, at=later), a_line(handed_on, at=later)]

    lines = complete(as_read, submission_id=SUBMISSION_ID, case_id=CASE_ID, received_at=RECEIVED_AT)

    assert [each.code for each in lines] == ["received", "routed", handed_on, placed]


def test_the_receipt_has_one_line() -> None:
    lines = [a_line("received"), a_line("routed")]
    assert complete(lines, submission_id=SUBMISSION_ID, case_id=CASE_ID, received_at=RECEIVED_AT) == lines


def test_an_authority_that_hands_a_case_on_ends_what_it_said_before() -> None:
    lines = [
        a_line("received"),
        a_line("routed"),
        a_line("accepted", at=RECEIVED_AT + timedelta(hours=1)),
        a_line("returned", at=RECEIVED_AT + timedelta(hours=2)),
        a_line("parked", at=RECEIVED_AT + timedelta(hours=2)),
    ]
    assert status(lines).code == "parked"
    assert status(lines[:-1]).code == "returned"
