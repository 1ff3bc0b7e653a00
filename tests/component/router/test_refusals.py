"""An answer that the door took and that comes too late is told in its authority's inbox, few one by one, then a sum."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.router.adapters.held_cases import HeldCases
from services.router.domain.cases.refusals import MOST_SHOWN, REFUSALS, SHOWN, WINDOW, share_of
from shared.engine import InputsRead
from shared.events import ids
from shared.events.answer_refusal import (
    AnswerRefusalDelivered,
    AnswerRefusalsSummed,
    AnswerRefusalsTold,
    RefusalCount,
)
from shared.events.case import AnswerGiven, AnswerKind, AnswerRefused, CaseAnswered
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_CUSTODY, CASE_UPDATED, PARTITIONS
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound
from shared.kafka.records import Record
from shared.telemetry.health import Health
from tests.support.events import GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, event_of, submission

SHARE = share_of(PARTITIONS)
MARBURG, NOWHERE = "g-06534014", "g-06532023"
READ = InputsRead(until=None, blocked=lambda _: False)


@pytest.fixture
def router(tmp_path: Path) -> RouterInMemory:
    router = RouterInMemory(tmp_path)
    router.take(submission())
    answer(router, "decided", 0)
    return router


def answer(
    router: RouterInMemory, kind: AnswerKind, number: int, *, by: str = GIESSEN, door_knew: UUID | None = None
) -> list[Event[Payload]]:
    outcome = "granted" if kind == "decided" else None
    given = AnswerGiven.model_validate({"kind": kind, "outcome": outcome, "given_at": RECEIVED_AT})
    own_id = f"{kind}-{number}"
    data = CaseAnswered(authority=by, own_id=own_id, answer=given)
    event = about(submission().submission_id, data, event_id=ids.answer_id(by, own_id))
    if door_knew is not None:
        event = replace(event, submission_id=door_knew)
    return router.take(event, CASE_ANSWERED.name)


def read_by(router: RouterInMemory, authority: str) -> list[Event[Payload]]:
    inbox = AUTHORITY_INBOX.for_authority(authority)
    return [event_of(message) for message in router.out if message.topic == inbox]


def test_a_late_answer_is_reported_in_the_inbox_with_its_id(router: RouterInMemory) -> None:
    refused, told = answer(router, "accepted", 1)

    assert isinstance(refused.data, AnswerRefused)
    assert told.data == AnswerRefusalDelivered(
        authority=GIESSEN,
        answer_id=ids.answer_id(GIESSEN, "accepted-1"),
        own_id="accepted-1",
        kind="accepted",
        reason="already-decided",
    )
    assert refused.data.model_dump() == told.data.model_dump()
    assert [message.topic for message in router.out[-2:]] == [
        CASE_UPDATED.name,
        AUTHORITY_INBOX.for_authority(GIESSEN),
    ]
    assert told.case_id == refused.case_id


def test_a_repeated_answer_is_reported_once(router: RouterInMemory) -> None:
    answer(router, "accepted", 1)

    assert answer(router, "accepted", 1) == []


def test_a_refusal_reveals_nothing_about_another_authoritys_case(router: RouterInMemory) -> None:
    guessed = UUID(int=7)
    _, foreign = answer(router, "accepted", 1, by=MARBURG, door_knew=guessed)
    router.state.kept.pop(str(foreign.case_id))
    _, unknown = answer(router, "accepted", 2, by=MARBURG, door_knew=guessed)

    assert foreign.submission_id == unknown.submission_id == guessed
    assert isinstance(foreign.data, AnswerRefusalDelivered)
    assert isinstance(unknown.data, AnswerRefusalDelivered)
    assert foreign.data.reason == unknown.data.reason == "not-in-custody"
    assert not any(isinstance(each.data, AnswerRefusalDelivered) for each in read_by(router, GIESSEN))


def test_a_refusal_to_an_authority_without_an_inbox_is_not_delivered(router: RouterInMemory) -> None:
    (refused,) = answer(router, "accepted", 1, by=NOWHERE)

    assert isinstance(refused.data, AnswerRefused)


def test_above_the_limit_a_sum_follows_after_an_hour_even_after_a_restart(
    router: RouterInMemory, tmp_path: Path
) -> None:
    for number in range(SHARE + 3):
        answer(router, "accepted", number)
        router = RouterInMemory(tmp_path, state=router.state, out=router.out, now=router.now)
    key = REFUSALS + GIESSEN
    assert router.keep(router.routing().punctuate([key], router.state, READ)) == []

    router.now += WINDOW
    (summed,) = router.keep(router.routing().punctuate([key], router.state, READ))

    single = [each for each in read_by(router, GIESSEN) if isinstance(each.data, AnswerRefusalDelivered)]
    assert len(single) == SHARE
    assert isinstance(summed.data, AnswerRefusalsSummed)
    assert (summed.data.count, summed.data.reasons) == (
        3,
        (RefusalCount(reason="already-decided", count=3),),
    )
    assert router.keep(router.routing().punctuate([key], router.state, READ)) == []


def test_the_count_of_refusals_is_deleted_after_an_hour_and_the_latest_after_14_days(
    router: RouterInMemory,
) -> None:
    answer(router, "accepted", 1)
    key = REFUSALS + GIESSEN
    router.keep(router.routing().punctuate([key], router.state, READ))
    assert key in router.state.kept

    router.now += WINDOW + timedelta(seconds=1)
    router.keep(router.routing().punctuate([key], router.state, READ))
    kept = AnswerRefusalsTold.from_json(router.state.kept[key])
    assert [each.own_id for each in kept.latest] == ["accepted-1"]

    router.now += SHOWN
    router.keep(router.routing().punctuate([key], router.state, READ))
    assert key not in router.state.kept


def test_the_latest_refusals_are_kept_with_what_was_answered_and_why(router: RouterInMemory) -> None:
    for number in range(MOST_SHOWN + 2):
        answer(router, "accepted", number)

    latest = AnswerRefusalsTold.from_json(router.state.kept[REFUSALS + GIESSEN]).latest

    assert [each.own_id for each in latest] == [f"accepted-{n}" for n in range(2, MOST_SHOWN + 2)]
    assert {(each.kind, each.reason) for each in latest} == {("accepted", "already-decided")}


def test_a_sum_that_is_due_comes_before_the_next_refusal(router: RouterInMemory) -> None:
    for number in range(SHARE + 1):
        answer(router, "accepted", number)
    router.now += WINDOW

    _, summed, told = answer(router, "accepted", SHARE + 1)

    assert isinstance(summed.data, AnswerRefusalsSummed)
    assert isinstance(told.data, AnswerRefusalDelivered)


async def test_the_doors_show_them_of_every_partition_the_newest_first(router: RouterInMemory) -> None:
    doors = HeldCases(KafkaAddress(bootstrap="-"), condition=Health().part("custody"))
    key = REFUSALS + GIESSEN
    router.now = datetime.now(UTC)
    answer(router, "accepted", 1)
    first = Record(CASE_CUSTODY.name, 0, 0, 0, key.encode(), router.state.kept[key])
    router.now += timedelta(seconds=1)
    answer(router, "accepted", 2)
    second = replace(first, partition=1, value=router.state.kept[key])

    await doors._followed.take(TopicRound([first, second], {}, complete=True))
    both = [each.own_id for each in doors.without_effect(GIESSEN)]
    await doors._followed.take(TopicRound([replace(second, value=None)], {}, complete=True))

    assert both == ["accepted-2", "accepted-1", "accepted-1"]
    assert [each.own_id for each in doors.without_effect(GIESSEN)] == ["accepted-1"]
    assert doors.without_effect(MARBURG) == []
