"""The partition of a key is the one that every other Kafka client computes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.records import partition_of


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
