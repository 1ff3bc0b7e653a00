"""What an authority has taken out of its inbox: of which records that is told, and what follows in custody."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.router.domain.cases import custody as c
from services.router.domain.cases import orders
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.fetching import fetched, fetches
from services.router.domain.cases.inbox import InboxRecord
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered, CaseFetched, DeliveryFetched, RedeliverOrdered
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, encode
from shared.events.submission import SubmissionDelivered, SubmissionReceived
from shared.events.supplement import SupplementDelivered
from tests.support.events import (
    ANSWER_KEYS,
    ASSIGNMENT,
    CASE_ID,
    GIESSEN,
    PLACE,
    RECEIPT,
    RECEIVED_AT,
    ROUTED,
    SUBMISSION_ID,
    event,
    sealed,
)

NOW = RECEIVED_AT + timedelta(minutes=1)
MARBURG = "g-06534014"
RECEIVED = event(SubmissionReceived(receipt=RECEIPT, content=sealed()))
DELIVERY = ids.delivery_id(RECEIVED.id)
DELIVERED = SubmissionDelivered(
    receipt=RECEIPT,
    authority=GIESSEN,
    place=PLACE,
    decision=ROUTED,
    content=sealed(),
    answer_keys=ANSWER_KEYS,
)


def opened() -> CaseHeld:
    return kept(c.receive(RECEIVED, c.Routed(authority=GIESSEN, decision=ROUTED), now=NOW))


def kept(step: c.CustodyChange | None) -> CaseHeld:
    assert step is not None
    assert step.custody is not None
    return step.custody


def taking(*, authority: str = GIESSEN, delivery: UUID = DELIVERY) -> Event[DeliveryFetched]:
    data = DeliveryFetched(authority=authority, delivery_id=delivery, fetched_at=NOW)
    return event(data, event_id=ids.fetched_id(delivery))


def answered(kind: str) -> Event[CaseAnswered]:
    given = AnswerGiven(kind="accepted", given_at=NOW) if kind == "accepted" else _deciding()
    return event(
        CaseAnswered(authority=GIESSEN, own_id=kind, answer=given), event_id=ids.answer_id(GIESSEN, kind)
    )


def _deciding() -> AnswerGiven:
    return AnswerGiven(kind="decided", outcome="granted", given_at=NOW)


def record(*, case: UUID = CASE_ID, delivery: UUID = DELIVERY, fault: str | None = None) -> InboxRecord:
    return _record(replace(event(DELIVERED, event_id=delivery), case_id=case), fault=fault)


def _record(
    told: Event[SubmissionDelivered] | Event[SupplementDelivered], *, fault: str | None = None
) -> InboxRecord:
    message = encode(told, "inbox")
    return InboxRecord(
        authority=GIESSEN,
        offset=7,
        headers=() if fault else message.headers,
        value=message.value or b"",
        written_ms=0,
        fault=fault,
    )


def told_of(found: InboxRecord, *, custody: Holding | None) -> list[Event[DeliveryFetched]]:
    return list(fetches([found], held=lambda _: custody, now=NOW))


ROUTED_HERE = Holding(submission_id=SUBMISSION_ID, standing="routed", authority=GIESSEN)


def test_a_case_that_its_authority_has_fetched_is_waited_for_no_more_and_still_unanswered() -> None:
    step = fetched(opened(), taking(), now=NOW + timedelta(hours=1))

    custody = kept(step)
    assert step is not None
    assert (custody.standing, custody.since) == ("fetched", NOW + timedelta(hours=1))
    assert step.event.data == CaseFetched(receipt=RECEIPT, authority=GIESSEN, routed_at=NOW, fetched_at=NOW)
    assert step.event.id == ids.child_id(ids.fetched_id(DELIVERY), "fetched")
    assert orders.is_unconfirmed(custody, now=custody.since + orders.UNCONFIRMED_AFTER)


@pytest.mark.parametrize("kind", ["accepted", "decided"])
def test_a_fetched_case_takes_the_same_answers_as_a_routed_one(kind: str) -> None:
    after = kept(c.answer(kept(fetched(opened(), taking(), now=NOW)), answered(kind), now=NOW))

    assert after.standing == kind


@pytest.mark.parametrize(
    ("custody", "taken"),
    [
        pytest.param(None, taking(), id="an unknown case"),
        pytest.param(opened(), taking(authority=MARBURG), id="another authority"),
        pytest.param(opened(), taking(delivery=CASE_ID), id="another delivery"),
        pytest.param(kept(fetched(opened(), taking(), now=NOW)), taking(), id="a repetition"),
        pytest.param(kept(c.answer(opened(), answered("accepted"), now=NOW)), taking(), id="after a word"),
        pytest.param(kept(c.answer(opened(), answered("decided"), now=NOW)), taking(), id="after the end"),
    ],
)
def test_nothing_follows_from(custody: CaseHeld | None, taken: Event[DeliveryFetched]) -> None:
    assert fetched(custody, taken, now=NOW) is None


def test_what_is_delivered_again_has_to_be_fetched_again() -> None:
    order = event(RedeliverOrdered(assignment=ASSIGNMENT))
    again = c.Routed(authority=GIESSEN, decision=ROUTED, assignment=ASSIGNMENT)
    custody = kept(c.place(kept(fetched(opened(), taking(), now=NOW)), order, again, now=NOW))

    assert custody.standing == "routed"
    assert fetched(custody, taking(), now=NOW) is None
    assert kept(fetched(custody, taking(delivery=ids.delivery_id(order.id)), now=NOW)).standing == "fetched"


def test_the_event_about_a_confirmed_record_has_ids_derived_from_the_record() -> None:
    (told,) = told_of(record(), custody=ROUTED_HERE)

    assert (told.id, told.case_id, told.submission_id) == (ids.fetched_id(DELIVERY), CASE_ID, SUBMISSION_ID)
    assert told.data == DeliveryFetched(authority=GIESSEN, delivery_id=DELIVERY, fetched_at=NOW)
    assert [each.id for each in told_of(record(), custody=ROUTED_HERE)] == [told.id]


@pytest.mark.parametrize(
    "custody",
    [
        pytest.param(None, id="nobody has it"),
        pytest.param(replace(ROUTED_HERE, authority=MARBURG), id="it has gone on"),
        pytest.param(replace(ROUTED_HERE, standing="accepted"), id="more is known already"),
    ],
)
def test_a_record_is_not_told_of_where(custody: Holding | None) -> None:
    assert told_of(record(), custody=custody) == []


def test_what_cannot_be_read_and_what_brings_no_case_is_passed_over() -> None:
    supplement = SupplementDelivered(receipt=RECEIPT, authority=GIESSEN, content=sealed())

    assert told_of(record(fault="damaged"), custody=ROUTED_HERE) == []
    assert told_of(_record(event(supplement)), custody=ROUTED_HERE) == []
