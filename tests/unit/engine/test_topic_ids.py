"""A topic that was created anew is another topic: the group stops until a person accepts it; copies are shown in health."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest

from shared.engine.topic_ids import TopicIds
from shared.errors import Stopped, Unavailable
from shared.kafka.described_topics import DescribedCluster, DescribedTopic, show_copies
from shared.telemetry.health import Condition

OLD, NEW = UUID(int=1), UUID(int=2)


class Cluster:
    """Answers with what a test says; counts how often it is asked."""

    def __init__(self, **ids: UUID) -> None:
        self.ids: Mapping[str, UUID] = ids
        self.away = False
        self.asked = 0

    async def ask(self) -> DescribedCluster:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return DescribedCluster(3, {name: DescribedTopic(id_, 3, 3) for name, id_ in self.ids.items()})


def topic_ids(cluster: Cluster) -> TopicIds:
    return TopicIds(cluster.ask, group="g", copies=Condition(), every_seconds=0.001)


async def test_topics_that_are_as_stored_or_never_seen_before_are_read_on() -> None:
    ids = topic_ids(Cluster(a=OLD, b=NEW))
    await ids.refresh()

    assert ids.anew({"a": OLD}) == frozenset()
    assert ids.anew({"a": OLD, "gone": OLD}) == frozenset()


async def test_a_topic_that_is_another_stops_the_group_until_a_person_says_that_it_goes_on() -> None:
    ids = topic_ids(Cluster(a=NEW, b=OLD))
    await ids.refresh()

    with pytest.raises(Stopped, match=r"a: deleted and created anew.*go-on g"):
        ids.anew({"a": OLD, "b": OLD})
    ids.go_on()

    assert ids.anew({"a": OLD, "b": OLD}) == frozenset({"a"})


def test_lost_states_stop_the_group_until_a_person_says_that_it_goes_on_without_these_and_no_others() -> None:
    ids = topic_ids(Cluster())
    ids.leave_out(())
    with pytest.raises(Stopped, match=r"s, partition 0, offset 3: damaged: .*go-on g"):
        ids.leave_out(["s, partition 0, offset 3: damaged"])
    ids.go_on()

    ids.leave_out(["s, partition 0, offset 3: damaged"])
    with pytest.raises(Stopped, match="offset 7"):
        ids.leave_out(["s, partition 0, offset 3: damaged", "s, partition 0, offset 7: damaged"])


async def test_an_accepted_topic_says_nothing_about_the_next_of_that_name() -> None:
    cluster = Cluster(a=NEW)
    ids = topic_ids(cluster)
    ids.go_on()  # an order about something else
    await ids.refresh()
    with pytest.raises(Stopped):
        ids.anew({"a": OLD})
    ids.go_on()

    cluster.ids = {"a": UUID(int=3)}
    await asyncio.sleep(0.01)
    await ids.refresh()

    with pytest.raises(Stopped):
        ids.anew({"a": NEW})


async def test_a_session_ends_when_a_topic_is_created_anew_while_it_is_read_and_not_because_of_an_outage() -> (
    None
):
    cluster = Cluster(a=OLD)
    watching = asyncio.ensure_future(topic_ids(cluster).watch())
    async with asyncio.timeout(20):
        for away in (False, True):
            cluster.away, asked = away, cluster.asked
            while cluster.asked < asked + 3:  # noqa: ASYNC110 - it is the watch that asks
                await asyncio.sleep(0.001)
        assert not watching.done()

        cluster.away, cluster.ids = False, {}
        asked = cluster.asked
        while cluster.asked < asked + 3:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        assert not watching.done()

        cluster.ids = {"a": NEW}
        with pytest.raises(Unavailable, match="a: created anew"):
            await watching


@pytest.mark.parametrize(
    ("copies", "in_sync", "standing", "reason"),
    [
        (1, 1, "degraded", "one copy"),
        (2, 2, "degraded", "2 copies"),
        (3, 2, "degraded", "in sync"),
        (3, 3, "ready", ""),
    ],
)
def test_the_topic_with_the_fewest_copies_decides_what_health_says(
    copies: int, in_sync: int, standing: str, reason: str
) -> None:
    condition = Condition()
    topics = {"a": DescribedTopic(OLD, 3, 3), "b": DescribedTopic(NEW, copies, in_sync)}

    show_copies(DescribedCluster(3, topics), condition)

    assert condition.standing == standing
    assert reason in condition.reason
