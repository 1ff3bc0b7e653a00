"""Topics keyed by case have one number of partitions, whichever was chosen; a service that finds two does not start."""

from collections.abc import Iterable, Mapping
from uuid import uuid4

import pytest

from shared.errors import Stopped, Unavailable
from shared.events.topics import CATALOGUE, SERVICES
from shared.kafka.described_topics import DescribedCluster, DescribedTopic
from shared.kafka.partitions import PartitionCheck, known_to, partition_fault, partitions_in

TOPICS = known_to("router")


def set_up_with(chosen: int, **others: int) -> dict[str, int]:
    return {topic.name: topic.partitions(chosen) for topic in TOPICS} | others


def cluster_with(counts: Mapping[str, int]) -> DescribedCluster:
    return DescribedCluster(1, {name: DescribedTopic(uuid4(), 1, 1, count) for name, count in counts.items()})


@pytest.mark.parametrize("chosen", [1, 3, 6, 48])
def test_any_number_is_right_if_all_have_it(chosen: int) -> None:
    assert partition_fault(set_up_with(chosen), TOPICS) is None


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (set_up_with(48, **{"case.custody.v1": 6}), r"case\.custody\.v1 has 6 partitions and .* has 48"),
        (set_up_with(3, **{"directory.changed.v1": 3}), r"directory\.changed\.v1 has 3 .* 1 is expected"),
    ],
)
async def test_a_service_does_not_start_on_topics_that_differ(counts: Mapping[str, int], said: str) -> None:
    async def ask(_: Iterable[str]) -> DescribedCluster:
        return cluster_with(counts)

    with pytest.raises(Stopped, match=said):
        await PartitionCheck(ask, TOPICS).run()


async def test_a_service_starts_before_kafka_and_looks_as_soon_as_that_answers() -> None:
    answers = iter([None, None, cluster_with(set_up_with(48, **{"case.custody.v1": 6}))])

    async def ask(_: Iterable[str]) -> DescribedCluster:
        if (answer := next(answers)) is None:
            raise Unavailable("Kafka is away")
        return answer

    with pytest.raises(Stopped):
        await PartitionCheck(ask, TOPICS).run()


def test_a_topic_that_is_not_there_yet_is_no_fault() -> None:
    counts = set_up_with(3)
    del counts["case.custody.v1"]
    assert partition_fault(counts, TOPICS) is None


def test_partitions_are_those_of_the_cluster() -> None:
    found = partitions_in(cluster_with(set_up_with(3)), ["case.custody.v1", "directory.changed.v1"])
    assert [(tp.topic, tp.partition) for tp in found] == [
        *(("case.custody.v1", number) for number in range(3)),
        ("directory.changed.v1", 0),
    ]


def test_of_an_unknown_topic_nothing_is_assumed() -> None:
    with pytest.raises(Unavailable, match=r"case\.clock\.v1"):
        partitions_in(cluster_with({"case.custody.v1": 3}), ["case.custody.v1", "case.clock.v1"])


def test_every_shared_topic_is_looked_at_by_some_service() -> None:
    looked_at = {topic for login in SERVICES for topic in known_to(login)}
    assert looked_at == {topic for topic in CATALOGUE if not topic.per_authority}
