"""For every record there is a dead letter that a transaction takes, and that says what it is the letter of."""

import asyncio
import hashlib
from dataclasses import dataclass

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine.transaction_batch import TransactionBatch
from shared.kafka.client import MAX_RECORD_BYTES
from shared.kafka.dead_letters import MAX_KEPT_BYTES, dead_letter, origin
from shared.kafka.records import Record

LETTERS = "group.dead-letter.v1"


class Producer:
    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(MAX_RECORD_BYTES, 0, is_transactional=1)


@dataclass(frozen=True)
class Bytes:
    """So many bytes, which a failing example does not spell out."""

    size: int

    def made(self) -> bytes:
        return b"x" * self.size


def _made(content: Bytes | None) -> bytes | None:
    return None if content is None else content.made()


sizes = st.one_of(
    st.integers(0, 300), st.sampled_from([MAX_KEPT_BYTES, MAX_KEPT_BYTES + 1, MAX_RECORD_BYTES])
).map(Bytes)
headers = st.lists(
    st.tuples(st.one_of(st.text(max_size=20), st.integers(0, 60_000).map("n".__mul__)), sizes | st.none()),
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(key=sizes | st.none(), value=sizes | st.none(), extra=headers, reason=st.text(max_size=3000))
def test_every_record_has_a_dead_letter_that_fits(
    key: Bytes | None, value: Bytes | None, extra: list[tuple[str, Bytes | None]], reason: str
) -> None:
    record = Record(
        "in",
        3,
        17,
        0,
        _made(key),
        _made(value),
        tuple((name, _made(content)) for name, content in extra),  # type: ignore[misc] # as Kafka has it
    )
    letter = dead_letter(record, to=LETTERS, kind="undecodable", reason=reason)

    async def packed() -> None:
        TransactionBatch(Producer()).add(
            TopicPartition(LETTERS, 0), key=letter.key, value=letter.value, headers=letter.headers
        )

    asyncio.run(packed())
    told = origin(letter.headers)
    assert (told.topic, told.partition, told.offset) == ("in", 3, 17)
    assert told.length == (-1 if record.value is None else len(record.value))
    assert told.digest == hashlib.sha256(record.value or b"").hexdigest()
    assert letter.value == (record.value if told.complete else None)


def test_a_letter_written_twice_is_one_letter() -> None:
    record = Record("in", 3, 17, 0, b"k", b"v")
    first, second = (dead_letter(record, to=LETTERS, kind="internal-error", reason=r) for r in ("a", "b"))
    elsewhere = dead_letter(record, to="other.dead-letter.v1", kind="internal-error", reason="a")
    assert origin(first.headers).id == origin(second.headers).id != origin(elsewhere.headers).id
