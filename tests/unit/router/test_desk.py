from dataclasses import replace
from datetime import date
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases import custody as custodies
from services.router.domain.cases import desk, orders
from services.router.domain.cases.desk import Ineffective, OrderRequest, Person, Placed, StillParked, Waiting
from services.router.domain.cases.orders import Order
from services.router.domain.decision.explain_words import WHY
from shared.events.case import AssignOrdered, RetryOrdered, SilenceDoubt
from shared.events.competence import Reason, Why
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.submission import RouterReason
from tests.support.events import CASE_ID, GIESSEN, PARKED, RECEIPT, RECEIVED_AT, ROUTED, SUBMISSION_ID
from tests.support.routing import hessen

PERSON = Person(role="Klärungsstelle", principal="klaerung-7", source="urn:amtsweg:tests")
RETRY = OrderRequest(person=PERSON, reason="Standort geklärt", key="k-1")
ASSIGN = replace(RETRY, authority=GIESSEN)
TODAY = date(2026, 1, 12)


def waiting(**changes: object) -> Waiting:
    held = CaseHeld(
        submission_id=SUBMISSION_ID,
        receipt=RECEIPT,
        standing="parked",
        since=RECEIVED_AT,
        reason="ambiguous-place",
        decision=PARKED,
    )
    return Waiting(case=CASE_ID, held=held.model_copy(update=changes))


def test_every_reason_of_parking_has_its_words() -> None:
    doubts = {f"silence-{doubt}" for doubt in get_args(SilenceDoubt)}
    assert {*Reason, *get_args(RouterReason), "unconfirmed"} | doubts == desk.REASONS_DE.keys()


def test_every_cause_for_which_a_candidate_is_not_named_has_its_words() -> None:
    assert WHY.keys() == set(Why)
    assert not [words for german, english in WHY.values() for words in (german, english) if not words]


def ordered_id(wish: OrderRequest, *, case: UUID = CASE_ID) -> UUID:
    return desk.order(wish, replace(waiting(), case=case), now=RECEIVED_AT).id


def test_a_wish_becomes_an_order_about_its_case() -> None:
    assign = desk.order(ASSIGN, waiting(), now=RECEIVED_AT)
    retry = desk.order(RETRY, waiting(), now=RECEIVED_AT)

    assert isinstance(assign.data, AssignOrdered)
    assert isinstance(retry.data, RetryOrdered)
    assert (assign.case_id, assign.submission_id, assign.source) == (CASE_ID, SUBMISSION_ID, PERSON.source)
    assert assign.data.assignment == retry.data.assignment


def test_the_same_wish_is_the_same_order_and_any_other_is_another() -> None:
    others = [
        ordered_id(RETRY),
        ordered_id(replace(ASSIGN, key="k-2")),
        ordered_id(replace(ASSIGN, reason="anders")),
        ordered_id(replace(ASSIGN, authority="g-06531018")),
        ordered_id(replace(ASSIGN, person=replace(PERSON, principal="klaerung-8"))),
        ordered_id(ASSIGN, case=uuid4()),
    ]

    assert ordered_id(replace(ASSIGN, traceparent="00-x")) == ordered_id(ASSIGN)
    assert len({ordered_id(ASSIGN), *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("held", "candidates"),
    [
        pytest.param(waiting(), (GIESSEN, "g-06531018"), id="those of the decision"),
        pytest.param(waiting(decision=ROUTED), (GIESSEN,), id="the one that could not be reached"),
        pytest.param(waiting(decision=None), (), id="none where nothing could be decided"),
    ],
)
def test_authorities_come_into_question(held: Waiting, candidates: tuple[str, ...]) -> None:
    assert held.candidates == candidates


@pytest.mark.parametrize(
    ("wish", "held", "obstacle"),
    [
        pytest.param(ASSIGN, waiting(), None, id="nothing"),
        pytest.param(RETRY, waiting(), None, id="nothing against asking again"),
        pytest.param(ASSIGN, waiting(standing="accepted"), "already-routed", id="a case that has left"),
        pytest.param(replace(ASSIGN, authority="g-1"), waiting(), "unknown-authority", id="a stranger"),
        pytest.param(replace(ASSIGN, authority="rp-065"), waiting(), "not-a-candidate", id="a slip"),
        pytest.param(
            replace(ASSIGN, authority="rp-065", outside_candidates=True), waiting(), None, id="no slip"
        ),
        pytest.param(
            replace(ASSIGN, authority="rp-065"), waiting(decision=None), None, id="nothing without candidates"
        ),
    ],
)
def test_something_speaks_against_an_order(wish: OrderRequest, held: Waiting, obstacle: str | None) -> None:
    assert desk.objection(wish, held, directory=hessen(), now=RECEIVED_AT, today=TODAY) == obstacle


ASSIGNED, RETRIED = (desk.order(wish, waiting(), now=RECEIVED_AT) for wish in (ASSIGN, RETRY))
PLACED = waiting(standing="routed", authority=GIESSEN, placed_by=ASSIGNED.id, applied=(ASSIGNED.id,))
ASKED_AGAIN = waiting(applied=(RETRIED.id,))
NOT_CONNECTED = waiting(applied=(ASSIGNED.id,))
FAILED = waiting(reason="order-failed", applied=(ASSIGNED.id,))
OVERTAKEN = waiting(standing="routed", authority="rp-065", placed_by=uuid4(), applied=(ASSIGNED.id,))


def test_nothing_has_become_of_an_order_that_the_router_does_not_know_yet() -> None:
    assert desk.effect(ASSIGNED, waiting()) is None
    assert desk.effect_in({}, ASSIGNED) is None


def test_an_order_has_its_effect_or_says_why_not() -> None:
    assert desk.effect(ASSIGNED, PLACED) == Placed(waiting=PLACED, authority=GIESSEN)
    assert desk.effect(RETRIED, ASKED_AGAIN) == StillParked(waiting=ASKED_AGAIN)
    assert desk.effect(ASSIGNED, NOT_CONNECTED) == Ineffective(
        obstacle="not-connected", waiting=NOT_CONNECTED
    )
    assert desk.effect(ASSIGNED, FAILED) == Ineffective(obstacle="failed", waiting=FAILED)
    assert desk.effect(ASSIGNED, OVERTAKEN) == Ineffective(obstacle="already-routed", waiting=OVERTAKEN)


def test_the_outcome_of_an_order_is_still_known_long_after_it() -> None:
    decided = waiting(standing="decided", authority=GIESSEN, placed_by=ASSIGNED.id)

    assert desk.effect_in({CASE_ID: decided.held}, ASSIGNED) == Placed(waiting=decided, authority=GIESSEN)


GIVEN = [
    desk.order(replace(wish, person=replace(PERSON, principal=f"klaerung-{n}")), waiting(), now=RECEIVED_AT)
    for wish in (ASSIGN, replace(ASSIGN, authority="g-06531018"), RETRY)
    for n in (7, 8)
]


def acted_on(held: CaseHeld, given: Event[Order]) -> CaseHeld:
    """What the router makes of an order; asked again, the directory still names nobody."""
    if not custodies.is_new(held, given):
        return held
    if (reason := orders.refusal(held, given.data, now=RECEIVED_AT)) is not None:
        step = custodies.refuse_order(held, given, reason, now=RECEIVED_AT)
    elif isinstance(given.data, AssignOrdered):
        verdict = custodies.Routed(authority=given.data.authority, decision=PARKED)
        step = custodies.place(held, given, verdict, now=RECEIVED_AT)
    else:
        parked = custodies.Parked(reason="ambiguous-place", decision=PARKED)
        step = custodies.place(held, given, parked, now=RECEIVED_AT)
    assert step.custody is not None
    return step.custody


@given(st.lists(st.sampled_from(GIVEN), min_size=1, max_size=12))
def test_in_any_order_and_repeated_the_first_assignment_wins_and_everybody_else_is_told(
    orders: list[Event[Order]],
) -> None:
    held = waiting().held
    for each in orders:
        held = acted_on(held, each)

    told = {each.id: desk.effect(each, Waiting(case=CASE_ID, held=held)) for each in orders}
    winner = next((each for each in orders if isinstance(each.data, AssignOrdered)), None)
    if winner is None:
        assert {type(outcome) for outcome in told.values()} == {StillParked}
    else:
        assert isinstance(told.pop(winner.id), Placed)
        assert {getattr(outcome, "obstacle", None) for outcome in told.values()} <= {"already-routed"}
