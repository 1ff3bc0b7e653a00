"""The directory from its topic: each replica reads every version that was ever published, from the start.

No group and no commit: every replica reads everything, and knows when it last stood at the end. FastStream cannot
say that, so this is aiokafka.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import BrokenDirectory
from services.router.domain.directory.versions import FRESH, NotFollowed, Version, Versions
from shared.errors import Unavailable, Undecodable
from shared.events.directory import DirectoryChanged
from shared.events.envelope import carries, decode
from shared.events.topics import DIRECTORY_CHANGED
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.records import Record
from shared.local_time import utc
from shared.telemetry.health import Condition, HealthStatus
from shared.telemetry.metrics import Telemetry

_KEPT: Final = timedelta(days=1)
"""Versions that have decided lately stay at hand, for what was received before a change and comes after it."""

_OLDER: Final = 4
"""How many versions of longer ago stay at hand, the last asked for."""

_AT_HAND_SECONDS: Final = 60.0
"""Each stays at hand so long after it was asked for, longer than any pause before the next try. Otherwise partitions
that want more than `_OLDER` of them would have them built in turn, and none would go on.
"""

_EVERY_MS: Final = 1000
_SHOWN: Final = 12


def follow(versions: Versions, record: Record) -> Versions:
    """The versions after a record.

    Raises:
        NotFollowed: every reader passes it over.
        Undecodable: this release cannot read it, and so cannot know what is in force after it.
    """
    event = decode(record.value, record.headers, DIRECTORY_CHANGED.payloads)
    if not carries(event, DirectoryChanged):
        raise AssertionError(f"{record.topic}: {type(event.data).__name__} is no change of the directory")
    recorded_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return versions.followed_by(event.data, recorded_at=recorded_at)


class FollowedDirectories:
    """`services.router.ports.Directories`, kept up to date by ``run``.

    A version and what inquiries of a day need take long to build, the larger the Land the longer. Both are built in a
    thread, so that the event loop serves others meanwhile; who asks too early asks again.

    ``fresh`` is how old the last reading may be for a decision. ``on_directory`` is told of each version that is
    in force or will be, before it decides anything.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        condition: Condition,
        telemetry: Telemetry,
        on_directory: Callable[[Directory], None] = lambda _: None,
        fresh: timedelta = FRESH,
        topic: str = DIRECTORY_CHANGED.name,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._condition = condition
        self._telemetry = telemetry
        self._on_directory = on_directory
        self._fresh = fresh
        self._partition = TopicPartition(topic, 0)
        self._clock = clock
        self._seconds = seconds
        self._versions = self._reading = Versions()
        self._asked = float("-inf"), datetime.min.replace(tzinfo=UTC)
        self._built: dict[str, Resolver | BrokenDirectory] = {}
        self._lately: Sequence[tuple[datetime, Resolver | BrokenDirectory]] = ()
        self._older: dict[str, Resolver | BrokenDirectory] = {}
        self._asked_for: dict[str, float] = {}
        self._wanted: Version | None = None
        self._wanted_day: tuple[Resolver, date] | None = None
        self._preparing = asyncio.Lock()
        self._told = 0
        self._stale_at = float("-inf")
        self._certain_until = datetime.min.replace(tzinfo=UTC)
        self._log = structlog.get_logger().bind(part="directory")

    def at(self, instant: datetime, *, on: date | None = None) -> Resolver:
        """The version in force at an instant, if that is certain."""
        if self._seconds() > self._stale_at:
            raise Unavailable(self._why_not())
        if instant > self._certain_until:
            raise Unavailable(
                f"the directory is known until {utc(self._certain_until)} by this clock, asked for is "
                f"{utc(instant)}: set the clocks right"
            )
        built = next((built for begins, built in self._lately if begins <= instant), None)
        resolver = self._usable(self._long_ago(instant) if built is None else built)
        if on is not None and not resolver.is_ready(on):
            self._wanted_day = resolver, on
            raise Unavailable(f"the directory is being prepared for inquiries of {on}; try again")
        return resolver

    async def prepare(self, day: date) -> None:
        """Make the version in force ready for inquiries of this day."""
        await self._prepare(self.at(self._clock()), day)

    async def run(self) -> None:
        """Read and follow until cancelled, each session from the first record on: nothing read before is taken for granted."""
        await follow_records(self._address, self, round_ms=_EVERY_MS, asking=self._ask)

    def _ask(self) -> None:
        self._asked = self._seconds(), self._clock()

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_first(consumer, [self._partition])
        self._reading = Versions()

    async def take(self, round_: TopicRound) -> None:
        if round_.records:
            self._reading = await asyncio.to_thread(self._followed, self._reading, round_.records)
        asked, now = self._asked
        if round_.complete:
            await self.know(self._reading, asked=asked, now=now)
        elif asked > self._stale_at:
            self._fall_behind(f"{self._partition.topic} is not read to its end yet")

    async def lost(self, failure: Exception) -> None:
        if isinstance(failure, Undecodable):
            self._fall_behind(f"{self._partition.topic}: {failure}; {_NEWER}")
        else:
            self._fall_behind(f"{self._partition.topic} cannot be read: {type(failure).__name__}")

    def _followed(self, versions: Versions, records: Sequence[Record]) -> Versions:
        for record in records:
            try:
                versions = follow(versions, record)
            except NotFollowed as passed_over:
                self._tell(record, "ignored", reason=str(passed_over))
            else:
                self._tell(record, "followed", version=versions.newest.id)
        return versions

    def _tell(self, record: Record, result: str, **fields: str) -> None:
        """Report each record once, however often a session begins anew."""
        if record.offset >= self._told:
            self._told = record.offset + 1
            self._log.info("change of the directory", decision=result, offset=record.offset, **fields)
            self._telemetry.count("directory_changes", result=result)

    async def know(self, versions: Versions, *, asked: float, now: datetime) -> None:
        """Switch to these versions. ``asked`` and ``now`` say when the topic was known to be read to its end."""
        if not versions.published:
            self._condition.set("unready", reason=f"{self._partition.topic} is empty; {_SEED}")
            return
        lately = now - _KEPT
        deciding = (versions.at(lately), *versions.pending(lately))
        for version in deciding:
            if version.id not in self._built:
                self._built[version.id] = await self._build(version)
            for day in (lately, now, now + _KEPT):  # before an inquiry of that day comes
                if isinstance(built := self._built[version.id], Resolver):
                    await self._prepare(built, day.date())
        # Only now: whoever asks finds each of them built.
        self._versions = versions
        self._built = {version.id: self._built[version.id] for version in deciding}
        self._lately = [(v.effective_from, self._built[v.id]) for v in reversed(deciding)]
        self._stale_at = asked + self._fresh.total_seconds()
        self._certain_until = now + self._fresh
        self._show(versions.at(now), versions.pending(now))
        await self._build_what_was_wanted()

    async def _build_what_was_wanted(self) -> None:
        version, self._wanted = self._wanted, None
        if version is not None and version.id not in self._older:
            self._older[version.id] = await self._build(version)
            self._drop_older()
        wanted, self._wanted_day = self._wanted_day, None
        if wanted is not None:
            await self._prepare(*wanted)

    def _drop_older(self) -> None:
        since = self._seconds() - _AT_HAND_SECONDS
        last = [*self._asked_for][-_OLDER:]
        self._asked_for = {id_: at for id_, at in self._asked_for.items() if at > since or id_ in last}
        self._older = {id_: built for id_, built in self._older.items() if id_ in self._asked_for}

    async def _build(self, version: Version) -> Resolver | BrokenDirectory:
        built = await asyncio.to_thread(_built, version)
        if isinstance(built, Resolver):
            self._on_directory(built.directory)
        return built

    async def _prepare(self, resolver: Resolver, day: date) -> None:
        """Whoever waits for the same day finds it prepared when it is their turn."""
        if resolver.is_ready(day):
            return
        async with self._preparing:
            if not resolver.is_ready(day):
                await asyncio.to_thread(resolver.prepare, day)

    def _long_ago(self, instant: datetime) -> Resolver | BrokenDirectory:
        """For what was received days ago and is decided only now; the first version counts before it began."""
        version = self._versions.at(instant)
        if version.id in self._built:
            return self._built[version.id]
        self._asked_for.pop(version.id, None)
        self._asked_for[version.id] = self._seconds()
        found = self._older.get(version.id)
        if found is None:
            self._wanted = version
            raise Unavailable(
                f"version {version.id[:_SHOWN]} of the directory, in force at {utc(instant)}, is being built; try again"
            )
        return found

    def _usable(self, built: Resolver | BrokenDirectory) -> Resolver:
        if isinstance(built, BrokenDirectory):
            raise Unavailable(f"{built}; {_NEWER}")
        return built

    def _show(self, now: Version, pending: Sequence[Version]) -> None:
        for version in (now, *pending):
            broken = self._built[version.id]
            if isinstance(broken, BrokenDirectory):
                standing: HealthStatus = "unready" if version is now else "degraded"
                self._condition.set(standing, reason=_not_built(version, broken))
                return
        told = "".join(
            f"; from {later.effective_from:%Y-%m-%d %H:%M:%S%z}: {later.id[:_SHOWN]}" for later in pending
        )
        self._condition.set("ready", reason=f"version {now.id[:_SHOWN]}{told}")

    def _fall_behind(self, reason: str) -> None:
        """What is known still counts for a while, then nothing is decided."""
        left = self._stale_at - self._seconds()
        self._condition.set("degraded" if left > 0 else "unready", reason=reason)

    def _why_not(self) -> str:
        if self._condition.standing in {"degraded", "unready"}:
            return self._condition.reason
        return f"{self._partition.topic} has not been read to its end for {self._fresh.total_seconds():g} s"


def _built(version: Version) -> Resolver | BrokenDirectory:
    try:
        return Resolver(parse_directory(version.change.land, version.change.name, version.tables))
    except BrokenDirectory as broken:
        return broken


def _not_built(version: Version, broken: BrokenDirectory) -> str:
    return f"version {version.id[:_SHOWN]} of the directory cannot be used here: {broken}; {_NEWER}"


_NEWER: Final = "start the release that published it, or a newer one"
_SEED: Final = "publish the first version: amtsweg directory seed"
