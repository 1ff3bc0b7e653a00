"""The directory's topic on real Kafka: one reader's view of it, and two operators at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amtsweg.directory.published import ChangeRefused, publish, read, seed
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.domain.directory.tables import version
from services.router.domain.directory.versions import FRESH, Versions
from shared.errors import Unavailable
from shared.events.directory import DirectoryChanged
from shared.events.envelope import Event, Message, encode
from shared.events.ids import directory_id
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from tests.support.directories import nordmark_change
from tests.support.stack import KafkaAccess

LATER = timedelta(minutes=5)


class Ground:
    """A topic of the test's own, and what it takes to write to it and to follow it."""

    def __init__(self, kafka: KafkaAccess) -> None:
        self.address = kafka.address
        self.topic = kafka.topic("directory", config={"message.timestamp.type": "LogAppendTime"})
        self.telemetry = Telemetry()
        self.condition = Condition()
        self.seconds = 0.0

    async def seed(self) -> str:
        first = nordmark_change(effective_from=now())
        return (await seed(self.address, lambda: first, topic=self.topic)).id

    async def apply(self, name: str, *, lead: timedelta = LATER) -> str:
        """Give the port one more name."""
        prepare = renaming(name, lead=lead)
        return (await publish(self.address, prepare, topic=self.topic)).id

    async def send(self, change: DirectoryChanged) -> None:
        """Past every check, as a broken tool would."""
        event = Event(
            id=directory_id(change.result),
            source="urn:amtsweg:tests",
            time=now(),
            case_id=directory_id("01"),
            submission_id=directory_id("01"),
            data=change,
        )
        await self.send_message(encode(event, self.topic))

    async def send_message(self, message: Message) -> None:
        async with idempotent_producer(self.address) as producer:
            await producer.send_and_wait(
                self.topic, message.value, key=message.key, partition=0, headers=[*message.headers]
            )

    async def versions(self) -> Versions:
        return (await read(self.address, topic=self.topic)).versions

    @asynccontextmanager
    async def following(self, address: KafkaAddress | None = None) -> AsyncIterator[FollowedDirectories]:
        directories = FollowedDirectories(
            address or self.address,
            condition=self.condition,
            telemetry=self.telemetry,
            topic=self.topic,
            seconds=lambda: self.seconds,
        )
        task = asyncio.ensure_future(directories.run())
        try:
            yield directories
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not seen():  # noqa: ASYNC110 - it is Kafka that is waited for
                await asyncio.sleep(0.02)

    def count(self, result: str) -> float:
        return (
            self.telemetry.registry.get_sample_value("amtsweg_directory_changes_total", {"result": result})
            or 0.0
        )


def now() -> datetime:
    return datetime.now(UTC)


def renaming(name: str, *, lead: timedelta = LATER) -> Callable[[Versions], DirectoryChanged]:
    return lambda versions: nordmark_change(versions, name=name, effective_from=now() + lead)


@pytest.fixture
def ground(kafka: KafkaAccess) -> Ground:
    return Ground(kafka)


async def test_a_reader_is_ready_at_the_end_and_follows_what_comes(ground: Ground) -> None:
    first = await ground.seed()
    async with ground.following() as directories:
        await ground.until(lambda: ground.condition.standing == "ready")
        assert directories.at(now()).directory.version == first
        assert directories.at(now() - timedelta(days=365)).directory.version == first
        second = await ground.apply("Hafenort")
        await ground.until(lambda: second[:12] in ground.condition.reason)
        assert directories.at(now()).directory.version == first
    assert ground.count("followed") == 2


async def test_a_reader_of_an_empty_topic_decides_nothing_and_says_what_to_do(ground: Ground) -> None:
    async with ground.following() as directories:
        await ground.until(lambda: "is empty" in ground.condition.reason)
        with pytest.raises(Unavailable, match="is empty; publish the first version: amtsweg directory seed"):
            directories.at(now())


async def test_a_reader_that_has_not_been_at_the_end_lately_decides_nothing(ground: Ground) -> None:
    await ground.seed()
    async with ground.following() as directories:
        await ground.until(lambda: ground.condition.standing == "ready")
    ground.seconds = FRESH.total_seconds()
    assert directories.at(now()).directory.land == "01"
    ground.seconds += 0.001
    with pytest.raises(Unavailable):
        directories.at(now())


async def test_a_reader_decides_nothing_that_was_received_later_than_it_can_know(ground: Ground) -> None:
    await ground.seed()
    async with ground.following() as directories:
        await ground.until(lambda: ground.condition.standing == "ready")
        with pytest.raises(Unavailable, match="set the clocks right"):
            directories.at(now() + FRESH + timedelta(seconds=1))


async def test_a_reader_that_kafka_turns_away_says_so(ground: Ground) -> None:
    stranger = replace(ground.address, username="nobody", password="wrong")
    async with ground.following(stranger) as directories:
        await ground.until(lambda: "cannot be read" in ground.condition.reason)
        with pytest.raises(Unavailable, match="cannot be read: KafkaConnectionError"):
            directories.at(now())


async def test_of_two_operators_at_once_exactly_one_publishes(ground: Ground) -> None:
    await ground.seed()
    attempts = [ground.apply(f"Hafen{number}") for number in range(4)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    published = [result for result in results if isinstance(result, str)]
    assert all(isinstance(result, str | ChangeRefused) for result in results)
    # Those that waited for their turn come one after the other; those that overlapped were shut out.
    assert published
    chain = (await ground.versions()).published
    assert {version.id for version in chain[1:]} == set(published)
    assert [v.change.parent for v in chain[1:]] == [v.id for v in chain[:-1]]


async def test_an_operator_who_was_overtaken_while_preparing_publishes_nothing(ground: Ground) -> None:
    await ground.seed()
    reading = asyncio.get_running_loop()
    faster: list[str] = []

    def slow(versions: Versions) -> DirectoryChanged:
        overtaking = asyncio.run_coroutine_threadsafe(ground.apply("Schneller"), reading)
        faster.append(overtaking.result(30))
        return renaming("Langsamer")(versions)

    def in_a_loop_of_its_own() -> None:
        asyncio.run(publish(ground.address, slow, topic=ground.topic))

    with pytest.raises(ChangeRefused, match=r"not confirmed .*amtsweg directory versions"):
        await asyncio.to_thread(in_a_loop_of_its_own)
    assert (await ground.versions()).newest.id == faster[0]


async def test_a_record_that_does_not_follow_is_passed_over_by_every_reader(ground: Ground) -> None:
    first = await ground.seed()
    before = await ground.versions()
    newest = await ground.apply("Hafenort")
    orphan = nordmark_change(before, name="Waise", effective_from=now() + LATER)
    await ground.send(orphan)
    reading = await read(ground.address, topic=ground.topic)
    assert reading.versions.newest.id == newest
    assert [f"starts from version {first}" in record.reason for record in reading.passed_over] == [True]
    async with ground.following() as directories:
        await ground.until(lambda: ground.condition.standing == "ready")
        assert directories.at(now()).directory.version == first
    assert (ground.count("followed"), ground.count("ignored")) == (2, 1)


async def test_a_change_that_kafka_records_too_late_is_followed_by_nobody_and_its_operator_told(
    ground: Ground,
) -> None:
    first = await ground.seed()
    with pytest.raises(ChangeRefused, match=r"recorded, but no router follows it: .*too late"):
        await ground.apply("Hafenort", lead=timedelta(seconds=60))
    assert (await ground.versions()).newest.id == first


async def test_a_second_seed_changes_nothing(ground: Ground) -> None:
    assert await ground.seed() == await ground.seed()
    assert len((await ground.versions()).published) == 1


async def test_a_release_that_does_not_know_a_column_decides_until_it_takes_force_and_says_so(
    ground: Ground,
) -> None:
    """What an older release finds when a newer one has published a table with one more column."""
    first = await ground.seed()
    wider = await ground.versions()
    change = nordmark_change(wider, name="Hafenort", effective_from=now() + LATER)
    (names,) = change.tables
    later = change.model_copy(
        update={
            "result": "0" * 64,
            "tables": (names.model_copy(update={"columns": f"{names.columns},since"}),),
        }
    )
    await ground.send(with_true_result(later, wider))
    async with ground.following() as directories:
        await ground.until(lambda: ground.condition.standing == "degraded")
        assert directories.at(now()).directory.version == first
        assert "names, line 1: the header must be" in ground.condition.reason
        assert "start the release that published it, or a newer one" in ground.condition.reason


async def test_a_record_that_this_release_cannot_read_stops_it(ground: Ground) -> None:
    await ground.seed()
    event = encode(
        Event(
            id=directory_id("01"),
            source="urn:amtsweg:tests",
            time=now(),
            case_id=directory_id("01"),
            submission_id=directory_id("01"),
            data=nordmark_change(effective_from=now()),
        ),
        ground.topic,
    )
    headers = tuple((n, b"de.amtsweg.DirectoryTurned.v1" if n == "ce_type" else v) for n, v in event.headers)
    await ground.send_message(replace(event, headers=headers))
    async with ground.following() as directories:
        await ground.until(lambda: "ce_type" in ground.condition.reason)
        with pytest.raises(Unavailable, match=r"ce_type is not one of .*start the release that published it"):
            directories.at(now())


def with_true_result(change: DirectoryChanged, before: Versions) -> DirectoryChanged:
    """The change with the version that its lines lead to."""
    texts = dict(before.newest.tables)
    for step in change.tables:
        _, *lines = texts[step.table].splitlines()
        texts[step.table] = "".join(f"{line}\n" for line in (step.columns, *lines, *step.added))
    return change.model_copy(update={"result": version(change.land, texts)})
