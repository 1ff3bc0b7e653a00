"""Records are read in another process as they would be in ours, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import psutil
import pytest

from services.audit.adapters.decoder_process import ReadingFailed, ReadingProcess, facts_of
from shared.errors import Unavailable
from shared.events.envelope import Undecodable, encode
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.records import Record
from tests.support.audit import SECRECY, routed


@pytest.fixture
async def reading() -> AsyncIterator[ReadingProcess]:
    process = ReadingProcess(secrecy=SECRECY, topics=[SUBMISSION_ROUTED])
    yield process
    await process.close()


def record(number: int) -> Record:
    message = encode(routed(number), SUBMISSION_ROUTED.name)
    return Record(message.topic, 3, number, 0, message.key, message.value, message.headers)


RECORDS = [record(number) for number in range(100)]


def children() -> list[psutil.Process]:
    return psutil.Process().children()


async def test_it_reads_what_we_would_read(reading: ReadingProcess) -> None:
    given = [(r.value, r.headers, r.topic, r.partition, r.offset) for r in RECORDS]
    payloads = {SUBMISSION_ROUTED.name: SUBMISSION_ROUTED.payloads}
    assert await reading.read(RECORDS) == facts_of(given, payloads=payloads, secrecy=SECRECY)


async def test_what_cannot_be_decoded_is_told_and_the_next_is_read(reading: ReadingProcess) -> None:
    with pytest.raises(Undecodable, match="SubmissionRouted: not valid at document"):
        await reading.read([RECORDS[0], replace(RECORDS[1], value=b"{")])
    assert len(await reading.read(RECORDS)) == 100


async def test_a_mistake_of_ours_is_told_and_the_next_is_read(reading: ReadingProcess) -> None:
    with pytest.raises(ReadingFailed, match="KeyError"):
        await reading.read([replace(RECORDS[0], topic="another")])
    assert len(await reading.read(RECORDS)) == 100


async def test_when_it_dies_it_is_unavailable_and_then_there_again(reading: ReadingProcess) -> None:
    before = children()
    await reading.read(RECORDS)
    (process,) = set(children()) - set(before)
    process.kill()
    with pytest.raises(Unavailable, match="reads records has ended"):
        await reading.read(RECORDS)
    assert len(await reading.read(RECORDS)) == 100


async def test_a_question_given_up_does_not_confuse_the_next(reading: ReadingProcess) -> None:
    await reading.read(RECORDS[:1])
    for _ in range(20):
        given_up = asyncio.ensure_future(reading.read(RECORDS))
        await asyncio.sleep(0)
        given_up.cancel()
        assert [fact.id for fact in await reading.read(RECORDS[7:9])] == [routed(7).id, routed(8).id]


async def test_it_ends_when_nobody_asks_any_more(reading: ReadingProcess) -> None:
    before = children()
    await reading.read(RECORDS)
    (process,) = set(children()) - set(before)
    await reading.close()
    assert not process.is_running()
