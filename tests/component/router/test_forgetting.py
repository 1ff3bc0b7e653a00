"""A case that is over leaves custody, and nothing that happened to it can happen again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine import InputsRead
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered, RetryOrdered
from shared.events.envelope import Event, encode
from shared.events.payload import Payload
from shared.events.topics import CASE_ANSWERED, CASE_ORDERED, SUBMISSION_RECEIVED
from shared.kafka.records import Record
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, record, submission

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
CASES = ("one", "two")
UNREAD = InputsRead(until=None, blocked=lambda _: False)


def answered(case: UUID, kind: str, *, number: int, authority: str = GIESSEN) -> Event[Payload]:
    outcome = "granted" if kind == "decided" else None
    stated = AnswerGiven.model_validate({"kind": kind, "outcome": outcome, "given_at": RECEIVED_AT})
    data = CaseAnswered(authority=authority, own_id=f"{kind}-{number}", answer=stated)
    return about(case, data, event_id=ids.answer_id(authority, f"{case}-{kind}-{number}"))


def as_input(name: str, what: str, number: int) -> Record:
    """One thing that can happen to a case, as its record."""
    case = submission(name)
    about_it = case.submission_id
    match what:
        case "received":
            return record(encode(case, SUBMISSION_RECEIVED.name))
        case "ordered":
            order = about(
                about_it, RetryOrdered(assignment=ASSIGNMENT), event_id=uuid5(about_it, str(number))
            )
            return record(encode(order, CASE_ORDERED.name))
        case "stranger":
            event = answered(about_it, "accepted", number=number, authority="g-06534014")
        case _:
            event = answered(about_it, what, number=number)
    return record(encode(event, CASE_ANSWERED.name))


HAPPENINGS = st.tuples(
    st.sampled_from(CASES),
    st.sampled_from(["received", "accepted", "decided", "decided", "ordered", "stranger"]),
    st.integers(0, 40),
)


def punctuate(router: RouterInMemory) -> None:
    assert router.routing().punctuate([*router.state.kept], router.state, UNREAD) == []


@settings(max_examples=60)
@given(st.lists(HAPPENINGS, max_size=14))
def test_after_the_end_and_33_days_a_second_reading_of_all_inputs_has_no_effect(
    happenings: list[tuple[str, str, int]],
) -> None:
    with TemporaryDirectory() as folder:
        router, inputs = RouterInMemory(Path(folder)), []
        ends = [(name, "decided", 0) for name in CASES]
        for number, (name, what, days) in enumerate(
            [*((n, "received", 0) for n in CASES), *happenings, *ends]
        ):
            router.now += days * DAY
            taken = as_input(name, what, number)
            inputs.append(replace(taken, timestamp_ms=int(1000 * router.now.timestamp())))
            router.take_record(inputs[-1])
            punctuate(router)
        router.now += 33 * DAY
        punctuate(router)
        told = len(router.out)

        for each in inputs:
            assert router.take_record(each) == []

        assert router.state.kept == {}
        assert len(router.out) == told


def test_an_open_case_is_kept_however_old_it_is(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    router.take(submission())
    router.now += 400 * DAY

    punctuate(router)

    assert len(router.state.kept) == 1


def test_a_submission_of_today_is_routed_and_one_that_is_too_old_counted(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    today = router.take(submission("today"))
    late = replace(as_input("late", "received", 0), timestamp_ms=1)

    assert len(today) > 0
    assert router.take_record(late) == []
    assert (
        router.telemetry.registry.get_sample_value(
            "amtsweg_late_inputs_total", {"topic": SUBMISSION_RECEIVED.name}
        )
        == 1
    )
