"""What became of the submissions, read at each store's own door: topics, mailboxes, the log's files."""

import asyncio
import mailbox
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from amtsweg.demo.checks import Seen
from amtsweg.stack.description import KafkaDescription
from services.audit.adapters.key_files import read_secrecy
from services.audit.domain.leaf import Leaf
from services.audit.domain.tiles import decode_bundle, published
from shared.bounded_files import LARGE, read_bounded, read_bounded_text
from shared.events.case import CaseDecided
from shared.events.competence import CompetenceDecision
from shared.events.envelope import Event, Undecodable, decode, event_type
from shared.events.notification import NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered, SubmissionParked, SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, audited
from shared.kafka.partitions import partitions_of

_POLL_MS = 100
_DELIVERED = event_type(SubmissionDelivered).encode()


@asynccontextmanager
async def reader(kafka: KafkaDescription) -> AsyncIterator[AIOKafkaConsumer]:
    """A read-committed consumer as the stack's admin; it belongs to no group and moves no offset."""
    consumer = AIOKafkaConsumer(
        **kafka.address.arguments(),
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
    """Note when each new record of these inboxes could first be read, until cancelled."""
    async with reader(kafka) as consumer:
        consumer.assign([TopicPartition(AUTHORITY_INBOX.for_authority(a), 0) for a in authorities])
        await consumer.seek_to_end()
        while True:
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            now = time.time()
            for record in chain.from_iterable(batches.values()):
                seen.readable_at.setdefault(_submission(record), now)


async def read_inboxes(kafka: KafkaDescription, authorities: Iterable[str], *, seen: Seen) -> None:
    """Count the records of these inboxes to their present ends."""
    topics = {AUTHORITY_INBOX.for_authority(a): a for a in authorities}
    seen.inbox.clear()
    async for record in to_the_ends(kafka, [TopicPartition(topic, 0) for topic in topics]):
        if dict(record.headers)["ce_type"] != _DELIVERED:
            continue  # a warning, or that the period is over
        seen.inbox[topics[record.topic], _submission(record)] += 1


async def read_topics(kafka: KafkaDescription, *, cases: set[UUID], seen: Seen) -> None:
    """Read the audited topics to their present ends and note what they say of these cases."""
    by_name = {topic.name: topic for topic in audited()}
    partitions = await partitions_of(kafka.address, *by_name)
    async for record in to_the_ends(kafka, partitions):
        try:
            event = decode(record.value, record.headers, by_name[record.topic].payloads)
        except Undecodable:
            continue  # it lies in a dead letter, where the fault tests look for it
        if event.case_id in cases:
            _note(event, seen)


async def to_the_ends(
    kafka: KafkaDescription, partitions: Sequence[TopicPartition]
) -> AsyncIterator[ConsumerRecord]:
    """What lies on these partitions now."""
    async with reader(kafka) as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while True:
            positions = await asyncio.gather(*(consumer.position(p) for p in partitions))
            if all(at >= ends[p] for p, at in zip(partitions, positions, strict=True)):
                return
            for record in chain.from_iterable((await consumer.getmany(timeout_ms=_POLL_MS)).values()):
                yield record


def _submission(record: ConsumerRecord) -> UUID:
    return UUID(dict(record.headers)["ce_submissionid"].decode())


def read_leaves(tiles: Path, secret: Path, *, seen: Seen) -> None:
    """Count the log's entries by event id, from the files that its checkpoint relies on.

    A leaf's id is keyed: only who has the log's secret can say which event it is of. Others keep their own id.
    """
    secrecy = read_secrecy(secret)
    events = {secrecy.event(event): event for event in seen.events}
    seen.leaves.update(events.get(id_) or UUID(id_) for id_ in entries(tiles))


def entries(tiles: Path) -> Iterator[str]:
    """The ids of the log's entries, in order."""
    checkpoint = read_bounded_text(tiles / "checkpoint", most=LARGE)
    for name in published(int(checkpoint.splitlines()[1])):
        if name.is_bundle:
            bundle = decode_bundle(read_bounded(tiles / name.path, most=LARGE), name.width)
            yield from (Leaf.from_bytes(entry).id for entry in bundle)


def read_mail(maildir: Path, *, seen: Seen) -> None:
    """Count the messages in the sink by Message-ID."""
    if maildir.is_dir():
        box = mailbox.Maildir(maildir, create=False)
        seen.mails.update(str(message["Message-ID"]).strip("<>").split("@")[0] for message in box)


def _note(event: Event[Payload], seen: Seen) -> None:
    seen.events.add(event.id)
    match event.data:
        case SubmissionParked(reason=reason, decision=decision):
            seen.parked[event.case_id] = reason
            _note_decision(event.case_id, decision, seen)
        case SubmissionRouted(decision=decision):
            seen.parked.pop(event.case_id, None)
            _note_decision(event.case_id, decision, seen)
        case CaseDecided():
            seen.decided.add(event.case_id)
        case NotificationSettled(outcome="unknown"):
            seen.unknown_mails += 1
        case NotificationSettled(message_id=message, repeats=repeats) if repeats:
            seen.repeats[str(message)] = repeats
        case _:
            pass


def _note_decision(case: UUID, decision: CompetenceDecision | None, seen: Seen) -> None:
    if decision is not None:
        seen.decisions[case] = decision
