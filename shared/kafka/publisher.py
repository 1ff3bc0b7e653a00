"""Publishing outside transactions: idempotent, acknowledged by all in-sync replicas, within a bounded time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import CorruptRecordException, KafkaError, MessageSizeTooLargeError

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.envelope import MessageRefused
from shared.kafka.client import KafkaAddress, close, idempotent_producer
from shared.kafka.records import Outgoing, partition_of
from shared.telemetry.health import Health

_IN_FLIGHT: Final = 1000
_PROBE_SECONDS: Final = 5.0
"""How often one message tries whether a partition confirms again, whose last one was not confirmed in time."""

_REFUSALS: Final = (MessageSizeTooLargeError, CorruptRecordException)


class Publisher:
    """One producer, replaced after an error that it does not recover from.

    ``run`` keeps it going; ``publish`` may be called from any number of tasks. After a message that was not confirmed in
    time its partition is left alone, but for a probe now and then: in an outage nobody waits for what has just failed.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        health: Health,
        topics: Sequence[str] = (),
        part: str = "publisher",
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._silent: dict[tuple[str, int], float] = {}
        self._address = address
        self._topics = topics
        self._condition = health.part(part)
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._log = structlog.get_logger().bind(part=part)

    async def run(self) -> None:
        """Keep a producer open until cancelled."""
        pause = Backoff()
        while True:
            producer = idempotent_producer(self._address)
            try:
                await producer.start()
                await asyncio.gather(*(producer.partitions_for(topic) for topic in self._topics))
                self._broken.clear()
                self._silent.clear()
                self._producer = producer
                self._condition.set("ready")
                pause.reset()
                await self._broken.wait()
            except (KafkaError, OSError) as error:
                self._log.warning("producer not opened", error=error, next=pause.next_seconds)
            finally:
                self._producer = None
                self._condition.set("unready", reason="Kafka cannot be reached")
                await close(producer)
            await pause.sleep()

    async def publish(self, message: Outgoing, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - bounds the answer: cancelling would not unsend
        """Return when all in-sync replicas have the message.

        A message may arrive even if this fails: repeat it with the same event id.

        Raises:
            Unavailable: not confirmed within ``timeout`` seconds.
            MessageRefused: Kafka will never take it.
        """
        producer = self._producer
        if producer is None or self._slots.locked():
            raise Unavailable(f"{message.topic}: no producer or too many messages in flight; try again")
        place = _place(producer, message)
        self._demand_confirming(place)
        async with self._slots:
            try:
                # Idempotent sends never expire and cancelling does not unsend: shield, and stop waiting.
                sending = asyncio.ensure_future(self._send(producer, message))
                await asyncio.wait_for(asyncio.shield(sending), timeout)
            except TimeoutError:
                self._silent[place] = self._seconds() + _PROBE_SECONDS
                sending.add_done_callback(partial(self._came_late, place))
                raise Unavailable(f"{message.topic}: not confirmed within {timeout:g} s") from None
            except KafkaError as error:
                # After a rejection the partition's sequence is spoilt for good: only a new producer helps. It may be
                # there already, when the refusal comes late.
                if self._producer is producer:
                    self._producer = None
                    self._broken.set()
                word = MessageRefused if isinstance(error, _REFUSALS) else Unavailable
                raise word(f"{message.topic}: {type(error).__name__}") from error
            self._silent.pop(place, None)

    def _demand_confirming(self, place: tuple[str, int]) -> None:
        probe, now = self._silent.get(place), self._seconds()
        if probe is None:
            return
        if now < probe:
            raise Unavailable(f"{place[0]}: Kafka does not confirm in time; try again")
        self._silent[place] = now + _PROBE_SECONDS

    def _came_late(self, place: tuple[str, int], sending: "asyncio.Future[None]") -> None:
        """Look at the late result, so that it is not reported as never looked at."""
        if not sending.cancelled() and sending.exception() is None:
            self._silent.pop(place, None)

    async def _send(self, producer: AIOKafkaProducer, message: Outgoing) -> None:
        count = len(await producer.partitions_for(message.topic))
        try:
            acknowledged = await producer.send(
                message.topic,
                message.value,
                key=message.key,
                partition=partition_of(message.key, count),
                headers=[*message.headers],
                timestamp_ms=message.timestamp_ms,
            )
        except MessageSizeTooLargeError as error:  # found before sending: the producer is unharmed
            raise MessageRefused(f"{message.topic}: the message is too large") from error
        await acknowledged


def _place(producer: AIOKafkaProducer, message: Outgoing) -> tuple[str, int]:
    """Where the message goes, as far as the producer knows the topic."""
    known = producer.client.cluster.partitions_for_topic(message.topic)
    return message.topic, partition_of(message.key, len(known)) if known else 0
