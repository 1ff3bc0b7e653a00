"""Hostile records on every topic that services read, on the whole stack: each is one dead letter of each group, and all go on."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from amtsweg.dead_letter_list import unsettled
from amtsweg.stack.description import StackDescription
from shared.events.envelope import encode
from shared.events.topics import CATALOGUE, GROUPS, SUBMISSION_RECEIVED, Topic, consumed_by
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.records import partition_of
from tests.e2e.test_erasure import typed
from tests.golden.examples import EXAMPLES
from tests.support.batches import batch, send_batch
from tests.support.events import event
from tests.support.late_input import Outside

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

_WITHIN_S = 240
_DAY_MS = 24 * 60 * 60 * 1000
_READ = tuple(
    topic
    for topic in CATALOGUE
    if topic.consumers and not topic.per_authority and topic.name != "directory.changed.v1"
)
"""Without the directory: what is unreadable there is no record of a case, and stops nobody but who publishes it."""


@dataclass(frozen=True, kw_only=True)
class _Hostile:
    key: bytes | None = b"k"
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = field(default_factory=tuple)
    age_ms: int = 0


def _records(topic: Topic) -> Mapping[str, _Hostile]:
    """What nobody may write there, each with something else the matter with it."""
    data = next(each for each in EXAMPLES.values() if type(each) in topic.payloads)
    good = encode(event(data), topic.name)
    named = dict(good.headers)
    return {
        "no event": _Hostile(value=b"undecodable"),
        "a tombstone": _Hostile(),
        "no key": _Hostile(key=None, value=b"x"),
        "a header twice": _Hostile(
            value=good.value, headers=[*good.headers, ("ce_id", named["ce_id"])], key=good.key
        ),
        "another schema": _Hostile(value=b'{"a":1}', headers=good.headers, key=good.key),
        "as large as may be": _Hostile(value=b"x" * (topic.max_bytes // 2), headers=good.headers),
        "from long ago": _Hostile(value=b"old", age_ms=20_000 * _DAY_MS),
        "from tomorrow": _Hostile(value=b"new", age_ms=-_DAY_MS),
    }


async def _write(address: KafkaAddress) -> dict[tuple[str, int], str]:
    """Write all of them to the first partition of every topic; return what lies at which offset."""
    written = {}
    async with AIOKafkaProducer(**address.arguments(), acks="all", max_request_size=2_000_000) as producer:
        now = int(time.time() * 1000)
        for topic in _READ:
            for matter, each in _records(topic).items():
                try:
                    sent = await producer.send_and_wait(
                        topic.name,
                        each.value,
                        key=each.key,
                        headers=list(each.headers),
                        partition=0,
                        timestamp_ms=max(0, now - each.age_ms),
                    )
                except KafkaError:
                    assert matter == "from tomorrow" or (topic.compacted and each.key is None)
                    continue  # the broker refuses it: nobody need read it
                if topic.compacted and each.value is None:
                    continue  # there a tombstone says that a key is gone
                written[topic.name, sent.offset] = matter
    return written


async def test_each_is_one_dead_letter_of_every_group_that_reads_it_and_all_go_on(shared_var: Path) -> None:
    var = shared_var.with_name(f"{shared_var.name}-hostile")
    await asyncio.to_thread(typed, "up", "--detach", var=var)
    try:
        stack = StackDescription.read(var)
        async with httpx.AsyncClient(timeout=30) as http:
            await _all_go_on(Outside(stack, http))
    finally:
        await asyncio.to_thread(typed, "down", var=var)
    shutil.rmtree(var)


async def _all_go_on(outside: Outside) -> None:
    written = await _write(outside.address)
    for topic in _READ:
        bomb = batch(bytes(MAX_UNPACKED_BYTES), compression="zstd")
        assert await send_batch(outside.address, topic.name, bomb)
    count = len(await partitions_of(outside.address, SUBMISSION_RECEIVED.name))
    first = next(key for key in map(str, iter(uuid4, None)) if partition_of(key.encode(), count) == 0)
    await outside.until_all_is_read(first)  # a good case lies behind them, routed, told and in the log

    wanted = {
        (group, topic.name, offset)
        for group in GROUPS
        for topic in consumed_by(group)
        for name, offset in written
        if name == topic.name
    }
    async with asyncio.timeout(_WITHIN_S):
        while not wanted <= await _letters(outside.address):  # noqa: ASYNC110 - what is awaited lies in other processes
            await asyncio.sleep(1)
    letters = (await unsettled(outside.address)).values()
    counted = Counter((each.group, each.place.topic, each.place.offset) for each in letters)
    assert set(counted.values()) == {1}


async def _letters(address: KafkaAddress) -> set[tuple[str, str, int]]:
    found = (await unsettled(address)).values()
    return {(each.group, each.place.topic, each.place.offset) for each in found}
