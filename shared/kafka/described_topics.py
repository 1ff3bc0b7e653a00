"""The ids, partition counts and replica counts of topics.

A topic that was deleted and created again has the old name but another id; offsets of the old one are meaningless in it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Never
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.kafka.metadata_request import DescribeTopics
from shared.telemetry.health import Condition
from shared.telemetry.part_words import ONE_COPY

COPIES: Final = 3
"""How many brokers keep each record, once there are so many brokers."""

_ANSWER_SECONDS: Final = 8.0
_HALF: Final = 2**64


@dataclass(frozen=True, slots=True)
class DescribedTopic:
    """``copies`` and ``in_sync`` are those of the partition that has the fewest."""

    id: UUID
    copies: int
    in_sync: int
    partitions: int = 1


@dataclass(frozen=True, slots=True)
class DescribedCluster:
    """The topics that a broker knows; unknown topics are left out."""

    brokers: int
    topics: Mapping[str, DescribedTopic]

    @property
    def ids(self) -> dict[str, UUID]:
        """The topics' ids by name."""
        return {name: topic.id for name, topic in self.topics.items()}


async def describe(address: KafkaAddress, names: Iterable[str]) -> DescribedCluster:
    """Ask a broker.

    Raises:
        Unavailable: none has answered.
    """
    client = AIOKafkaClient(**address.arguments())
    try:
        async with _answering():
            await client.bootstrap()
        return await describe_with(client, names)
    finally:
        await client.close()


async def describe_with(client: AIOKafkaClient, names: Iterable[str]) -> DescribedCluster:
    """The same over a client that is connected.

    Raises:
        Unavailable: the broker has not answered.
    """
    async with _answering():
        answer = await client.send(client.get_random_node(), DescribeTopics(sorted(names)))
    return _read(answer)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except (KafkaError, OSError, TimeoutError, AssertionError) as away:
        raise Unavailable(f"topics cannot be described: {type(away).__name__}") from away


async def watch_ids(ask: Callable[[], Awaitable[Mapping[str, UUID]]], *, every_seconds: float) -> Never:
    """Ask for the ids of topics again and again. Who cannot be asked says nothing about them.

    Raises:
        Unavailable: a topic was deleted and created again.
    """
    began = dict[str, UUID]()
    while True:
        now: Mapping[str, UUID] = {}
        with suppress(Unavailable):
            now = await ask()
        began = {**now, **began}
        if changed := [topic for topic, id_ in now.items() if began[topic] != id_]:
            raise Unavailable(f"{', '.join(sorted(changed))}: created anew while it was read")
        await asyncio.sleep(every_seconds)


def _read(answer: Any) -> DescribedCluster:
    topics = {}
    for code, name, high, low, _, partitions, _, _ in answer.topics:
        if code or not (high or low) or not partitions:
            continue
        topics[name] = DescribedTopic(
            UUID(int=(high % _HALF) * _HALF + low % _HALF),
            copies=min(len(partition[4]) for partition in partitions),
            in_sync=min(len(partition[5]) for partition in partitions),
            partitions=len(partitions),
        )
    return DescribedCluster(len(answer.brokers), topics)


def show_copies(cluster: DescribedCluster, condition: Condition) -> None:
    """Set the health condition: degraded if the loss of one disk would lose records."""
    if not cluster.topics:
        return
    name, fewest = min(cluster.topics.items(), key=lambda item: (item[1].copies, item[1].in_sync))
    if fewest.copies == 1:
        condition.set(
            "degraded",
            reason=f"{ONE_COPY}of {name} a single broker keeps all there is; see docs/operations.md",
        )
    elif fewest.copies < COPIES:
        condition.set("degraded", reason=f"{fewest.copies} copies of {name}; {COPIES} are expected")
    else:
        lagging = [name for name, topic in cluster.topics.items() if topic.in_sync < topic.copies]
        if lagging:
            condition.set("degraded", reason=f"not every copy is in sync, among others of {min(lagging)}")
        else:
            condition.set("ready")
