"""How often Kafka is asked about a topic that a view follows."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher

from shared.kafka.following import ASKED_FETCH_MS, FetchPace


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


def test_who_asks_for_the_end_of_a_quiet_topic_does_not_wait_long_behind_a_fetch() -> None:
    assert asked(FetchPace(round_ms=50, quiet_ms=ASKED_FETCH_MS), busy=False)[:2] == (1, 250)


def test_aiokafka_reads_for_each_fetch_what_is_set_there() -> None:
    assert {"_fetch_min_bytes", "_fetch_max_wait_ms"} <= {*Fetcher._get_actions_per_node.__code__.co_names}
