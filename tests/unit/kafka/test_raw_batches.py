"""Batches as a broker may hold them: whatever their bytes, every offset comes out once, as a record or a fault."""

import random

import cramjam
import pytest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.handled_records import log_lines
from shared.kafka import bounded_decompression
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES, UnpackingRefused
from shared.kafka.raw_batches import batches, committed_from, records_of
from shared.kafka.records import Record, consumed
from tests.support.batches import CODECS, PACK, batch, body_of

TP = TopicPartition("in", 0)
UNPACK = {name: getattr(bounded_decompression, f"{name}_decode") for name in CODECS if name != "none"}


def read(data: bytes, start: int = 0) -> list[Record]:
    found = committed_from(data, start, aborted=())
    assert found is not None
    return records_of(found, TP, start)


@given(
    st.lists(st.binary(max_size=50), min_size=1, max_size=20), st.sampled_from([*CODECS]), st.integers(0, 30)
)
def test_what_aiokafka_reads_is_read_alike(values: list[bytes], compression: str, base: int) -> None:
    data = batch(*values, base=base, compression=compression)
    theirs = MemoryRecords(data).next_batch()
    assert [(r.offset, r.timestamp_ms, r.key, r.value, [*r.headers]) for r in read(data)] == [
        (r.offset, r.timestamp, r.key, r.value, [*r.headers]) for r in theirs
    ]


@given(
    junk=st.binary(max_size=200),
    compression=st.sampled_from([*CODECS]),
    count=st.integers(1, 5),
    behind=st.booleans(),
)
def test_any_bytes_under_a_true_checksum_come_out_as_records_or_one_fault(
    junk: bytes, compression: str, count: int, *, behind: bool
) -> None:
    values = [b"v"] * count
    data = batch(*values, compression=compression, body=body_of(*values) + junk if behind else junk)
    records = read(data)
    offsets = [record.offset for record in records]
    assert offsets == sorted(set(offsets))
    assert offsets[-1] == count - 1 or records[-1].fault is None
    assert all(record.fault is None for record in records[:-1])
    if behind:  # what lies behind the last record is no part of it
        assert [record.value for record in records] == values


@given(st.data(), st.sampled_from([*CODECS]))
def test_a_changed_bit_is_one_fault_for_the_whole_batch(data: st.DataObject, compression: str) -> None:
    made = bytearray(batch(b"a", b"b", compression=compression))
    at = data.draw(st.integers(61, len(made) - 1))
    made[at] ^= 1 << data.draw(st.integers(0, 7))
    (fault,) = read(bytes(made))
    assert fault.fault == "offsets 0 to 1: the batch does not match its checksum"
    assert (fault.offset, fault.value) == (1, None)


def test_a_header_may_have_any_bytes_as_name() -> None:
    data = body_of(b"v").replace(b"\x02h", b"\x02\xff")
    assert read(batch(b"v", body=data))[0].headers == (("\\xff", b"v"),)


def test_a_header_that_lacks_its_value_is_known_to_every_reader_as_an_empty_one() -> None:
    data = batch(b"v", header="ce_id", header_value=None)
    (theirs,) = MemoryRecords(data).next_batch()
    seen = ConsumerRecord("in", 0, 0, theirs.timestamp, 0, b"k", b"v", None, 1, 1, theirs.headers)
    for record in (consumed(seen), *read(data)):
        assert record.headers == (("ce_id", b""),)
        assert [*log_lines([record])] == [[{"topic": "in", "partition": 0, "offset": 0}]]


@pytest.mark.parametrize("compression", UNPACK)
def test_more_than_the_maximum_is_not_unpacked(compression: str) -> None:
    bomb = PACK[compression](bytes(MAX_UNPACKED_BYTES + 1))
    with pytest.raises(UnpackingRefused, match="more than"):
        UNPACK[compression](bomb)
    assert len(UNPACK[compression](PACK[compression](bytes(MAX_UNPACKED_BYTES)))) == MAX_UNPACKED_BYTES


@pytest.mark.parametrize("size", [0, 200, 70_000, 1_300_000])
def test_a_zstd_frame_that_says_its_size_gets_no_more_room(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    rooms, unpack = list[int](), cramjam.zstd.decompress_into

    def watched(packed: bytes, room: bytearray) -> int:
        rooms.append(len(room))
        return unpack(packed, room)

    monkeypatch.setattr(cramjam.zstd, "decompress_into", watched)
    content = random.Random(1).randbytes(size)
    assert UNPACK["zstd"](PACK["zstd"](content)) == content
    assert rooms == [max(64 * 1024, size)]


@pytest.mark.parametrize("announced", [0, 100, 2**63])
def test_a_zstd_frame_that_lies_about_its_size_is_unpacked_or_refused(announced: int) -> None:
    content = bytes(100)
    made = bytearray(cramjam.zstd.compress(content))
    assert made[4] & 0xE0 == 0x20  # the size stands in one byte
    lying = made[:4] + bytes([made[4] | 0xC0]) + announced.to_bytes(8, "little") + made[6:]
    try:
        assert UNPACK["zstd"](bytes(lying)) == content
    except UnpackingRefused:
        assert announced != len(content)


@pytest.mark.parametrize("compression", UNPACK)
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4))
def test_concatenated_streams_are_one(compression: str, parts: list[bytes]) -> None:
    packed = b"".join(PACK[compression](part) for part in parts)
    assert UNPACK[compression](packed) == b"".join(parts)


def test_markers_and_aborted_batches_are_passed_over() -> None:
    transactional, control = 0x10, 0x30
    data = (
        batch(b"gone", attributes=transactional)
        + batch(b"marker", base=1, attributes=control)
        + batch(b"kept", base=2, attributes=transactional)
    )
    found = committed_from(data, 0, aborted=[(-1, 0)])
    assert found is not None
    assert [record.value for record in records_of(found, TP, 0)] == [b"kept"]


@given(st.binary(max_size=300))
def test_no_answer_of_a_broker_raises(data: bytes) -> None:
    for found in batches(data):
        records_of(found, TP, 0)
