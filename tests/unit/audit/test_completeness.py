"""What must follow from what in a case, and what is missing when it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.completeness import RULED, RULES, SAYS, CaseEvent, Follows, unmet
from services.audit.domain.pending_entry import Position, effects_of, fact_of_record
from shared.events.envelope import Event, encode
from shared.events.ids import child_id
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    OperationSettled,
    RecordPlace,
    ReplayOrdered,
)
from shared.events.payload import Payload
from shared.events.topics import OPERATION_ORDERED, OPERATION_SETTLED
from tests.support.audit import SECRECY

BEGAN = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
RECEIVED, ANSWER, ORDER, SUBJECT = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
PLACE = RecordPlace(topic="submission.received.v1", partition=0, offset=1)
ORDERS: tuple[Payload, ...] = (
    ReplayOrdered(group="router", record=PLACE, principal="betrieb-1"),
    CloseOrdered(group="router", record=PLACE, reason="test", principal="betrieb-1"),
    CloseCaseOrdered(group="router", case=SUBJECT, reason="test", principal="betrieb-1"),
    GoOnOrdered(group="router", principal="betrieb-1"),
)


def happened(kind: str, id: UUID, *, minutes: int = 0, index: int | None = None) -> CaseEvent:  # noqa: A002 - the word of the envelope
    time, type_ = BEGAN + timedelta(minutes=minutes), f"de.amtsweg.{kind}.v1"
    effects = frozenset(effects_of(id, type_, SECRECY))
    return CaseEvent(minutes if index is None else index, SECRECY.event(id), type_, time, effects)


WHOLE = (
    happened("SubmissionReceived", RECEIVED),
    happened("SubmissionRouted", child_id(RECEIVED, "routed"), minutes=1),
    happened("NotificationSettled", UUID(int=9), minutes=2),
    happened("CaseAnswered", ANSWER, minutes=3),
    happened("CaseAccepted", child_id(ANSWER, "accepted"), minutes=4),
)


def broken(*history: CaseEvent) -> dict[str, int]:
    return {each.rule: each.index for each in unmet(history)}


def without(kind: str) -> list[CaseEvent]:
    return [each for each in WHOLE if kind not in each.type]


def test_a_whole_case_owes_nothing() -> None:
    assert unmet(WHOLE) == []


def test_what_is_received_must_be_routed_or_parked() -> None:
    assert broken(WHOLE[0], WHOLE[2]) == {"routing": 0}
    parked = happened("SubmissionParked", child_id(RECEIVED, "parked"), minutes=1)
    assert broken(WHOLE[0], WHOLE[2], parked) == {}


def test_what_is_routed_must_be_confirmed_within_a_week() -> None:
    (owed,) = unmet(WHOLE[:3])
    assert (owed.rule, owed.index, owed.due - owed.since) == ("confirmation", 1, timedelta(days=7))


def test_an_answer_must_have_an_effect() -> None:
    assert broken(*WHOLE[:4]) == {"confirmation": 1, "answer": 3}


def test_a_refused_answer_is_an_effect() -> None:
    refused = happened("AnswerRefused", child_id(ANSWER, "answer-refused"), minutes=4)
    assert broken(*WHOLE[:4], refused) == {"confirmation": 1}


def test_an_effect_whose_cause_never_reached_the_log_is_found() -> None:
    assert broken(*without("CaseAnswered")) == {"answer-cause": 4}
    assert broken(*without("SubmissionReceived")) == {"routing-cause": 1, "receipt": 2}


def test_an_effect_of_another_cause_explains_nothing() -> None:
    other = happened("SubmissionRouted", child_id(UUID(int=77), "routed"), minutes=1)
    assert broken(WHOLE[0], other, *WHOLE[2:]) == {"routing": 0, "routing-cause": 1}


def test_where_it_is_not_known_what_would_follow_nothing_is_said_to_be_missing() -> None:
    untold = [replace(each, effects=None) for each in WHOLE]
    assert unmet(untold) == []
    assert broken(untold[0], *WHOLE[2:3]) == {}


def test_an_order_must_be_followed_or_refused() -> None:
    order = happened("RetryOrdered", ORDER, minutes=5)
    assert broken(*WHOLE, order) == {"routing": 5}
    assert broken(*WHOLE, order, happened("OrderRefused", child_id(ORDER, "order-refused"), minutes=6)) == {}


FOLLOWED = [
    (rule.name, cause, effect)
    for rule in RULES
    if isinstance(rule, Follows)
    for cause in sorted(rule.causes)
    for effect in sorted(rule.effects.items())
]
"""Each rule by which one event must follow from another, with each of its causes and effects."""


@pytest.mark.parametrize(("rule", "cause", "effect"), FOLLOWED)
def test_a_cause_asks_for_its_effect_and_an_effect_for_its_cause(
    rule: str, cause: str, effect: tuple[str, str]
) -> None:
    what, name = effect
    asked = happened(_kind(cause), ORDER, minutes=1)
    followed = happened(_kind(what), child_id(ORDER, name), minutes=2)
    by_another = happened(_kind(what), child_id(ANSWER, name), minutes=2)
    assert said_of(rule, asked) == {rule: 1}
    assert said_of(rule, asked, followed) == {}
    assert said_of(rule, followed) == {f"{rule}-cause": 2}
    assert said_of(rule, asked, by_another) == {rule: 1, f"{rule}-cause": 2}
    # A cause that is erased has lost its payload, not its place nor what it said would follow.
    assert said_of(rule, replace(asked, effects=None), followed) == {}


def said_of(rule: str, *history: CaseEvent) -> dict[str, int]:
    return {name: index for name, index in broken(*history).items() if name.startswith(rule)}


def _kind(event: str) -> str:
    return event.removeprefix("de.amtsweg.").removesuffix(".v1")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_what_became_of_an_order_to_a_service_stands_in_the_log(order: Payload) -> None:
    ordered = operator_event(order)
    settled = replace(
        ordered,
        id=child_id(ordered.id, "settled"),
        data=OperationSettled(group="router", order_id=ordered.id, outcome="going-on"),
    )
    cause, effect = as_logged(ordered, index=1), as_logged(settled, index=2)
    assert broken(cause) == {"operation": 1}
    assert broken(effect) == {"operation-cause": 2}
    assert broken(cause, effect) == {}


def operator_event(order: Payload) -> Event[Payload]:
    return Event(
        id=ORDER, source="urn:amtsweg:test", time=BEGAN, case_id=SUBJECT, submission_id=SUBJECT, data=order
    )


def as_logged(event: Event[Payload], *, index: int) -> CaseEvent:
    """What the log keeps of a record of the bus."""
    message = encode(event, "operation.ordered.v1")
    payloads = (*OPERATION_ORDERED.payloads, *OPERATION_SETTLED.payloads)
    fact = fact_of_record(
        message.value, message.headers, position=Position("t", 0, index), payloads=payloads, secrecy=SECRECY
    )
    return CaseEvent(index, SECRECY.event(fact.id), fact.type, event.time, frozenset(fact.effects))


def test_a_case_routed_anew_must_be_confirmed_anew() -> None:
    order = happened("AssignOrdered", ORDER, minutes=5)
    again = happened("SubmissionRouted", child_id(ORDER, "routed"), minutes=6)
    assert broken(*WHOLE, order, again) == {"confirmation": 6}


def test_nobody_confirms_what_was_not_routed() -> None:
    assert broken(*without("SubmissionRouted")) == {"routing": 0, "custody": 4}


def test_every_receipt_comes_with_a_message() -> None:
    assert broken(*without("NotificationSettled")) == {"notification": 0}


@given(st.permutations(WHOLE))
def test_the_order_in_which_topics_were_read_does_not_matter(history: list[CaseEvent]) -> None:
    assert unmet(history) == []


@given(st.sets(st.sampled_from(WHOLE)))
def test_no_part_of_a_case_is_found_whole(kept: set[CaseEvent]) -> None:
    history = [each for each in WHOLE if each in kept]
    assert bool(unmet(history)) == (0 < len(history) < len(WHOLE))


def test_every_rule_says_what_it_asks_and_reads_types_of_the_catalogue() -> None:
    assert {rule.name for rule in RULES} <= SAYS.keys()
    assert all(kind.startswith("de.amtsweg.") and kind.endswith(".v1") for kind in RULED)
