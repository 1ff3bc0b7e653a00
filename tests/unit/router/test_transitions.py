"""Custody follows its table, whatever comes in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases import custody as c
from services.router.domain.cases import orders
from services.router.domain.cases.fetching import fetched
from services.router.domain.cases.supplements import supplement, withdraw
from services.router.domain.cases.transitions import (
    CLOSED,
    OPEN,
    TRANSITIONS,
    UNANSWERED,
    Act,
    CaseState,
    drawing,
    may,
)
from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    AssignOrdered,
    CaseAnswered,
    CaseDecided,
    CaseFetched,
    CaseForwarded,
    CaseReturned,
    DeliveryFetched,
    InformationRequested,
    OrderRefused,
    RetryOrdered,
)
from shared.events.custody import CaseHeld, CustodyState
from shared.events.envelope import Event, carries
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefused,
    SupplementReceived,
    WithdrawalReceived,
)
from tests.support.events import (
    ASSIGNMENT,
    CASE_ID,
    GIESSEN,
    PARKED,
    RECEIPT,
    RECEIVED_AT,
    ROUTED,
    event,
    sealed,
)

NOW = datetime(2026, 1, 12, 9, 31, tzinfo=UTC)
MARBURG, WETZLAR = "g-06534014", "g-06532023"
PARTIES = (GIESSEN, MARBURG, WETZLAR)


def answers(authority: str, number: int) -> Sequence[Event[CaseAnswered]]:
    """One answer of each kind."""
    onward = PARTIES[(PARTIES.index(authority) + number) % len(PARTIES)]
    given = (
        AnswerGiven(kind="accepted", given_at=RECEIVED_AT),
        AnswerGiven(
            kind="information-requested", items=1, notice=sealed(purpose="notice"), given_at=RECEIVED_AT
        ),
        AnswerGiven(kind="returned", reason="wrong-place", given_at=RECEIVED_AT),
        AnswerGiven(kind="forwarded", reason="not-competent", forward_to=onward, given_at=RECEIVED_AT),
        AnswerGiven(kind="unreadable", given_at=RECEIVED_AT),
        AnswerGiven(kind="extended", months=1, given_at=RECEIVED_AT),
        AnswerGiven(kind="certified", given_at=RECEIVED_AT),
        AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT),
    )
    return [
        event(
            CaseAnswered(authority=authority, own_id=f"{each.kind}/{number}", answer=each),
            event_id=ids.answer_id(authority, f"{each.kind}/{number}"),
        )
        for each in given
    ]


RECEIVED = event(SubmissionReceived(receipt=RECEIPT, content=sealed()))
ORDERS: Sequence[Event[Payload]] = [
    event(RetryOrdered(assignment=ASSIGNMENT), event_id=uuid5(CASE_ID, "retry")),
    *(
        event(
            AssignOrdered(authority=party, assignment=ASSIGNMENT), event_id=uuid5(CASE_ID, f"assign {party}")
        )
        for party in PARTIES
    ),
]
LATER: Sequence[Event[Payload]] = [
    *(
        replace(
            event(SupplementReceived(receipt=RECEIPT, content=sealed()), event_id=uuid5(CASE_ID, name)),
            submission_id=uuid5(CASE_ID, f"{name}/own"),
        )
        for name in ("supplement 1", "supplement 2")
    ),
    event(WithdrawalReceived(receipt=RECEIPT), event_id=uuid5(CASE_ID, "withdrawal")),
]


def fetching(authority: str, cause: Event[Payload]) -> Event[DeliveryFetched]:
    """The authority has taken out of its inbox what this event has brought there, or would have."""
    delivery = ids.delivery_id(cause.id)
    told = DeliveryFetched(authority=authority, delivery_id=delivery, fetched_at=NOW)
    return event(told, event_id=uuid5(ids.fetched_id(delivery), authority))


EVENTS: Sequence[Event[Payload]] = [
    RECEIVED,
    *(fetching(party, cause) for party in PARTIES for cause in (RECEIVED, *ORDERS)),
    *(fetching(MARBURG, each) for each in answers(GIESSEN, 1) if each.data.answer.kind == "forwarded"),
    *ORDERS,
    *LATER,
    *(each for party in PARTIES for number in (1, 2) for each in answers(party, number)),
]


@dataclass
class Case:
    """The handler without the world around it; what it was told, and through which states it went."""

    custody: CaseHeld | None = None
    told: list[Payload] = field(default_factory=list)
    told_ids: list[UUID] = field(default_factory=list)
    steps: list[tuple[str, Act, str]] = field(default_factory=list)

    def take(self, cause: Event[Payload]) -> None:
        if not c.is_new(self.custody, cause):
            return
        before = state(self.custody)
        change = self._change(cause)
        if change is None:
            return
        self.custody = change.custody
        for each in (*change.before, change.event):
            self.told.append(each.data)
            self.told_ids.append(each.id)
        if not isinstance(change.event.data, AnswerRefused | OrderRefused | SubmissionRefused):
            self.steps.append((before, act_of(cause), state(self.custody)))

    def _change(self, cause: Event[Payload]) -> c.CustodyChange | None:
        if carries(cause, DeliveryFetched):
            return fetched(self.custody, cause, now=NOW)
        if carries(cause, SubmissionReceived):
            return c.receive(cause, c.Routed(authority=GIESSEN, decision=ROUTED), now=NOW)
        if carries(cause, SupplementReceived):
            return supplement(self.custody, cause, now=NOW)
        if carries(cause, WithdrawalReceived):
            return withdraw(self.custody, cause, now=NOW)
        return self._answered(cause) if carries(cause, CaseAnswered) else self._ordered(cause)

    def _answered(self, cause: Event[CaseAnswered]) -> c.CustodyChange:
        kind = cause.data.answer.kind
        refusal = c.answer_refusal(self.custody, authority=cause.data.authority, kind=kind)
        if self.custody is None or refusal is not None or kind not in c.HANDING_ON:
            return c.answer(self.custody, cause, now=NOW)
        to = cause.data.answer.forward_to
        if to is None or c.goes_in_a_circle(self.custody, to):
            placement: c.Placement = c.Parked(reason="returned", decision=ROUTED)
        else:
            placement = c.Routed(authority=to, decision=ROUTED)
        return c.hand_on(self.custody, cause, placement, now=NOW)

    def _ordered(self, cause: Event[Payload]) -> c.CustodyChange:
        assert carries(cause, RetryOrdered) or carries(cause, AssignOrdered)
        refused = orders.refusal(self.custody, cause.data, now=NOW)
        if self.custody is None or refused is not None:
            return c.refuse_order(self.custody, cause, refused or "unknown-case", now=NOW)
        if isinstance(cause.data, AssignOrdered):
            placement = c.Routed(authority=cause.data.authority, decision=PARKED, assignment=ASSIGNMENT)
            return c.place(self.custody, cause, placement, now=NOW)
        return c.place(self.custody, cause, c.Parked(reason="returned", decision=PARKED), now=NOW)


def state(custody: CaseHeld | None) -> CaseState:
    return "unknown" if custody is None else custody.standing


ACTS: dict[type[Payload], Act] = {
    SubmissionReceived: "received",
    DeliveryFetched: "fetched",
    SupplementReceived: "supplemented",
    WithdrawalReceived: "withdrawn",
    RetryOrdered: "retry",
    AssignOrdered: "assign",
}


def act_of(cause: Event[Payload]) -> Act:
    return cause.data.answer.kind if carries(cause, CaseAnswered) else ACTS[type(cause.data)]


def run(events: Sequence[Event[Payload]]) -> Case:
    case = Case()
    for cause in events:
        case.take(cause)
    return case


ORDER = st.lists(st.sampled_from(EVENTS), max_size=40)


@given(ORDER)
def test_every_step_is_one_of_the_table(order: list[Event[Payload]]) -> None:
    allowed = {(s, t.act, target) for t in TRANSITIONS for s in t.sources for target in t.targets}
    assert set(run(order).steps) <= allowed


@given(ORDER)
def test_what_the_table_forbids_is_refused_and_changes_nothing(order: list[Event[Payload]]) -> None:
    case = Case()
    for cause in order:
        before = case.custody
        forbidden = not may(act_of(cause), state(before))
        case.take(cause)
        if forbidden and before is not None and case.custody is not None:
            assert case.custody.model_copy(update={"applied": before.applied}) == before


@given(ORDER)
def test_only_the_holder_moves_a_case_and_nobody_has_it_again_without_a_person(
    order: list[Event[Payload]],
) -> None:
    case = run([RECEIVED, *order])
    handed_on: set[str] = set()
    for told in case.told:
        if isinstance(told, SubmissionRouted) and told.assignment is None:
            assert told.authority not in handed_on
        if isinstance(told, CaseReturned | CaseForwarded):
            handed_on.add(told.authority)
    assert case.custody is not None
    if case.custody.standing != "withdrawn":
        assert (case.custody.authority is None) == (case.custody.standing == "parked")


@given(ORDER)
def test_a_supplement_is_reported_once_and_kept_and_changes_nothing_after_the_end(
    order: list[Event[Payload]],
) -> None:
    case = run([RECEIVED, *order])
    told = [each for each in case.told if isinstance(each, CaseSupplemented)]
    assert case.custody is not None
    assert len(told) == len(case.custody.supplements) == len(set(case.custody.supplements))
    ends = [n for n, each in enumerate(case.told) if isinstance(each, CaseDecided | CaseWithdrawn)]
    after = case.told[ends[0] + 1 :] if ends else []
    assert all(isinstance(each, AnswerRefused | OrderRefused | SubmissionRefused) for each in after)
    asked = [each for each in told if each.requested]
    requests = [each for each in case.told if isinstance(each, InformationRequested)]
    assert len(asked) <= len(requests)


@given(ORDER, st.data())
def test_a_repetition_has_no_second_effect(order: list[Event[Payload]], data: st.DataObject) -> None:
    order = [RECEIVED, *order]
    once = run(order)
    assert once.custody is not None
    # Nobody fetches what is not delivered yet; that this is passed over, and counts later, is no second effect.
    applied = {*once.custody.applied}
    taken = [each for each in order if each.id in applied or not carries(each, DeliveryFetched)]
    again = data.draw(st.lists(st.sampled_from(taken), max_size=10))
    twice = run([*order, *again])
    assert twice.custody == once.custody
    assert twice.told_ids == once.told_ids


@given(ORDER)
def test_a_case_is_fetched_once_for_each_delivery_and_by_its_holder(order: list[Event[Payload]]) -> None:
    case = run([RECEIVED, *order])
    deliveries = [each for each in case.told if isinstance(each, SubmissionRouted | CaseFetched)]
    for number, told in enumerate(deliveries):
        if isinstance(told, CaseFetched):
            before = deliveries[number - 1]
            assert isinstance(before, SubmissionRouted)
            assert before.authority == told.authority


@given(ORDER)
def test_the_facts_of_receipt_stay_through_every_step(order: list[Event[Payload]]) -> None:
    case = run([RECEIVED, *order])
    assert case.custody is not None
    assert case.custody.receipt == RECEIPT
    told = [each.receipt for each in case.told if isinstance(each, SubmissionRouted | SubmissionParked)]
    assert set(told) <= {RECEIPT}


def test_every_state_can_be_reached_and_left_except_the_last() -> None:
    reached = {target for each in TRANSITIONS for target in each.targets}
    left = {source for each in TRANSITIONS for source in each.sources}
    assert reached == set(get_args(CustodyState))
    assert left == {"unknown", *get_args(CustodyState)} - {"erased"}


def test_each_act_stands_in_the_table_once_for_a_state_and_is_one_actors() -> None:
    rows = [(each.act, source) for each in TRANSITIONS for source in each.sources]
    assert len(rows) == len(set(rows))
    actors = {(each.act, each.actor) for each in TRANSITIONS}
    assert len(actors) == len({act for act, _ in actors})


@pytest.mark.parametrize("standing", OPEN)
def test_whoever_holds_an_open_case_may_always_ask_extend_decide_and_hand_it_on(
    standing: CustodyState,
) -> None:
    always: tuple[Act, ...] = (
        "information-requested",
        "unreadable",
        "extended",
        "returned",
        "forwarded",
        "decided",
    )
    assert [act for act in always if not may(act, standing)] == []


@pytest.mark.parametrize("standing", ["parked", *OPEN])
def test_until_the_end_the_applicant_may_add_and_withdraw_and_the_operator_erase(
    standing: CustodyState,
) -> None:
    assert all(may(act, standing) for act in ("supplemented", "withdrawn", "erase"))


@pytest.mark.parametrize("standing", UNANSWERED)
def test_until_an_authority_has_answered_it_may_accept_and_the_desk_may_move_the_case(
    standing: CustodyState,
) -> None:
    assert all(may(act, standing) for act in ("accepted", "assign", "redeliver"))
    assert may("fetched", standing) == (standing == "routed")


@pytest.mark.parametrize("standing", CLOSED)
def test_after_the_end_only_erasure_is_left_and_the_certificate_of_a_deemed_approval(
    standing: CustodyState,
) -> None:
    left = {act for kinds in get_args(Act) for act in get_args(kinds) if may(act, standing)}
    assert (
        left
        == {
            "decided": {"erase"},
            "deemed-approved": {"certified", "erase"},
            "withdrawn": {"erase"},
            "erased": set(),
        }[standing]
    )


def test_silence_approves_only_what_the_authority_has_accepted_and_what_lacks_nothing() -> None:
    assert [each for each in get_args(CustodyState) if may("silence", each)] == ["accepted"]


@pytest.mark.parametrize("standing", OPEN)
def test_the_drawing_shows_that_every_open_case_can_be_handed_on(standing: str) -> None:
    assert f"{standing.replace('-', '_')} --> parked: returned (holder)" in drawing()


def test_what_was_forwarded_keeps_its_receipt_and_names_who_handed_it_on() -> None:
    opened = run([RECEIVED])
    assert opened.custody is not None
    forwarded = next(each for each in answers(GIESSEN, 1) if each.data.answer.kind == "forwarded")
    change = c.hand_on(
        opened.custody, forwarded, c.Routed(authority=MARBURG, decision=ROUTED), now=NOW + timedelta(days=1)
    )
    assert change.custody is not None
    assert (change.custody.authority, change.custody.handed_on_by) == (MARBURG, (GIESSEN,))
    assert [each.id for each in (*change.before, change.event)] == [
        ids.child_id(forwarded.id, "forwarded"),
        ids.child_id(forwarded.id, "routed"),
    ]
