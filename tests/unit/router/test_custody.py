from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases import custody as c
from services.router.domain.cases import orders
from services.router.domain.cases.placed_again import REMEMBERED
from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    AssignOrdered,
    CaseAccepted,
    CaseAnswered,
    CaseDecided,
    OrderRefused,
    RetryOrdered,
)
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, carries
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from tests.support.events import (
    ASSIGNMENT,
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

NOW = RECEIVED_AT + timedelta(minutes=1)
LATER = NOW + timedelta(days=3)
MARBURG = "g-06534014"
TO_GIESSEN = c.Routed(authority=GIESSEN, decision=ROUTED)
TO_NOBODY = c.Parked(reason="ambiguous-place", decision=PARKED)
RECEIVED = event(SubmissionReceived(receipt=RECEIPT, content=sealed()))


def answered(authority: str, own_id: str, answer: AnswerGiven) -> Event[CaseAnswered]:
    data = CaseAnswered(authority=authority, own_id=own_id, answer=answer)
    return event(data, event_id=ids.answer_id(authority, own_id))


def accepting(authority: str = GIESSEN, own_id: str = "a-1") -> Event[CaseAnswered]:
    given = AnswerGiven(kind="accepted", content=sealed(purpose="answer"), given_at=RECEIVED_AT)
    return answered(authority, own_id, given)


def deciding(authority: str = GIESSEN, own_id: str = "d-1") -> Event[CaseAnswered]:
    return answered(authority, own_id, AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT))


def assigning(authority: str = MARBURG, number: int = 1) -> Event[AssignOrdered]:
    data = AssignOrdered(authority=authority, assignment=ASSIGNMENT)
    return event(data, event_id=uuid5(CASE_ID, f"assign-{authority}-{number}"))


def retrying(number: int = 1) -> Event[RetryOrdered]:
    return event(RetryOrdered(assignment=ASSIGNMENT), event_id=uuid5(CASE_ID, f"retry-{number}"))


def opened(placement: c.Placement = TO_GIESSEN) -> CaseHeld:
    return kept(c.receive(RECEIVED, placement, now=NOW))


def kept(step: c.CustodyChange) -> CaseHeld:
    assert step.custody is not None
    return step.custody


def test_a_routed_case_is_held_by_its_authority() -> None:
    step = c.receive(RECEIVED, TO_GIESSEN, now=NOW)

    assert step.custody == CaseHeld(
        submission_id=SUBMISSION_ID,
        receipt=RECEIPT,
        standing="routed",
        since=NOW,
        authority=GIESSEN,
        decision=ROUTED,
        delivery=ids.delivery_id(RECEIVED.id),
        delivered=(NOW,),
        applied=(RECEIVED.id,),
        applied_at=NOW,
    )
    assert step.event.data == SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED)


def test_an_event_that_follows_is_named_after_its_cause_and_keeps_its_trace() -> None:
    told = c.receive(RECEIVED, TO_GIESSEN, now=NOW).event

    assert told.id == ids.child_id(RECEIVED.id, "routed")
    assert (told.case_id, told.submission_id) == (CASE_ID, SUBMISSION_ID)
    assert (told.time, told.traceparent) == (NOW, RECEIVED.traceparent)


def test_a_parked_case_has_a_reason_and_no_holder() -> None:
    step = c.receive(RECEIVED, TO_NOBODY, now=NOW)

    custody = kept(step)
    assert (custody.standing, custody.authority, custody.reason) == ("parked", None, "ambiguous-place")
    assert step.event.data == SubmissionParked(receipt=RECEIPT, reason="ambiguous-place", decision=PARKED)


def test_a_submission_that_is_known_is_not_new_even_when_its_id_has_been_forgotten() -> None:
    forgotten = opened().model_copy(update={"applied": ()})

    assert c.is_new(None, RECEIVED)
    assert not c.is_new(forgotten, RECEIVED)


def test_an_authority_accepts_and_then_decides() -> None:
    accepted = c.answer(opened(), accepting(), now=LATER)
    decided = c.answer(accepted.custody, deciding(), now=LATER)

    assert accepted.event.data == CaseAccepted(receipt=RECEIPT, authority=GIESSEN, accepted_at=RECEIVED_AT)
    assert decided.event.data == CaseDecided(
        receipt=RECEIPT, authority=GIESSEN, outcome="granted", decided_at=RECEIVED_AT
    )
    assert (kept(decided).standing, kept(decided).since) == ("decided", LATER)
    assert c.is_closed(kept(decided))


def test_an_authority_may_decide_without_accepting_first() -> None:
    assert c.is_closed(kept(c.answer(opened(), deciding(), now=LATER)))


@pytest.mark.parametrize(
    ("custody", "answer", "reason"),
    [
        pytest.param(None, accepting(), "not-in-custody", id="of an unknown case"),
        pytest.param(opened(), accepting(MARBURG), "not-in-custody", id="from another authority"),
        pytest.param(opened(TO_NOBODY), accepting(), "not-in-custody", id="while nobody has it"),
        pytest.param(
            kept(c.answer(opened(), accepting(), now=NOW)),
            accepting(own_id="a-2"),
            "already-accepted",
            id="twice",
        ),
        pytest.param(
            kept(c.answer(opened(), deciding(), now=NOW)),
            deciding(own_id="d-2"),
            "already-decided",
            id="decided",
        ),
        pytest.param(
            kept(c.answer(opened(), deciding(), now=NOW)),
            accepting(),
            "already-decided",
            id="accepted too late",
        ),
        pytest.param(
            kept(c.answer(opened(), deciding(), now=NOW)),
            accepting(MARBURG),
            "not-in-custody",
            id="of others",
        ),
    ],
)
def test_an_answer_out_of_turn_is_refused(
    custody: CaseHeld | None, answer: Event[CaseAnswered], reason: str
) -> None:
    step = c.answer(custody, answer, now=LATER)

    assert isinstance(step.event.data, AnswerRefused)
    assert (step.event.data.reason, step.event.data.answer_id) == (reason, answer.id)
    assert standing_of(step.custody) == standing_of(custody)


def test_an_answer_does_not_change_what_the_submission_is_called() -> None:
    stranger = uuid5(CASE_ID, "stranger")
    answer = accepting()
    forged = Event(
        id=answer.id,
        source="x",
        time=NOW,
        case_id=CASE_ID,
        submission_id=stranger,
        data=answer.data,
    )

    assert c.answer(opened(), forged, now=NOW).event.submission_id == SUBMISSION_ID


def test_a_parked_case_is_assigned_with_its_original_receipt() -> None:
    order = assigning()
    placement = c.Routed(authority=MARBURG, decision=PARKED, assignment=ASSIGNMENT)

    step = c.place(opened(TO_NOBODY), order, placement, now=LATER)

    assert step.event.data == SubmissionRouted(
        receipt=RECEIPT, authority=MARBURG, decision=PARKED, assignment=ASSIGNMENT
    )
    custody = kept(step)
    assert (custody.standing, custody.authority, custody.reason, custody.since) == (
        "routed",
        MARBURG,
        None,
        LATER,
    )


def test_a_case_parked_again_has_been_waiting_since_the_first_time() -> None:
    again = c.place(opened(TO_NOBODY), retrying(), c.Parked(reason="internal-error"), now=LATER)

    assert (kept(again).since, kept(again).reason) == (NOW, "internal-error")


def test_only_a_parked_case_takes_orders() -> None:
    for order in (retrying().data, assigning().data):
        assert orders.refusal(None, order, now=LATER) == "unknown-case"
        assert orders.refusal(opened(), order, now=LATER) == "not-parked"
        assert orders.refusal(opened(TO_NOBODY), order, now=LATER) is None


def test_a_refused_order_is_reported_and_changes_nothing() -> None:
    order = retrying()

    step = c.refuse_order(opened(), order, "not-parked", now=LATER)

    assert step.event.data == OrderRefused(order_id=order.id, reason="not-parked")
    assert standing_of(step.custody) == standing_of(opened())


def test_a_refused_order_about_an_unknown_case_keeps_nothing() -> None:
    assert c.refuse_order(None, retrying(), "unknown-case", now=NOW).custody is None


def test_an_authority_that_repeats_itself_cannot_grow_a_custody_without_end() -> None:
    custody = opened()
    for number in range(3 * REMEMBERED):
        custody = kept(c.answer(custody, accepting(MARBURG, f"x-{number}"), now=NOW))

    assert len(custody.applied) == REMEMBERED


def test_the_memory_of_a_closed_case_goes_when_no_input_can_come_again() -> None:
    closed = kept(c.answer(opened(), deciding(), now=NOW))

    assert not c.is_expired(closed, now=NOW + c.KEPT_AFTER_CLOSE)
    assert c.is_expired(closed, now=NOW + c.KEPT_AFTER_CLOSE + timedelta(seconds=1))
    assert not c.is_expired(opened(), now=NOW + timedelta(days=3650))


def standing_of(custody: CaseHeld | None) -> object:
    return custody and custody.model_dump(exclude={"applied", "applied_at"})


@dataclass
class Router:
    """The smallest caller of the transitions: what the handler does, without the world around it."""

    custody: CaseHeld | None = None
    told: dict[UUID, Payload] = field(default_factory=dict)

    def take(self, cause: Event[Payload]) -> None:
        if not c.is_new(self.custody, cause):
            return
        step = self._step(cause)
        self.custody = step.custody
        assert step.event.id not in self.told or self.told[step.event.id] == step.event.data
        self.told[step.event.id] = step.event.data

    def _step(self, cause: Event[Payload]) -> c.CustodyChange:
        if carries(cause, SubmissionReceived):
            return c.receive(cause, TO_NOBODY, now=NOW)
        if carries(cause, CaseAnswered):
            return c.answer(self.custody, cause, now=NOW)
        if not (carries(cause, RetryOrdered) or carries(cause, AssignOrdered)):
            raise AssertionError(type(cause.data))
        refusal = orders.refusal(self.custody, cause.data, now=LATER)
        if self.custody is None or refusal is not None:
            return c.refuse_order(self.custody, cause, refusal or "unknown-case", now=NOW)
        if carries(cause, AssignOrdered):
            return c.place(
                self.custody, cause, c.Routed(authority=cause.data.authority, decision=PARKED), now=NOW
            )
        return c.place(self.custody, cause, TO_GIESSEN, now=NOW)


EVENTS: Sequence[Event[Payload]] = (
    RECEIVED,
    retrying(1),
    retrying(2),
    assigning(MARBURG),
    assigning(GIESSEN),
    *(accepting(authority, own_id) for authority in (GIESSEN, MARBURG) for own_id in ("a-1", "a-2")),
    *(deciding(authority, own_id) for authority in (GIESSEN, MARBURG) for own_id in ("d-1", "d-2")),
)


def after(events: Sequence[Event[Payload]]) -> Router:
    router = Router()
    for cause in events:
        router.take(cause)
    return router


@given(order=st.permutations(EVENTS[1:]), data=st.data())
def test_events_in_any_order_and_repeated_have_the_effect_of_one_delivery(
    order: list[Event[Payload]], data: st.DataObject
) -> None:
    once: list[Event[Payload]] = [RECEIVED, *order]
    often = list(once)
    for _ in range(data.draw(st.integers(1, 12))):
        first = data.draw(st.integers(0, len(often) - 1))
        often.insert(data.draw(st.integers(first + 1, len(often))), often[first])

    assert after(often) == after(once)


@given(order=st.permutations(EVENTS))
def test_at_most_one_authority_holds_a_case_and_only_it_decides(order: list[Event[Payload]]) -> None:
    router = after(order)

    told = list(router.told.values())
    routed = [t.authority for t in told if isinstance(t, SubmissionRouted)]
    decided = [t.authority for t in told if isinstance(t, CaseDecided)]
    assert len(routed) <= 1
    assert len(decided) <= 1
    assert set(decided) <= set(routed)


def test_custody_keeps_the_order_that_moved_a_case_from_the_desk_and_none_for_a_repeated_parking() -> None:
    order = assigning()
    by_a_person = c.Routed(authority=MARBURG, decision=PARKED, assignment=ASSIGNMENT)

    parked_again = kept(c.place(opened(TO_NOBODY), retrying(), TO_NOBODY, now=LATER))
    placed = kept(c.place(parked_again, order, by_a_person, now=LATER))
    decided = kept(c.answer(placed, deciding(MARBURG), now=LATER))

    assert [each.placed_by for each in (opened(), parked_again, placed, decided)] == [
        None,
        None,
        order.id,
        order.id,
    ]
