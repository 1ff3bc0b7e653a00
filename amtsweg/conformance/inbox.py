"""The authority's inbox, as the operator sees it: where a case's records lie, and how far the authority has confirmed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Literal, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.events.envelope import event_type
from shared.events.submission import SubmissionDelivered
from shared.events.supplement import SupplementDelivered
from shared.events.topics import AUTHORITY_INBOX, authority_group
from shared.kafka.client import KafkaAddress, reader

_LOOK_MS: Final = 200
_NAMES: Final[dict[str, Literal["submission", "supplement"]]] = {
    event_type(SubmissionDelivered): "submission",
    event_type(SupplementDelivered): "supplement",
}


class WatchedInbox:
    """Reads along from the moment on at which it was opened; it moves no position."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient, authority: str) -> None:
        self._consumer = consumer
        self._admin = admin
        self._group = authority_group(authority)
        self._tp = TopicPartition(AUTHORITY_INBOX.for_authority(authority), 0)
        self._found: dict[UUID, dict[Literal["submission", "supplement"], int]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, address: KafkaAddress, authority: str) -> AsyncIterator[Self]:
        """Open it at its end."""
        admin = AIOKafkaAdminClient(**address.arguments())
        async with reader(address) as consumer:
            await admin.start()
            try:
                inbox = cls(consumer, admin, authority)
                consumer.assign([inbox._tp])
                await consumer.seek_to_end(inbox._tp)
                await consumer.position(inbox._tp)
                yield inbox
            finally:
                await admin.close()

    async def records(self, case: UUID) -> dict[Literal["submission", "supplement"], int]:
        """The offsets of the case's records, as far as they lie there."""
        for records in (await self._consumer.getmany(self._tp, timeout_ms=_LOOK_MS)).values():
            for record in records:
                headers = {name: value.decode(errors="replace") for name, value in record.headers}
                name = _NAMES.get(headers.get("ce_type", ""))
                if name is not None and record.key is not None:
                    key = UUID(record.key.decode())
                    self._found.setdefault(key, {}).setdefault(name, record.offset)
        return dict(self._found.get(case, {}))

    async def position(self) -> int:
        """What the authority has committed, by whichever transport; 0 where it never has."""
        found = await self._admin.list_consumer_group_offsets(self._group, partitions=[self._tp])
        return max(0, int(found[self._tp].offset)) if self._tp in found else 0
