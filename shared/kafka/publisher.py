"""Publishing outside transactions: idempotent, acknowledged by all in-sync replicas, within a bounded time."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import CorruptRecordException, KafkaError, MessageSizeTooLargeError

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, idempotent_producer
from shared.kafka.records import Outgoing, partition_of
from shared.telemetry.health import Health

_IN_FLIGHT: Final = 1000
_REFUSALS: Final = (MessageSizeTooLargeError, CorruptRecordException)


class MessageRefused(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """Kafka will never take this message: it is too large, or malformed."""


class Publisher:
    """One producer, replaced after an error that it does not recover from.

    ``run`` keeps it going; ``publish`` may be called from any number of tasks.
    """

    def __init__(
        self, address: KafkaAddress, *, health: Health, topics: Sequence[str] = (), part: str = "publisher"
    ) -> None:
        self._address = address
        self._topics = topics
        self._condition = health.part(part)
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._log = structlog.get_logger().bind(part=part)

    @property
    def ready(self) -> bool:
        """False while the producer is being replaced or Kafka cannot be reached."""
        return self._producer is not None

    async def run(self) -> None:
        """Keep a producer open until cancelled."""
        pause = Backoff()
        while True:
            producer = idempotent_producer(self._address)
            try:
                await producer.start()
                await asyncio.gather(*(producer.partitions_for(topic) for topic in self._topics))
                self._broken.clear()
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
            Refused: Kafka will never take it.
        """
        producer = self._producer
        if producer is None or self._slots.locked():
            raise Unavailable(f"{message.topic}: no producer or too many messages in flight; try again")
        async with self._slots:
            try:
                # Idempotent sends never expire and cancelling does not unsend: shield, and stop waiting.
                sending = asyncio.ensure_future(self._send(producer, message))
                await asyncio.wait_for(asyncio.shield(sending), timeout)
            except TimeoutError:
                sending.add_done_callback(_retrieve)
                raise Unavailable(f"{message.topic}: not confirmed within {timeout:g} s") from None
            except KafkaError as error:
                # After a rejection the partition's sequence is spoilt for good: only a new producer helps. It may be
                # there already, when the refusal comes late.
                if self._producer is producer:
                    self._producer = None
                    self._broken.set()
                word = MessageRefused if isinstance(error, _REFUSALS) else Unavailable
                raise word(f"{message.topic}: {type(error).__name__}") from error

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


def _retrieve(sending: "asyncio.Future[None]") -> None:
    """Look at the late result, so that it is not reported as never looked at."""
    if not sending.cancelled():
        sending.exception()
