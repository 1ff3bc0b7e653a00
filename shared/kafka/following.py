"""Views over topics that a process reads without a group: one loop for all, one rule of completeness."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Never, Protocol
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.errors import Unavailable, Undecodable
from shared.first_to_end import until_one_ends
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.described_topics import describe_with, watch_ids
from shared.kafka.lenient_fetch import fetch_leniently
from shared.kafka.records import Record

_ANSWER_SECONDS: Final = 10.0
_COMPANY_BYTES: Final = 65_536
_QUIET_FETCH_MS: Final = 1000
_QUIET_ROUND_MS: Final = 200
_LOOK_SECONDS: Final = 30.0
_FAILURES: Final = (KafkaError, OSError, TimeoutError, Unavailable, Undecodable)


@dataclass(frozen=True, slots=True)
class TopicRound:
    """One look at the topic: the new records, the next offset of each partition, and whether the view is complete.

    ``complete``: everything has been read that was committed when Kafka was asked for the ends.
    """

    records: Sequence[Record]
    reached: Mapping[TopicPartition, int]
    complete: bool


@dataclass(frozen=True, slots=True)
class FetchPace:
    """How Kafka is asked: a busy topic in rounds that gather records, a quiet one seldom, and its first record comes at once."""

    round_ms: int

    def set(self, consumer: AIOKafkaConsumer, *, busy: bool) -> int:
        """Set it for the next fetch; return for how long the next round waits at most."""
        least, longest = _COMPANY_BYTES, self.round_ms
        if not busy:
            least, longest = 1, max(self.round_ms, _QUIET_FETCH_MS)
        fetcher = consumer._fetcher  # noqa: SLF001 - it has no public way to ask otherwise than at first
        fetcher._fetch_min_bytes = least  # noqa: SLF001 - as above
        fetcher._fetch_max_wait_ms = longest  # noqa: SLF001 - as above
        return self.round_ms if busy else max(self.round_ms, _QUIET_ROUND_MS)


class FollowedView(Protocol):
    """What is built from the records. `follow_records` calls one method at a time.

    A session is one `begin`, then any number of `take`, then one `lost`. None of them may wait for anything but Kafka,
    a thread or a lock that is held briefly: meanwhile nothing is read.
    """

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        """Assign partitions to the consumer, which is started, and seek to where reading begins."""

    async def take(self, round_: TopicRound) -> None:
        """Take the records in; the first round of a session has none.

        A record with a ``fault`` has neither key nor value. The view decides which records it can do without; where it
        raises `Undecodable` or `Unavailable`, the session ends.
        """

    async def lost(self, failure: Exception) -> None:
        """The session has ended, by a failure or with the process. The next one starts with `begin`.

        Say so in health, and give up what a second reading would count twice.
        """


async def follow_records(
    address: KafkaAddress,
    view: FollowedView,
    *,
    round_ms: int = 1000,
    asking: Callable[[], None] | None = None,
    look_seconds: float = _LOOK_SECONDS,
) -> Never:
    """Keep the view up to date until cancelled; after a failure begin a new session, with growing pauses.

    A topic that is deleted and created again is such a failure, noticed within ``look_seconds``.

    ``round_ms`` is how far a view may lag behind a busy topic, where a fetch waits that long for company. Kafka is
    asked for the ends when a session begins, so that ``complete`` says that the view holds what lay there then. With
    ``asking``, Kafka is asked anew in every round, and ``complete`` says so as of the last call of ``asking``, which comes
    right before the question.
    """
    pause, log = Backoff(), structlog.get_logger().bind(part=type(view).__name__)
    while True:
        consumer = reader(address, fetch_max_wait_ms=round_ms)
        ask_beside_fetches(consumer)
        failure: Exception = Unavailable("the process ends")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await consumer.start()
            await view.begin(consumer)
            rounds = _rounds(
                consumer,
                view,
                address,
                pace=FetchPace(round_ms),
                asking=asking,
                complete=pause.reset,
            )
            await until_one_ends(rounds, watch_ids(partial(_ids, consumer), every_seconds=look_seconds))
        except _FAILURES as error:
            log.warning("topic not followed", error=error, next=pause.next_seconds)
            failure = error
        finally:
            await view.lost(failure)
            await close(consumer)
        await pause.sleep()


async def _ids(consumer: AIOKafkaConsumer) -> Mapping[str, UUID]:
    topics = {tp.topic for tp in consumer.assignment()}
    return (await describe_with(consumer._client, topics)).ids  # noqa: SLF001 - it is connected and logged in


async def _rounds(
    consumer: AIOKafkaConsumer,
    view: FollowedView,
    address: KafkaAddress,
    *,
    pace: FetchPace,
    asking: Callable[[], None] | None,
    complete: Callable[[], None],
) -> Never:
    records: list[Record] = []
    ends: Mapping[TopicPartition, int] = {}
    reached: Mapping[TopicPartition, int] = {}
    while True:
        if asking is not None or not ends:
            if asking is not None:
                asking()
            ends = await _ends(consumer, reached)
        reached = {tp: await consumer.position(tp) for tp in ends}
        done = all(reached[tp] >= end for tp, end in ends.items())
        await view.take(TopicRound(records, reached, done))
        if done:
            complete()
        wait_ms = pace.set(consumer, busy=bool(records))
        fetched = await fetch_leniently(consumer, reached, address=address, wait_ms=wait_ms)
        records = [record for found in fetched.values() for record in found]


def ask_beside_fetches(consumer: AIOKafkaConsumer) -> None:
    """Have the started consumer ask for offsets on a connection of their own.

    Kafka answers the requests of a connection one by one, and a fetch there may wait for a record.
    """
    send = consumer._client.send  # noqa: SLF001 - a consumer has no public way to choose

    async def beside(node: int, request: Any, **options: Any) -> Any:
        if isinstance(request, OffsetRequest):
            options["group"] = ConnectionGroup.COORDINATION  # the one that no reader without a group uses
        return await send(node, request, **options)

    consumer._client.send = beside  # noqa: SLF001 - as above


async def seek_first(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
    """Assign these partitions, each from the first record that it still has."""
    consumer.assign(partitions)
    for tp, first in (await consumer.beginning_offsets(partitions)).items():
        consumer.seek(tp, first)


async def _ends(
    consumer: AIOKafkaConsumer, reached: Mapping[TopicPartition, int]
) -> Mapping[TopicPartition, int]:
    async with asyncio.timeout(_ANSWER_SECONDS):
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets([*consumer.assignment()])
    for tp, read in reached.items():
        if read > ends[tp]:
            raise Unavailable(f"{tp.topic} ends before what was read of it: it is another topic")
    return ends
