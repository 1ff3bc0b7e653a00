"""The partition of a key is the one that every other Kafka client computes; a record's time is one of the calendar."""

from datetime import UTC, datetime

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.records import consumed, partition_of


@pytest.mark.parametrize(
    ("key", "partition"),
    # murmur2 vectors of Apache Kafka's own UtilsTest, sign bit cleared, modulo 1000.
    [
        (b"21", (-973932308 & 0x7FFFFFFF) % 1000),
        (b"foobar", (-790332482 & 0x7FFFFFFF) % 1000),
        (b"a-little-bit-long-string", (-985981536 & 0x7FFFFFFF) % 1000),
        (b"a-little-bit-longer-string", (-1486304829 & 0x7FFFFFFF) % 1000),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", (-58897971 & 0x7FFFFFFF) % 1000),
        (b"abc", (479470107 & 0x7FFFFFFF) % 1000),
    ],
)
def test_a_key_lies_where_kafkas_own_client_puts_it(key: bytes, partition: int) -> None:
    assert partition_of(key, 1000) == partition


@given(st.binary(max_size=40), st.integers(min_value=1, max_value=64))
def test_every_key_has_a_partition(key: bytes, count: int) -> None:
    assert 0 <= partition_of(key, count) < count


def read(timestamp_ms: int) -> str | None:
    return consumed(ConsumerRecord("t", 0, 7, timestamp_ms, 0, b"k", b"v", None, -1, -1, ())).fault


@pytest.mark.parametrize("year", [1900, 1969, 1970, 2026, 2199])
def test_a_record_of_these_centuries_is_read(year: int) -> None:
    assert read(int(datetime(year, 12, 31, tzinfo=UTC).timestamp() * 1000)) is None


@pytest.mark.parametrize(
    "timestamp_ms", [-(10**15), -(2**63), 2**63 - 1, -2_208_988_800_001, 7_258_118_400_000]
)
def test_a_record_of_a_time_that_no_calendar_has_cannot_be_decoded(timestamp_ms: int) -> None:
    assert read(timestamp_ms) == "the record's time is not of the years 1900 to 2199"


def test_a_record_without_a_time_is_read() -> None:
    assert read(-1) is None
