"""What became of the submissions, read at each store's own door: topics, mailboxes, the log's files."""

import asyncio
import mailbox
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from amtsweg.demo.reckoning import Seen
from amtsweg.stack.description import KafkaDescription
from services.audit.domain.leaf import Leaf
from services.audit.domain.tiles import decode_bundle, published
from shared.events.case import CaseDecided
from shared.events.envelope import Event, Undecodable, decode
from shared.events.notification import NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, Topic, audited

_POLL_MS = 100


@asynccontextmanager
async def reader(kafka: KafkaDescription) -> AsyncIterator[AIOKafkaConsumer]:
    """A read-committed consumer as the stack's admin; it belongs to no group and moves no offset."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_plain_username=kafka.admin.username,
        sasl_plain_password=kafka.admin.password,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def watch_inboxes(kafka: KafkaDescription, authorities: Iterable[str], *, seen: Seen) -> None:
    """Count every new record of these inboxes, and note when it could first be read, until cancelled."""
    topics = {AUTHORITY_INBOX.for_authority(a): a for a in authorities}
    async with reader(kafka) as consumer:
        consumer.assign([TopicPartition(topic, 0) for topic in topics])
        await consumer.seek_to_end()
        while True:
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            now = time.time()
            for partition, records in batches.items():
                for record in records:
                    submission = UUID(dict(record.headers)["ce_submissionid"].decode())
                    seen.inbox[topics[partition.topic], submission] += 1
                    seen.readable_at.setdefault(submission, now)


async def read_topics(kafka: KafkaDescription, *, cases: set[UUID], seen: Seen) -> None:
    """Read the audited topics to their present ends and note what they say of these cases."""
    by_name = {topic.name: topic for topic in audited()}
    async with reader(kafka) as consumer:
        partitions = [TopicPartition(t.name, p) for t in by_name.values() for p in range(t.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while True:
            positions = await asyncio.gather(*(consumer.position(p) for p in partitions))
            if all(at >= ends[p] for p, at in zip(partitions, positions, strict=True)):
                return
            for partition, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                for event in _events(records, by_name[partition.topic]):
                    if event.case_id in cases:
                        _note(event, seen)


def read_leaves(tiles: Path, *, seen: Seen) -> None:
    """Count the log's entries by event id, from the files that its checkpoint relies on."""
    seen.leaves.update(entries(tiles))


def entries(tiles: Path) -> Iterator[UUID]:
    """The event ids of the log's entries, in order."""
    checkpoint = (tiles / "checkpoint").read_text(encoding="utf-8")
    for name in published(int(checkpoint.splitlines()[1])):
        if name.is_bundle:
            bundle = decode_bundle((tiles / name.path).read_bytes(), name.width)
            yield from (Leaf.from_bytes(entry).id for entry in bundle)


def read_mail(maildir: Path, *, seen: Seen) -> None:
    """Count the messages in the sink by Message-ID."""
    if maildir.is_dir():
        box = mailbox.Maildir(maildir, create=False)
        seen.mails.update(str(message["Message-ID"]).strip("<>").split("@")[0] for message in box)


def _events(records: Sequence[ConsumerRecord], topic: Topic) -> Iterable[Event[Payload]]:
    for record in records:
        try:
            yield decode(record.value, record.headers, topic.payloads)
        except Undecodable:
            continue  # it is in a dead letter, and the fault tests look for it there


def _note(event: Event[Payload], seen: Seen) -> None:
    seen.events.add(event.id)
    match event.data:
        case SubmissionParked(reason=reason):
            seen.parked[event.case_id] = reason
        case SubmissionRouted():
            seen.parked.pop(event.case_id, None)
        case CaseDecided():
            seen.decided.add(event.case_id)
        case NotificationSettled(outcome="unknown"):
            seen.unknown_mails += 1
        case _:
            pass
