"""An output topic is there, certainly not there, or not known: an answer that does not come says nothing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiokafka.errors import KafkaError, NotLeaderForPartitionError, TopicAuthorizationFailedError

from shared.errors import Unavailable
from shared.kafka.output_topics import OutputTopics
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings


class Broker:
    """Answers as aiokafka's producer does: each topic has one partition, or raises what is said here."""

    def __init__(
        self,
        topics: set[str],
        *,
        meanwhile: Callable[[], None] = lambda: None,
        raises: dict[str, KafkaError] | None = None,
        away: bool = False,
    ) -> None:
        self._topics = topics
        self._meanwhile = meanwhile
        self._raises = raises or {}
        self._away = away
        self.client = SimpleNamespace(fetch_all_metadata=self._fetch)

    async def _fetch(self) -> Any:
        self._meanwhile()
        if self._away:
            raise KafkaError
        return SimpleNamespace(topics=lambda: self._topics)

    async def partitions_for(self, topic: str) -> set[int]:
        await asyncio.sleep(0)
        if topic in self._raises:
            raise self._raises[topic]
        return {0}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_topic_named_during_the_look_up_is_due_at_once() -> None:
    outputs = OutputTopics(["early"])
    await outputs.warm(Broker({"early", "late"}, meanwhile=lambda: outputs.expect("late")))
    with pytest.raises(Unavailable):
        outputs.certainly_available("late")
    assert outputs.due
    await outputs.warm(Broker({"early", "late"}))
    assert outputs.certainly_available("late")


async def test_a_topic_is_missing_only_when_two_looks_some_time_apart_have_not_found_it() -> None:
    clock = Clock()
    outputs = OutputTopics(["missing"], seconds=clock)
    for clock.now in (0.0, 5.0, 9.9):
        await outputs.warm(Broker(set()))
        with pytest.raises(Unavailable):
            outputs.certainly_available("missing")
    clock.now = 10.0
    await outputs.warm(Broker(set()))
    assert not outputs.certainly_available("missing")
    assert outputs.unavailable() == ["missing"]
    assert not outputs.due


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param(Broker({"out"}, raises={"out": NotLeaderForPartitionError()}), id="a leader is elected"),
        pytest.param(Broker(set(), away=True), id="no broker answers"),
    ],
)
async def test_no_answer_proves_nothing_however_often_it_does_not_come(silent: Broker) -> None:
    clock = Clock()
    new, seen = OutputTopics(["out"], seconds=clock), OutputTopics(["out"], seconds=clock)
    await seen.warm(Broker({"out"}))
    for clock.now in (0.0, 20.0, 40.0):
        await new.warm(silent)
        await seen.warm(silent)
        assert seen.certainly_available("out")
        with pytest.raises(Unavailable):
            new.certainly_available("out")


async def test_a_topic_that_comes_back_between_two_looks_was_never_missing() -> None:
    clock = Clock()
    outputs = OutputTopics(["out"], seconds=clock)
    for clock.now, there in ((0.0, set[str]()), (9.0, {"out"}), (12.0, set[str]())):
        await outputs.warm(Broker(there))
    assert outputs.certainly_available("out")


async def test_a_topic_that_refuses_us_is_not_available() -> None:
    outputs = OutputTopics(["closed"])
    await outputs.warm(Broker({"closed"}, raises={"closed": TopicAuthorizationFailedError()}))
    assert not outputs.certainly_available("closed")


async def test_what_is_missing_is_logged_once_whenever_it_changes() -> None:
    clock = Clock()
    outputs = OutputTopics(["one", "other"], seconds=clock)
    with structlog.testing.capture_logs() as lines:
        for topics in ({"one"}, {"one"}, set[str](), set[str](), {"one", "other"}, {"one", "other"}):
            clock.now += 60
            await outputs.warm(Broker(topics))
    assert [(line["event"], line.get("topics")) for line in lines] == [
        ("topics missing", ["other"]),
        ("topics missing", ["one", "other"]),
        ("no topics missing", None),
    ]


def test_an_output_topic_that_is_not_there_rings() -> None:
    telemetry = Telemetry()
    OutputTopics(["authority.g-06531005.inbox.v1"]).show(telemetry, group="router")
    assert rings("AmtswegInboxMissing", telemetry)

    telemetry = Telemetry()
    OutputTopics([]).show(telemetry, group="router")
    assert not rings("AmtswegInboxMissing", telemetry)
