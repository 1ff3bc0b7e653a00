"""An output topic is there, certainly not there, or not known: an answer that does not come says nothing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.output_topics import OutputTopics
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings


class Broker:
    """Answers as aiokafka's producer does; each topic has one partition. ``asked`` are the requests for metadata."""

    def __init__(
        self, topics: set[str], *, meanwhile: Callable[[], None] = lambda: None, away: bool = False
    ) -> None:
        self._topics = topics
        self._meanwhile = meanwhile
        self._away = away
        self.known: dict[str, Any] = {}
        self.asked: list[set[str]] = []
        self.client = SimpleNamespace(
            fetch_all_metadata=self._fetch,
            add_topic=self._add,
            cluster=SimpleNamespace(_partitions=self.known, partitions_for_topic=self.known.get),
            _topics=set[str](),
        )
        self._update: asyncio.Future[bool] | None = None

    async def _fetch(self) -> Any:
        self._meanwhile()
        await asyncio.sleep(0)
        self.asked.append(self._topics)
        if self._away:
            raise KafkaError
        return SimpleNamespace(_partitions={name: {0: "leader"} for name in self._topics})

    def _add(self, topic: str) -> "asyncio.Future[bool]":
        if self._update is None:
            self._update = asyncio.get_running_loop().create_future()
            self.asked.append(set())
            asyncio.get_running_loop().call_soon(self._answer, self._update)
        self.asked[-1].add(topic)
        return self._update

    def _answer(self, update: "asyncio.Future[bool]") -> None:
        self.known |= {name: {0: "leader"} for name in self.asked[-1] & self._topics}
        self._update = None
        update.set_result(True)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_topic_named_during_the_look_up_is_due_at_once() -> None:
    outputs = OutputTopics(["early"])
    await outputs.look(Broker({"early", "late"}, meanwhile=lambda: outputs.expect("late")))
    with pytest.raises(Unavailable):
        outputs.certainly_available("late")
    assert outputs.due
    await outputs.look(Broker({"early", "late"}))
    assert outputs.certainly_available("late")


async def test_an_unnamed_topic_is_unknown_until_it_has_been_looked_for() -> None:
    outputs = OutputTopics(["out"])
    await outputs.look(Broker({"out", "late"}))
    with pytest.raises(Unavailable):
        outputs.certainly_available("late")
    assert outputs.due
    await outputs.look(Broker({"out", "late"}))
    assert outputs.certainly_available("late")


async def test_a_record_for_a_topic_of_which_nothing_is_known_waits_and_is_not_at_fault() -> None:
    clock = Clock()
    outputs = OutputTopics(["out"], seconds=clock)
    with pytest.raises(Unavailable):
        outputs.partition("out", b"k")
    for clock.now in (0.0, 11.0):
        await outputs.look(Broker(set()))
    with pytest.raises(LookupError):
        outputs.partition("out", b"k")


async def test_a_topic_is_missing_only_when_two_looks_some_time_apart_have_not_found_it() -> None:
    clock = Clock()
    outputs = OutputTopics(["missing"], seconds=clock)
    for clock.now in (0.0, 5.0, 8.9):
        await outputs.look(Broker(set()))
        with pytest.raises(Unavailable):
            outputs.certainly_available("missing")
    clock.now = 10.0
    await outputs.look(Broker(set()))
    assert not outputs.certainly_available("missing")
    assert outputs.unavailable() == ["missing"]
    assert not outputs.due


async def test_no_answer_proves_nothing_however_often_it_does_not_come() -> None:
    clock, silent = Clock(), Broker(set(), away=True)
    new, seen = OutputTopics(["out"], seconds=clock), OutputTopics(["out"], seconds=clock)
    await seen.look(Broker({"out"}))
    for clock.now in (0.0, 20.0, 40.0):
        await new.look(silent)
        await seen.look(silent)
        assert seen.certainly_available("out")
        with pytest.raises(Unavailable):
            new.certainly_available("out")


async def test_all_units_that_open_at_once_ask_once() -> None:
    broker = Broker({"one", "other"})
    outputs = OutputTopics(["one", "other"])
    await asyncio.gather(*(outputs.look(broker) for _ in range(48)))
    assert len(broker.asked) == 1
    assert outputs.certainly_available("one")


async def test_a_unit_that_opens_again_looks_again() -> None:
    clock = Clock()
    outputs = OutputTopics(["out"], seconds=clock)
    await outputs.look(Broker({"out"}))
    for clock.now in (5.0, 16.0):
        await outputs.look(Broker(set()))
    assert not outputs.certainly_available("out")


async def test_a_producer_gets_to_know_the_topics_it_needs_in_one_request_and_no_others() -> None:
    broker = Broker({"one", "other", "never needed"})
    for _ in range(2):
        await OutputTopics(()).meet(broker, ["one", "other"])
    assert broker.asked == [{"one", "other"}]


async def test_what_one_producer_was_told_of_the_topics_serves_all_others() -> None:
    looked, other = Broker({"one", "other"}), Broker({"one", "other"})
    outputs = OutputTopics(["one", "other"])
    await outputs.look(looked)
    await outputs.meet(other, ["one"])
    assert (other.asked, other.known) == ([], {"one": {0: "leader"}})
    assert other.client._topics == {"one"}  # asked for from now on, in case its leader changes


async def test_a_topic_that_comes_back_between_two_looks_was_never_missing() -> None:
    clock = Clock()
    outputs = OutputTopics(["out"], seconds=clock)
    for clock.now, there in ((0.0, set[str]()), (9.0, {"out"}), (12.0, set[str]())):
        await outputs.look(Broker(there))
    assert outputs.certainly_available("out")


async def test_a_topic_that_refuses_us_is_not_available_for_half_a_minute() -> None:
    clock = Clock()
    outputs = OutputTopics(["closed"], seconds=clock)
    await outputs.look(Broker({"closed"}))
    outputs.deny(["closed"])
    assert not outputs.certainly_available("closed")
    clock.now = 31.0
    await outputs.look(Broker({"closed"}))
    assert outputs.certainly_available("closed")


async def test_what_is_missing_is_logged_once_whenever_it_changes() -> None:
    clock = Clock()
    outputs = OutputTopics(["one", "other"], seconds=clock)
    with structlog.testing.capture_logs() as lines:
        for topics in ({"one"}, {"one"}, set[str](), set[str](), {"one", "other"}, {"one", "other"}):
            clock.now += 60
            await outputs.look(Broker(topics))
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
