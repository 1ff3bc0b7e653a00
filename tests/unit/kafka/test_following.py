"""How often Kafka is asked about a topic that a view follows."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from shared.kafka.following import FetchPace, ask_beside_fetches


def asked(pace: FetchPace, *, busy: bool) -> tuple[int, int, int]:
    """Bytes and milliseconds that the next fetch waits for, and milliseconds of the next round."""
    fetcher = SimpleNamespace(_fetch_min_bytes=1, _fetch_max_wait_ms=1)
    consumer: Any = SimpleNamespace(_fetcher=fetcher)
    waits = pace.set(cast("AIOKafkaConsumer", consumer), busy=busy)
    return fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms, waits


def test_a_busy_topic_is_read_in_rounds_that_gather_records() -> None:
    assert asked(FetchPace(round_ms=50), busy=True) == (65_536, 50, 50)


@pytest.mark.parametrize("round_ms", [50, 1000])
def test_a_quiet_topic_is_asked_seldom_and_its_first_record_comes_at_once(round_ms: int) -> None:
    least, fetch_ms, waits = asked(FetchPace(round_ms=round_ms), busy=False)

    assert least == 1
    assert fetch_ms == 1000
    assert round_ms <= waits <= max(200, round_ms)


async def test_who_asks_for_the_end_of_a_quiet_topic_does_not_wait_behind_a_fetch() -> None:
    sent: list[tuple[type[object], int]] = []

    class Client:
        async def send(
            self, _: int, request: object, *, group: ConnectionGroup = ConnectionGroup.DEFAULT
        ) -> None:
            sent.append((type(request), group))

    consumer: Any = SimpleNamespace(_client=Client())
    ask_beside_fetches(consumer)

    await consumer._client.send(1, OffsetRequest(-1, 1, []))
    await consumer._client.send(1, FetchRequest(1000, 1, 1, 1, []))

    assert sent == [
        (OffsetRequest, ConnectionGroup.COORDINATION),
        (FetchRequest, ConnectionGroup.DEFAULT),
    ]


def test_aiokafka_reads_for_each_fetch_what_is_set_there() -> None:
    assert {"_fetch_min_bytes", "_fetch_max_wait_ms"} <= {*Fetcher._get_actions_per_node.__code__.co_names}
