"""The published versions of the directory: read from the bus, and one more put there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from amtsweg.language import said
from services.router.adapters.directory_topic import follow
from services.router.domain.directory.versions import NotFollowed, Version, Versions
from shared.events.directory import DirectoryChanged
from shared.events.envelope import Event, encode
from shared.events.ids import directory_change_id, directory_id
from shared.events.topics import DIRECTORY_CHANGED
from shared.kafka.client import KafkaAddress, transactional_producer
from shared.kafka.read_to_end import read_to_end

SOURCE: Final = "urn:amtsweg:operator"
_MOMENT_SECONDS: Final = 0.1
_MOMENTS: Final = 100
_TRANSACTION_MS: Final = 10_000
"""A commit that has not come by then never comes: what is recorded becomes visible soon, or not at all."""


class ChangeRefused(Exception):  # noqa: N818 - what happened to the change
    """The change is not published; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record that no router follows, and why."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What lies on the topic now."""

    versions: Versions
    passed_over: tuple[PassedOver, ...]


async def read(address: KafkaAddress, *, topic: str = DIRECTORY_CHANGED.name) -> Reading:
    """Read the topic to its end.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
        Undecodable: this release cannot read a record.
    """
    versions, passed_over = Versions(), []
    async for records in read_to_end(address, {TopicPartition(topic, 0): 0}):
        for record in records:
            try:
                versions = follow(versions, record)
            except NotFollowed as reason:
                passed_over.append(PassedOver(record.offset, str(reason)))
    return Reading(versions, tuple(passed_over))


async def publish(
    address: KafkaAddress,
    prepare: Callable[[Versions], DirectoryChanged],
    *,
    topic: str = DIRECTORY_CHANGED.name,
) -> Version:
    """Publish the change that is prepared from what is published now; exactly one of several at once succeeds.

    1. Starting the producer fences any earlier one; what that one has not committed is aborted.
    2. Only then read to the end and prepare.
    3. Whoever begins after us shuts us out, and our commit fails.
    4. Read again: what counts is what every router makes of it.

    Raises:
        ChangeRefused: by ``prepare``; or somebody else was faster; or it was recorded, but too late to be followed.
        KafkaError: Kafka is away.
    """
    producer = transactional_producer(
        address, transactional_id=f"operator-directory.{topic}", timeout_ms=_TRANSACTION_MS
    )
    async with producer:
        before = await read(address, topic=topic)
        change = prepare(before.versions)
        message = encode(_event(change), topic)
        try:
            await producer.begin_transaction()
            delivery = await producer.send(
                topic, message.value, key=change.land.encode(), partition=0, headers=[*message.headers]
            )
            delivery.add_done_callback(lambda done: done.cancelled() or done.exception())
            await producer.commit_transaction()
            # A record that Kafka rejects does not fail the commit; nothing is published then.
            recorded = await delivery
        except KafkaError as error:
            raise ChangeRefused(
                said(
                    de=f"die Änderung ist nicht bestätigt ({type(error).__name__}); vielleicht kam im selben Moment eine "
                    "andere: siehe `amtsweg directory versions`",
                    en=f"the change was not confirmed ({type(error).__name__}); perhaps another person applied one at "
                    "the same moment: see `amtsweg directory versions`",
                )
            ) from error
    return await _followed(address, change, offset=recorded.offset, topic=topic)


async def _followed(address: KafkaAddress, change: DirectoryChanged, *, offset: int, topic: str) -> Version:
    """The version that routers make of a record, once a committed one is visible: that takes a moment."""
    for _ in range(_MOMENTS):
        reading = await read(address, topic=topic)
        for version in reversed(reading.versions.published):
            if version.change == change:
                return version
        for record in reading.passed_over:
            if record.offset == offset:
                raise ChangeRefused(
                    said(
                        de=f"die Änderung ist aufgezeichnet, aber kein Router folgt ihr: {record.reason}. Noch einmal "
                        "anwenden",
                        en=f"the change was recorded, but no router follows it: {record.reason}. Apply it again",
                    )
                )
        await asyncio.sleep(_MOMENT_SECONDS)
    raise ChangeRefused(
        said(
            de=f"die Änderung ist als Satz {offset} festgeschrieben, aber noch nicht sichtbar: siehe "
            "`amtsweg directory versions`",
            en=f"the change is committed as record {offset}, but not visible yet: see `amtsweg directory versions`",
        )
    )


async def seed(
    address: KafkaAddress, first: Callable[[], DirectoryChanged], *, topic: str = DIRECTORY_CHANGED.name
) -> Version:
    """Publish the first version; if there is one, return that.

    Raises:
        ChangeRefused: somebody else publishes another one at this moment.
        KafkaError, Unavailable: Kafka is away.
    """
    before = await read(address, topic=topic)
    if before.versions.published:
        return before.versions.published[0]

    def only_if_first(versions: Versions) -> DirectoryChanged:
        if versions.published:
            raise ChangeRefused(
                said(
                    de="eine andere Person hat gerade die erste Fassung veröffentlicht",
                    en="another person has just published the first version",
                )
            )
        return first()

    return await publish(address, only_if_first, topic=topic)


def _event(change: DirectoryChanged) -> Event[DirectoryChanged]:
    stands_for_a_case = directory_id(change.land)
    return Event(
        id=directory_change_id(change.land, change.parent, change.result, change.effective_from),
        source=SOURCE,
        time=datetime.now(UTC),
        case_id=stands_for_a_case,
        submission_id=stands_for_a_case,
        data=change,
    )
