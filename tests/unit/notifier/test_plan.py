from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.case import Case
from services.notifier.domain.message import ApplicantMessage, told
from services.notifier.domain.plan import plan
from shared.events.case import (
    AnswerRefused,
    CaseAccepted,
    CaseDecided,
    CaseDeemedApproved,
    DeemedApprovalCertified,
    FileUnreadable,
    InformationRequested,
    PeriodExtended,
)
from shared.events.envelope import Event
from shared.events.ids import child_id, message_id
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import CaseSupplemented, CaseWithdrawn
from tests.support.events import (
    CASE_ID,
    GIESSEN,
    PARKED,
    RECEIPT,
    RECEIVED_AT,
    ROUTED,
    SUBMISSION_ID,
    event,
    sealed,
)
from tests.support.law import hessian_law
from tests.support.mails import ITINERANT_TRADE, NAMES, WRITER

_WETZLAR = "g-06532023"
LAW = hessian_law()
DEEMED = RECEIPT.model_copy(update={"service": ITINERANT_TRADE})
"""A receipt of a procedure with a period, a decision, and an approval that may be deemed; `RECEIPT` is a notice's."""

RECEIVED = event(SubmissionReceived(receipt=RECEIPT, content=sealed(), contact=sealed(purpose="contact")))
PARKED_FIRST = event(SubmissionParked(receipt=RECEIPT, reason="ambiguous-place", decision=PARKED), minutes=1)
PARKED_STILL = event(
    SubmissionParked(receipt=RECEIPT, reason="ambiguous-place", decision=PARKED),
    event_id=child_id(SUBMISSION_ID, "parked-2"),
    minutes=2,
)
ROUTED_AT_LAST = event(SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED), minutes=3)
ACCEPTED = event(
    CaseAccepted(receipt=RECEIPT, authority=GIESSEN, accepted_at=RECEIVED_AT + timedelta(minutes=4)),
    minutes=4,
)
ASKED = event(
    InformationRequested(
        receipt=RECEIPT, authority=GIESSEN, items=2, requested_at=RECEIVED_AT + timedelta(minutes=4)
    ),
    minutes=4,
)
DECIDED = event(
    CaseDecided(
        receipt=RECEIPT, authority=GIESSEN, outcome="granted", decided_at=RECEIVED_AT + timedelta(minutes=5)
    ),
    minutes=5,
)

DEEMED_APPROVED = CaseDeemedApproved(
    receipt=DEEMED,
    authority=GIESSEN,
    deemed="approval",
    profile="three-months-deemed-approval",
    period_ended_on=date(2026, 4, 15),
    fiction_from=date(2026, 4, 16),
    answers_read_to=RECEIVED_AT,
)


def supplemented(*, authority: str | None = GIESSEN, days: int = 57, number: int = 1) -> Event[Payload]:
    """What was asked for arrives so many days after the receipt: after 57, on Tuesday, 10 March 2026."""
    at = RECEIVED_AT + timedelta(days=days)
    told = CaseSupplemented(
        receipt=DEEMED, authority=authority, supplement=DEEMED, requested=True, supplemented_at=at
    )
    own = event(told, event_id=child_id(SUBMISSION_ID, f"supplemented-{number}"))
    return replace(own, time=at)


TOPICS: tuple[tuple[Event[Payload], ...], ...] = (
    (RECEIVED,),
    (PARKED_FIRST, PARKED_STILL, ROUTED_AT_LAST),
    (ACCEPTED, ASKED, supplemented(), supplemented(days=58, number=2), DECIDED),
)
"""A case's events by topic: the order within a topic is Kafka's, between topics there is none."""


def planned(
    events: Sequence[Event[Payload]], case: Case | None = None
) -> tuple[list[ApplicantMessage], Case]:
    case = case or Case(CASE_ID)
    messages: list[ApplicantMessage] = []
    for happened in events:
        sent = plan(happened, case, LAW)
        messages += sent
        case = case.after(happened, *map(told, sent))
    return messages, case


@st.composite
def readings(draw: st.DrawFn) -> list[Event[Payload]]:
    """One way of reading all topics: merged anyhow, each record any number of times once it was reached."""
    positions = [0] * len(TOPICS)
    read: list[Event[Payload]] = []
    while open_topics := [t for t, position in enumerate(positions) if position < len(TOPICS[t])]:
        topic = draw(st.sampled_from(open_topics))
        read.append(TOPICS[topic][positions[topic]])
        positions[topic] += 1
        read.extend(draw(st.lists(st.sampled_from(read), max_size=3)))
    return read


@given(readings())
def test_events_in_any_order_and_repeated_plan_the_same_messages(
    reading: list[Event[Payload]],
) -> None:
    in_order, _ = planned([happened for topic in TOPICS for happened in topic])
    messages, _ = planned(reading)
    assert {m.id: m for m in messages} == {m.id: m for m in in_order}
    assert len(messages) == len(in_order)


@given(readings())
def test_handling_events_twice_is_handling_them_once(reading: list[Event[Payload]]) -> None:
    _, case = planned(reading)
    assert planned(reading, case) == ([], case)


@pytest.mark.parametrize(
    ("happened", "kinds"),
    [
        (RECEIVED, ["receipt"]),
        (PARKED_FIRST, ["clearing"]),
        (ROUTED_AT_LAST, ["forwarded"]),
        (ACCEPTED, ["status"]),
        (ASKED, ["incomplete"]),
        (DECIDED, ["trade-certificate", "completion"]),
    ],
)
def test_each_piece_of_news_has_its_messages(happened: Event[Payload], kinds: list[str]) -> None:
    assert [message.kind for message in plan(happened, Case(CASE_ID), LAW)] == kinds


def test_where_a_decision_is_to_come_the_authority_confirms_and_a_decision_is_announced() -> None:
    accepted = event(CaseAccepted(receipt=DEEMED, authority=GIESSEN, accepted_at=RECEIVED_AT))
    decided = event(CaseDecided(receipt=DEEMED, authority=GIESSEN, outcome="refused", decided_at=RECEIVED_AT))
    messages, _ = planned([accepted, decided])
    assert [message.kind for message in messages] == ["acknowledgement", "decision", "completion"]


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        (FileUnreadable(receipt=DEEMED, authority=GIESSEN, told_at=RECEIVED_AT), ["unreadable"]),
        (PeriodExtended(receipt=DEEMED, authority=GIESSEN, months=1, extended_at=RECEIVED_AT), ["extension"]),
        (PeriodExtended(receipt=RECEIPT, authority=GIESSEN, months=1, extended_at=RECEIVED_AT), []),
        (DEEMED_APPROVED, ["deemed-approval"]),
        (
            DeemedApprovalCertified(receipt=DEEMED, authority=GIESSEN, certified_at=RECEIVED_AT),
            ["certificate"],
        ),
    ],
)
def test_each_turn_of_a_period_has_its_message_and_it_can_be_written(told: Payload, kinds: list[str]) -> None:
    messages = plan(event(told), Case(CASE_ID), LAW)
    assert [message.kind for message in messages] == kinds
    assert all(WRITER.write(message, NAMES).text for message in messages)


def test_an_extension_names_the_new_end() -> None:
    told = PeriodExtended(receipt=DEEMED, authority=GIESSEN, months=1, extended_at=RECEIVED_AT)
    (message,) = plan(event(told), Case(CASE_ID), LAW)
    assert "Neues Ende der Frist: 15. Mai 2026" in WRITER.write(message, NAMES).text


def test_an_extension_of_a_period_that_began_with_supplements_counts_from_its_end() -> None:
    """15 June 2026 is the end; one month later is Wednesday, 15 July."""
    asked = event(
        InformationRequested(receipt=DEEMED, authority=GIESSEN, items=2, requested_at=RECEIVED_AT), minutes=4
    )
    told = PeriodExtended(receipt=DEEMED, authority=GIESSEN, months=1, extended_at=RECEIVED_AT)
    longer = replace(event(told), time=RECEIVED_AT + timedelta(days=60))
    messages, _ = planned([asked, supplemented(), longer])
    assert messages[-1].kind == "extension"
    assert "Neues Ende der Frist: 15. Juli 2026" in WRITER.write(messages[-1], NAMES).text


def test_each_supplement_gets_one_message_with_its_day_of_arrival() -> None:
    first, second = supplemented(), supplemented(days=58, number=2)
    messages, _ = planned([first, first, second, first])
    assert [(message.kind, message.revision) for message in messages] == [
        ("supplement", 1),
        ("supplement", 2),
    ]
    text = WRITER.write(messages[0], NAMES).text
    assert "Nachgereicht am: 10. März 2026" in text
    assert "Zuständige Behörde: Magistrat der Universitätsstadt Gießen" in text


def test_a_supplement_to_a_case_without_a_holder_gets_a_message_too() -> None:
    (message,), _ = planned([supplemented(authority=None)])
    assert "Nachgereicht am: 10. März 2026" in WRITER.write(message, replace(NAMES, authority=None)).text


def test_a_request_for_documents_before_the_confirmation_confirms_once() -> None:
    """§ 71b Abs. 3 VwVfG asks for the confirmation of every application, the incomplete ones included."""
    asked = event(
        InformationRequested(receipt=DEEMED, authority=GIESSEN, items=2, requested_at=RECEIVED_AT), minutes=4
    )
    again = replace(asked, id=child_id(SUBMISSION_ID, "asked-again"))
    messages, _ = planned([asked, again])
    assert [message.kind for message in messages] == ["acknowledgement", "incomplete", "incomplete"]
    assert "sobald alle Unterlagen vorliegen" in WRITER.write(messages[0], NAMES).text


def test_after_a_case_was_handed_on_the_next_authority_confirms_in_its_own_name_and_each_only_once() -> None:
    said = [
        event(CaseAccepted(receipt=DEEMED, authority=authority, accepted_at=RECEIVED_AT), minutes=minutes)
        for minutes, authority in enumerate((GIESSEN, _WETZLAR, GIESSEN))
    ]
    messages, _ = planned([replace(each, id=child_id(SUBMISSION_ID, str(n))) for n, each in enumerate(said)])
    assert [(message.kind, message.authority, message.revision) for message in messages] == [
        ("acknowledgement", GIESSEN, 1),
        ("acknowledgement", _WETZLAR, 2),
        ("status", GIESSEN, 1),
    ]


def test_a_case_that_is_withdrawn_is_closed() -> None:
    withdrawn = event(CaseWithdrawn(receipt=RECEIPT, authority=GIESSEN, withdrawn_at=RECEIVED_AT), minutes=9)
    messages, case = planned([RECEIVED, withdrawn])
    assert [message.kind for message in messages] == ["receipt"]
    assert case.closed_at == withdrawn.time


def test_a_service_of_unknown_law_gets_messages_without_a_period() -> None:
    unknown = RECEIPT.model_copy(update={"service": "99999999999999"})
    accepted = event(CaseAccepted(receipt=unknown, authority=GIESSEN, accepted_at=RECEIVED_AT))
    decided = event(
        CaseDecided(receipt=unknown, authority=GIESSEN, outcome="granted", decided_at=RECEIVED_AT)
    )
    messages, _ = planned([accepted, decided])
    assert [message.kind for message in messages] == ["status", "decision", "completion"]


def test_a_message_repeats_the_facts_of_receipt_and_has_a_derived_id() -> None:
    (message,), _ = planned([ROUTED_AT_LAST])
    assert message.id == message_id(CASE_ID, "forwarded", 1, "applicant", "email")
    assert (message.receipt_number, message.received_at) == (RECEIPT.receipt_number, RECEIPT.received_at)
    assert (message.service, message.language, message.authority) == (RECEIPT.service, "de", GIESSEN)


def test_parked_a_second_time_is_no_news() -> None:
    _, case = planned([PARKED_FIRST])
    assert plan(PARKED_STILL, case, LAW) == ()


def test_parked_again_after_it_was_routed_is_news_of_its_own_revision() -> None:
    messages, _ = planned([PARKED_FIRST, ROUTED_AT_LAST, PARKED_STILL])
    assert [(m.kind, m.revision) for m in messages] == [("clearing", 1), ("forwarded", 1), ("clearing", 2)]


def test_routed_to_another_authority_is_news() -> None:
    elsewhere = event(
        SubmissionRouted(receipt=RECEIPT, authority=_WETZLAR, decision=ROUTED),
        event_id=child_id(SUBMISSION_ID, "routed-2"),
    )
    messages, _ = planned([ROUTED_AT_LAST, elsewhere])
    assert [(m.revision, m.authority) for m in messages] == [(1, GIESSEN), (2, _WETZLAR)]


def test_a_refused_answer_is_between_authority_and_platform() -> None:
    refused = event(AnswerRefused(authority=GIESSEN, answer_id=UUID(int=1), reason="not-in-custody"))
    assert plan(refused, Case(CASE_ID), LAW) == ()


def test_a_contact_is_known_once_the_receipt_was_read_in_any_order() -> None:
    for reading in permutations((RECEIVED, ROUTED_AT_LAST, DECIDED)):
        _, case = planned(reading)
        assert (case.contact, case.closed_at) == (RECEIVED.data.contact, DECIDED.time)


def test_a_receipt_without_contact_says_that_there_is_none() -> None:
    _, case = planned([event(SubmissionReceived(receipt=RECEIPT, content=sealed()))])
    assert case.contact == "none"


def test_an_erased_contact_does_not_come_back() -> None:
    erased = Case(CASE_ID, contact="erased")
    assert erased.after(RECEIVED).contact == "erased"
    assert erased.recalling(sealed(purpose="contact")).contact == "erased"


def test_what_the_router_holds_fills_a_gap() -> None:
    contact = sealed(purpose="contact")
    assert Case(CASE_ID).recalling(contact).contact == contact
    assert Case(CASE_ID).recalling(None).contact == "none"
