"""How many partitions topics have: chosen once at set-up, stored nowhere but with the topics, and asked for here."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Self

from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.errors import Stopped, Unavailable
from shared.events.topics import CATALOGUE, BusLogin, Topic
from shared.kafka.client import KafkaAddress
from shared.kafka.described_topics import DescribedCluster, describe


async def partitions_of(address: KafkaAddress, *names: str) -> list[TopicPartition]:
    """All partitions of these topics, as the cluster has them.

    Raises:
        Unavailable: no broker has answered, or the one asked does not know a topic.
    """
    return partitions_in(await describe(address, names), names)


def partitions_in(cluster: DescribedCluster, names: Sequence[str]) -> list[TopicPartition]:
    """The same, of a cluster that has been described; of a topic that is not known nothing is assumed.

    Raises:
        Unavailable: the broker asked does not know a topic.
    """
    if missing := sorted(set(names) - cluster.topics.keys()):
        raise Unavailable(f"{', '.join(missing)}: the broker does not know this topic yet; try again")
    return [
        TopicPartition(name, number) for name in names for number in range(cluster.topics[name].partitions)
    ]


def partition_fault(counts: Mapping[str, int], topics: Sequence[Topic]) -> str | None:
    """What is wrong with these numbers, by topic; None if nothing is.

    A case has one partition number in all topics: its custody lies beside its submission, and one task reads both.
    """
    for topic in topics:
        if topic.single and counts.get(topic.name, 1) != 1:
            return f"topic {topic.name} has {counts[topic.name]} partitions; its records have one order, so 1 is expected"
    shared = {topic.name: counts[topic.name] for topic in topics if not topic.single and topic.name in counts}
    if not shared:
        return None
    fewest, most = min(shared, key=shared.__getitem__), max(shared, key=shared.__getitem__)
    if shared[fewest] == shared[most]:
        return None
    return (
        f"topic {fewest} has {shared[fewest]} partitions and {most} has {shared[most]}; the number is chosen once at "
        "set-up and is the same for all: start with an empty cluster, or recreate the topics that differ"
    )


def known_to(login: BusLogin) -> tuple[Topic, ...]:
    """The shared topics that a principal reads or writes."""
    return tuple(
        topic
        for topic in CATALOGUE
        if not topic.per_authority
        and login in {*topic.producers, *topic.consumers, *topic.rebuild, *topic.followers}
    )


class PartitionCheck:
    """Ends the process where its topics differ in their number of partitions; while Kafka is away it waits."""

    def __init__(
        self, ask: Callable[[Iterable[str]], Awaitable[DescribedCluster]], topics: Sequence[Topic]
    ) -> None:
        self._ask = ask
        self._topics = topics

    @classmethod
    def of(cls, address: KafkaAddress, login: BusLogin) -> Self:
        """The check of all shared topics that this principal reads or writes."""
        return cls(partial(describe, address), known_to(login))

    async def run(self) -> None:
        """Look once, then rest until cancelled.

        Raises:
            Stopped: going on would put records of one case into different partitions.
        """
        pause = Backoff()
        while True:
            try:
                described = await self._ask([topic.name for topic in self._topics])
                break
            except Unavailable:
                await pause.sleep()
        counts = {name: topic.partitions for name, topic in described.topics.items()}
        if (fault := partition_fault(counts, self._topics)) is not None:
            raise Stopped(fault)
        await asyncio.Event().wait()
