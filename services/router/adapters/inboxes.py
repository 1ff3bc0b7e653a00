"""Inboxes as HTTP shows them: the same records as on Kafka, from the committed place of the authority's own group.

The broker is the fence between the transports: it refuses a commit without membership while a consumer is in the
group. So there is one position, and whoever confirms moves it.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from secrets import randbelow
from typing import Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, UnknownMemberIdError, for_code
from aiokafka.protocol.commit import OffsetCommitRequest

from services.router.adapters.inbox_heads import InboxHead, InboxHeads
from services.router.adapters.inbox_positions import InboxPositions, Moving, in_time
from services.router.adapters.inbox_records import authority_of, fetch_records, inbox_partition
from services.router.domain.cases.inbox import (
    BadCursor,
    ConsumerInGroup,
    InboxPage,
    InboxRecord,
    InboxStanding,
    turns,
)
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.envelope import event_type
from shared.events.submission import SubmissionDelivered
from shared.events.supplement import SupplementDelivered
from shared.events.topics import AUTHORITY_INBOX, authority_group
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.led_partitions import led
from shared.kafka.many_groups import ManyGroups
from shared.telemetry.health import Condition

_AT_ONCE: Final = 8
"""So many requests hold records at the same time, each at most `most_bytes` and one answer of a broker."""

_HEADS_SECONDS: Final = 8.0
_ALIVE_SECONDS: Final = 30.0
_LOOKED_AT: Final = 500
_LOOKED_AT_BYTES: Final = 4 * 1024 * 1024
_BEFORE_MS: Final = 5_000
_AFTER_MS: Final = 60_000
"""What was put there at an instant lies between: clocks of replicas differ, and a transaction takes its time."""

CASE_HEADER: Final = "ce_caseid"
SUBMISSION_HEADER: Final = "ce_submissionid"
_SHOWN: Final = frozenset(event_type(each).encode() for each in (SubmissionDelivered, SupplementDelivered))


class KafkaInboxes:
    """`services.router.ports.Inboxes`; ``run`` keeps the clients open, which all requests share."""

    def __init__(self, address: KafkaAddress, *, moving: Moving, condition: Condition) -> None:
        self._address = address
        self._positions = InboxPositions(moving, committed=self.committed, commit=self._commit)
        self._condition = condition
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._admin: AIOKafkaAdminClient | None = None
        self._groups: ManyGroups | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._heads = InboxHeads(self._ask_heads)

    async def run(self) -> None:
        """Keep the clients open until cancelled."""
        pause = Backoff()
        while True:
            admin = AIOKafkaAdminClient(**self._address.arguments())
            kafka = reader(self._address)
            try:
                await admin.start()
                await kafka.start()
                self._admin, self._groups, self._reader = admin, ManyGroups(admin), kafka
                self._condition.set("ready")
                pause.reset()
                while True:
                    await asyncio.sleep(_ALIVE_SECONDS)
                    await admin.list_consumer_group_offsets(authority_group("nobody"))
            except (KafkaError, OSError) as error:
                self._condition.set("unready", reason=f"inboxes cannot be read: {type(error).__name__}")
            finally:
                self._admin = self._groups = self._reader = None
                await asyncio.gather(*(close(each) for each in (kafka, admin)))
            await pause.sleep()

    async def page(
        self, authorities: Sequence[str], *, after: Mapping[str, int], limit: int, most_bytes: int
    ) -> InboxPage:
        async with in_time():
            heads = await self._heads.of(authorities)
        starts = {each: after.get(each, head.committed) for each, head in heads.items()}
        behind = [each for each in authorities if each in heads and starts[each] < heads[each].end]
        beyond = frozenset(each for each in heads if after.get(each, 0) > heads[each].end)
        if not behind or beyond:
            return InboxPage(records=(), reached={}, beyond=beyond)
        async with self._reading(behind) as consumer:
            records: list[InboxRecord] = []
            reached: dict[str, int] = {}
            size = 0
            for authority, share in turns(behind, limit=limit, first=randbelow(len(behind))):
                if len(records) >= limit or size >= most_bytes:
                    break
                found, place = await fetch_records(
                    consumer,
                    self._address,
                    authority,
                    start=reached.get(authority, starts[authority]),
                    end=heads[authority].end,
                    limit=min(share, limit - len(records)),
                    room=most_bytes - size,
                )
                records += found
                size += sum(len(record.value) for record in found)
                reached[authority] = place
            return InboxPage(records=tuple(records), reached=reached)

    async def about(
        self, authority: str, case: UUID, *, written_ms: Sequence[int], supplements: int
    ) -> Sequence[InboxRecord]:
        tp, wanted = inbox_partition(authority), (CASE_HEADER, str(case).encode())
        found: dict[tuple[bytes, bytes], InboxRecord] = {}
        place = 0
        async with self._reading([authority]) as consumer:
            end = (await consumer.end_offsets([tp]))[tp]
            for at in written_ms:
                first = (await consumer.offsets_for_times({tp: at - _BEFORE_MS}))[tp]
                place = max(place, end if first is None else int(first.offset))
                while place < end and len(found) <= supplements:
                    records, reached = await fetch_records(
                        consumer,
                        self._address,
                        authority,
                        start=place,
                        end=end,
                        limit=_LOOKED_AT,
                        room=_LOOKED_AT_BYTES,
                    )
                    for record in records:
                        if wanted in record.headers and (kind := record.header("ce_type")) in _SHOWN:
                            found[kind, record.header(SUBMISSION_HEADER)] = record
                    if reached <= place:
                        break
                    place = reached
                    if records and records[-1].written_ms > at + _AFTER_MS:
                        break
        return list(found.values())

    async def commit(self, places: Mapping[str, int]) -> None:
        async with self._reading(places) as consumer:
            ends = await consumer.end_offsets([inbox_partition(each) for each in places])
            if any(place > ends[inbox_partition(each)] for each, place in places.items()):
                raise BadCursor
            before = await self.committed(list(places))
        ahead = {authority: place for authority, place in places.items() if place > before[authority]}
        if ahead:
            # Never back: a request that comes late, or once more, takes nothing from what came after it.
            await self._positions.move(
                ahead, lambda now: {each: place for each, place in ahead.items() if place > now[each]}
            )

    async def rewind(self, authority: str, *, to_ms: int) -> int:
        tp = inbox_partition(authority)
        async with self._reading([authority]) as consumer:
            found = (await consumer.offsets_for_times({tp: to_ms}))[tp]
            place = int(found.offset if found is not None else (await consumer.end_offsets([tp]))[tp])
        # Never forward: what waits from before that instant is not confirmed by asking for more.
        moved = await self._positions.move([authority], lambda now: {authority: min(place, now[authority])})
        return moved[authority]

    async def standing(self, authorities: Sequence[str]) -> list[InboxStanding]:
        async with self._reading(authorities) as consumer:
            # An inbox that is not there would keep those that are waiting until the time is over.
            found = await self.existing(authorities)
            ends = await consumer.end_offsets([*map(inbox_partition, found)]) if found else {}
            places = await self.committed(found)
            read_by_kafka = await self._many().with_members()
            return [
                await _standing(
                    consumer,
                    self._address,
                    authority,
                    committed=places[authority],
                    end=int(ends[inbox_partition(authority)]),
                    read_by_kafka=authority_group(authority) in read_by_kafka,
                )
                for authority in found
            ]

    async def existing(self, authorities: Iterable[str]) -> list[str]:
        """Those that have an inbox, as far as a broker says so."""
        return [authority_of(tp) for tp in await led(self._kafka(), [*map(inbox_partition, authorities)])]

    async def committed(self, authorities: Sequence[str]) -> dict[str, int]:
        """The next unconfirmed place of each."""
        topics = {authority_group(each): AUTHORITY_INBOX.for_authority(each) for each in authorities}
        found = await self._many().committed(topics) if topics else {}
        return {each: found.get(authority_group(each), 0) for each in authorities}

    async def _ask_heads(self, authorities: Collection[str]) -> Mapping[str, InboxHead]:
        consumer = self._kafka()
        async with asyncio.timeout(_HEADS_SECONDS):
            there = await led(consumer, [inbox_partition(each) for each in authorities])
            ends = await consumer.end_offsets(there) if there else {}
            committed = await self.committed([authority_of(tp) for tp in there])
        return {
            authority: InboxHead(committed=committed[authority], end=int(ends[inbox_partition(authority)]))
            for authority in committed
        }

    async def read_by_kafka(self) -> frozenset[str]:
        """The groups of authorities that have a consumer now."""
        return await self._many().with_members()

    async def _commit(self, authority: str, place: int) -> None:
        admin, group, tp = self._client(), authority_group(authority), inbox_partition(authority)
        request = OffsetCommitRequest(group, -1, "", -1, [(tp.topic, [(tp.partition, place, "")])])
        answer = await admin._send_request(request, await admin.find_coordinator(group))  # noqa: SLF001 - it has no public way to commit without membership
        for _, partitions in answer.topics:
            for _, code in partitions:
                if code == UnknownMemberIdError.errno:
                    raise ConsumerInGroup(authority)
                if code:
                    raise for_code(code)(f"{group}: not committed")

    def _client(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            raise Unavailable("Kafka cannot be reached; try again")
        return self._admin

    def _kafka(self) -> AIOKafkaConsumer:
        if self._reader is None:
            raise Unavailable("Kafka cannot be reached; try again")
        return self._reader

    def _many(self) -> ManyGroups:
        if self._groups is None:
            raise Unavailable("Kafka cannot be reached; try again")
        return self._groups

    @asynccontextmanager
    async def _reading(self, authorities: Iterable[str]) -> AsyncIterator[AIOKafkaConsumer]:
        """The client, as soon as it is the turn of this request; it knows who leads these inboxes."""
        async with in_time(), self._turns:
            consumer = self._kafka()
            await led(consumer, [inbox_partition(each) for each in authorities])
            yield consumer


async def _standing(
    consumer: AIOKafkaConsumer,
    address: KafkaAddress,
    authority: str,
    *,
    committed: int,
    end: int,
    read_by_kafka: bool,
) -> InboxStanding:
    oldest: int | None = None
    if committed < end:
        found, _ = await fetch_records(
            consumer, address, authority, start=committed, end=end, limit=1, room=1
        )
        oldest = found[0].written_ms if found else None
        committed = found[0].offset if found else end
    return InboxStanding(
        authority=authority, committed=committed, end=end, oldest_waiting_ms=oldest, consumer=read_by_kafka
    )
