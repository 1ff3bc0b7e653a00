"""The outer loop: sessions of one consumer, each with a task per unit; after a failure a new session begins.

Recovery inside a Kafka client is unreliable, and FastStream's hides errors that exactly-once must see. A new session
starts from the stored offsets, which is simple and takes a tenth of a second (measured).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from shared.engine.assignment import Unit
from shared.engine.partition_task import REVOKE_SECONDS
from shared.engine.supervision import Supervision
from shared.errors import Stopped, Unavailable
from shared.kafka.client import close

_WATCH_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 8.0
_NOWHERE: Final = TopicPartition("", 0)

UnitWork = Callable[[AIOKafkaConsumer, int, Unit], Coroutine[Any, Any, None]]
"""A task's work on its unit until cancelled; the unit's partitions are paused when it begins. An exception ends the
session, so it raises only what a new consumer may cure, ``Stopped``, or the last of too many failures in a row."""


class Session:
    """One consumer, its assigned partitions, and one task per unit of them."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        *,
        units: Callable[[set[TopicPartition]], Mapping[int, Unit]],
        work: UnitWork,
        assigned: Callable[[Iterable[int]], None],
        watch: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._consumer = consumer
        self._assigned = assigned
        self._units = units
        self._work = work
        self._watch_topics = watch
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, inputs: tuple[str, ...]) -> None:
        """Consume until cancelled or until the session fails; then close everything."""
        self._consumer.subscribe(topics=inputs, listener=_Listener(self))
        watching: list[asyncio.Task[None]] = []
        try:
            await self._consumer.start()
            if not self._tasks:
                self._assigned(())
            watching = [asyncio.create_task(self._watch()), asyncio.create_task(self._watch_topics())]
            await asyncio.wait([self._failed, *watching], return_when=asyncio.FIRST_COMPLETED)
            for ended in (*watching, self._failed):
                if ended.done():
                    ended.result()
        finally:
            for task in watching:
                task.cancel()
            await self.revoke()
            await close(self._consumer)
            if self._failed.done():
                self._failed.exception()

    def assign(self, assigned: set[TopicPartition]) -> None:
        """Begin a task per unit. Each task opens its unit itself, so that this neither fails nor blocks."""
        # Nothing is fetched until the task has sought the stored position.
        self._consumer.pause(*assigned)
        try:
            units = self._units(assigned)
        except ValueError as error:
            self._fail(error)
            return
        self._assigned(units)
        for number, unit in units.items():
            task = asyncio.ensure_future(self._work(self._consumer, number, unit))
            task.add_done_callback(self._ended)
            self._tasks.add(task)

    async def revoke(self) -> None:
        """Cancel the tasks and wait for running transactions to end.

        Without the cancellation ``getmany`` and the rebalance would wait for each other.
        """
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=REVOKE_SECONDS)

    async def _watch(self) -> None:
        """End the session when Kafka does not answer, or refuses this client where no task would notice.

        aiokafka's clients sit out an outage silently, some at the cost of a whole core. A session that has ended waits
        at no cost, and health shows it.
        """
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            await self._consumer.getmany(_NOWHERE, timeout_ms=0)  # a standby has no task to see these errors
            if assigned := self._consumer.assignment():
                tp = min(assigned)
                try:
                    await asyncio.wait_for(self._consumer.end_offsets([tp]), _ANSWER_SECONDS)
                except TimeoutError:
                    raise Unavailable(f"Kafka has not answered for {_ANSWER_SECONDS:g} s") from None

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            if not task.cancelling():
                self._fail(Unavailable("a task was cancelled by the Kafka client, not by us"))
        elif (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """aiokafka only logs what is raised here, so the session raises nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._session.assign(assigned)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002 - the base class names it
        await self._session.revoke()


class ConsumerLoop:
    """Runs one session after the other, until cancelled or failed too often in a row."""

    def __init__(self, supervision: Supervision, *, until_go_on: Callable[[], Awaitable[object]]) -> None:
        self._until_go_on = until_go_on
        self._supervision = supervision
        self._log = structlog.get_logger().bind(group=supervision.group)

    async def run(self, session: Callable[[], Awaitable[None]]) -> None:
        """Run sessions for ever.

        Raises:
            Exception: the last of too many failures in a row; the process should exit and be restarted.
        """
        supervision = self._supervision
        while True:
            try:
                await _uncancelled(session())
            except Stopped as stopped:
                # No exit: a restarted process would do a little more of the same harm each time.
                supervision.consumer.stopped(str(stopped))
                self._log.error("consumer stopped", error=stopped)
                await self._until_go_on()
                self._log.warning("consumer goes on, as ordered")
            except Exception as error:
                if supervision.exhausted:
                    raise
                supervision.telemetry.count("sessions_ended", group=supervision.group)
                await asyncio.sleep(supervision.consumer.failed(error))


async def _uncancelled(session: Awaitable[None]) -> None:
    """Await a session; turn a cancellation that did not come from our caller into an error.

    aiokafka lets the cancellation of its own background tasks through. Mistaken for ours, it would end the
    engine silently.
    """
    try:
        await session
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is None or current.cancelling():
            raise
        raise Unavailable("the session was cancelled by the Kafka client, not by us") from None
