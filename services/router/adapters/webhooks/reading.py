"""Reads many inboxes with one consumer; an unreadable one delays no other."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.kafka.raw_fetch import NoBatch, is_of_a_batch, salvaged
from shared.kafka.records import Record, consumed

_FETCH_MS: Final = 250
_BUFFERING_SECONDS: Final = 0.02
_SEARCH_SECONDS: Final = 10.0
_SHUT_SECONDS: Final = 60.0
_MOST: Final = 500


class InboxReading:
    """Reads what its consumer is assigned; an inbox of which nothing can be told is left alone for a minute."""

    def __init__(self, consumer: AIOKafkaConsumer, address: KafkaAddress) -> None:
        self.consumer = consumer
        self._address = address
        self._search_until = 0.0
        self._shut: dict[TopicPartition, float] = {}

    def open_of(self, partitions: Iterable[TopicPartition]) -> frozenset[TopicPartition]:
        """Those that are to be read now."""
        now = time.monotonic()
        self._shut = {tp: until for tp, until in self._shut.items() if until > now}
        return frozenset(partitions) - self._shut.keys()

    async def read(
        self, places: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, list[Record]] | None:
        """The next records from these places, where the consumer stands; None: it is to go back to them.

        Raises:
            KafkaError: Kafka, or our access to it.
            NoBatch: the consumer is of no more use.
        """
        if time.monotonic() < self._search_until:
            return await self._one_by_one(places)
        try:
            fetched = await self.consumer.getmany(timeout_ms=_FETCH_MS, max_records=_MOST)
        except Exception as error:
            if not is_of_a_batch(error):
                raise
            # What this call had drained before is lost to us. Which inbox it was shows when each is asked alone.
            self._search_until = time.monotonic() + _SEARCH_SECONDS
            return None
        return {tp: [consumed(each) for each in records] for tp, records in fetched.items()}

    async def _one_by_one(
        self, places: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, list[Record]] | None:
        await asyncio.sleep(_BUFFERING_SECONDS)
        found: dict[TopicPartition, list[Record]] = {}
        for tp, place in places.items():
            try:
                fetched = await self.consumer.getmany(tp, timeout_ms=0, max_records=_MOST)
            except Exception as error:
                if not is_of_a_batch(error):
                    raise
                self._search_until = 0.0
                found |= await self._past_unreadable(tp, place)
                break
            if records := fetched.get(tp):
                found[tp] = [consumed(each) for each in records]
        return found

    async def _past_unreadable(self, tp: TopicPartition, place: int) -> dict[TopicPartition, list[Record]]:
        try:
            records = await salvaged(self._address, tp, place)
        except NoBatch:
            raise
        except Unavailable as error:
            structlog.get_logger().error("inbox cannot be read", part="webhooks", topic=tp.topic, error=error)
            self._shut[tp] = time.monotonic() + _SHUT_SECONDS
            return {}
        self.consumer.seek(tp, records[-1].offset + 1)
        return {tp: records}
