"""What the router knows of a case of which something did not arrive: a failed test then says whether it was lost, or where it waits."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from shared.engine.state_store import ENGINE_KEYS
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_CUSTODY,
    CASE_SUBMITTED,
    CASE_UPDATED,
    SUBMISSION_HELD,
    SUBMISSION_RECEIVED,
    SUBMISSION_ROUTED,
)
from shared.kafka.client import close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import ends_of, read_to_end
from shared.kafka.records import Record
from tests.integration.router.conftest import Ground

_SHARED = (
    SUBMISSION_RECEIVED.name,
    CASE_SUBMITTED.name,
    SUBMISSION_ROUTED.name,
    CASE_UPDATED.name,
    SUBMISSION_HELD.name,
    CASE_CUSTODY.name,
    dead_letter_topic("router"),
    sealed_dead_letter_topic("router"),
)
_LONG = frozenset({"receipt", "decision", "supplement"})
_TOLD_BY_LOGS = (
    *(b"record failed", b"dead letter", b"part failed", b"topics missing", b"stopped"),
    *(b"laid aside", b"webhook failed", b"webhook ended", b"webhooks interrupted", b"inbox cannot be read"),
)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A submission that lies in no inbox, its case, and the authority in whose inbox it should lie."""

    submission: UUID
    case: UUID
    authority: str


async def explain(ground: Ground, missing: Missing) -> str:
    """One line for each thing that is known, the input's place first."""
    lines = [f"missing: {missing}"]
    wanted = {str(missing.submission).encode(), str(missing.case).encode()}
    starts = dict.fromkeys(await partitions_of(ground.admin, *_SHARED), 0)
    own: set[int] = set()
    async for batch in read_to_end(ground.admin, starts):
        for record in batch:
            if record.key in wanted and wanted & {record.key, *dict(record.headers).values()}:
                own.add(record.partition)
                lines.append(_line(record))
    lines += await _engine(ground, own)
    lines += await _ends(ground, AUTHORITY_INBOX.for_authority(missing.authority))
    lines += await _committed(ground, own)
    return "\n".join(lines)


def logged(ground: Ground, names: list[str]) -> Iterator[str]:
    """What the processes have said of failures, the last of it."""
    for name in names:
        log = ground.surroundings.var / name / "log" / f"{name.rsplit('-', 1)[0]}.log"
        told = log.read_bytes().splitlines() if log.exists() else []
        for line in [each for each in told if any(mark in each for mark in _TOLD_BY_LOGS)][-60:]:
            yield f"{name}: {line[:600].decode(errors='replace')}"


def _line(record: Record) -> str:
    headers = dict(record.headers)
    kind = headers.get("ce_type", b"").decode()
    submission = headers.get("ce_submissionid", b"").decode()
    more = " ".join(f"{k}={v.decode()}" for k, v in record.headers if k.startswith("dl_"))
    place = f"{record.topic}/{record.partition}/{record.offset} at {record.timestamp_ms}"
    return f"  {place} {kind} of {submission} {more} {_told(record)}"


def _told(record: Record) -> str:
    """What a record says of the case's standing, without what is sealed or long."""
    if record.topic not in {CASE_CUSTODY.name, CASE_UPDATED.name, SUBMISSION_ROUTED.name} or not record.value:
        return ""
    document = orjson.loads(record.value)
    return orjson.dumps({name: each for name, each in document.items() if name not in _LONG}).decode()


async def _engine(ground: Ground, partitions: set[int]) -> list[str]:
    """How far each input is read, and what is blocked, as the router's own memory says it."""
    found: dict[str, str] = {}
    starts = {TopicPartition(CASE_CUSTODY.name, number): 0 for number in partitions}
    async for batch in read_to_end(ground.admin, starts):
        for record in batch:
            key = (record.key or b"").decode()
            if key.startswith(ENGINE_KEYS):
                found[f"{record.partition} {key}"] = (record.value or b"gone").decode()
    return [f"  engine: {key}: {value}" for key, value in found.items()]


async def _ends(ground: Ground, topic: str) -> list[str]:
    """An inbox whose last stable offset stays behind its end holds a transaction that nobody ends."""
    tp = TopicPartition(topic, 0)
    consumer = reader(ground.admin)
    try:
        await consumer.start()
        stable = (await consumer.end_offsets([tp]))[tp]
    finally:
        await close(consumer)
    return [f"  {topic}: stable to {stable}, ends at {(await ends_of(ground.admin, [tp]))[tp]}"]


async def _committed(ground: Ground, partitions: set[int]) -> list[str]:
    admin = AIOKafkaAdminClient(**ground.admin.arguments())
    try:
        async with asyncio.timeout(20):
            await admin.start()
            offsets = await admin.list_consumer_group_offsets("router")
    finally:
        await close(admin)
    told = {
        f"{tp.topic}/{tp.partition}": at.offset for tp, at in offsets.items() if tp.partition in partitions
    }
    return [f"  the group has committed {orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()}"]
