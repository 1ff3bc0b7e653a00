"""Who calls the webhooks: one process at a time, with one consumer over the inboxes of all that have one.

The lead is a lease in PostgreSQL, so that a process that freezes loses it. Progress is written several times a second;
who dies in between calls again with the same ids.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.router.adapters.inbox_records import authority_of, inbox_partition
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.webhooks import PostgresWebhooks
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.lane import Lane
from services.router.adapters.webhooks.reading import InboxReading
from services.router.domain.cases.webhooks import Webhook, WebhookAnnouncement
from shared.access.principals import KnownPrincipals
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.topics import authority_group
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.records import Record
from shared.postgres.leader import Lease
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

SCOPE: Final = "webhooks.write"

_LOOK_SECONDS: Final = 1.0
_KEEP_SECONDS: Final = 0.2
_FETCH_MS: Final = 250
_STANDBY_SECONDS: Final = 2.0
_LOOKS_PER_WATCH: Final = 3


class NoLead(Exception):  # noqa: N818 - what happened
    """Another process has taken over."""


class WebhookSender:
    """``run`` leads, or waits to lead, until cancelled."""

    def __init__(
        self,
        address: KafkaAddress,
        *,
        lease: Lease,
        book: PostgresWebhooks,
        inboxes: KafkaInboxes,
        principals: KnownPrincipals,
        calls: WebhookCalls,
        clock: Callable[[], datetime],
        condition: Condition,
        telemetry: Telemetry,
    ) -> None:
        self._address = address
        self._lease = lease
        self._book = book
        self._inboxes = inboxes
        self._principals = principals
        self._calls = calls
        self._clock = clock
        self._condition = condition
        self._telemetry = telemetry
        self._log = structlog.get_logger().bind(part="webhooks")

    async def run(self) -> None:
        pause = Backoff()
        while True:
            try:
                self._condition.set("ready")
                if await self._lease.take():
                    pause.reset()
                    await self._lead()
                else:
                    await asyncio.sleep(_STANDBY_SECONDS)
            except (Unavailable, KafkaError, OSError, NoLead) as error:
                self._condition.set("degraded", reason="webhooks are not being called")
                self._log.warning("webhooks interrupted", error=error, next=pause.next_seconds)
                await pause.sleep()

    async def _lead(self) -> None:
        consumer = reader(self._address)
        try:
            await consumer.start()
            round_ = Round(
                book=self._book,
                inboxes=self._inboxes,
                principals=self._principals,
                calls=self._calls,
                clock=self._clock,
                consumer=consumer,
                address=self._address,
            )
            await _all(round_.read(), round_.keep(), self._tend(round_))
        finally:
            await close(consumer)

    async def _tend(self, round_: "Round") -> None:
        """Renew the lead, and look for what has changed."""
        looks = 0
        while True:
            if not await self._lease.take():
                raise NoLead
            await round_.look()
            if looks % _LOOKS_PER_WATCH == 0:
                await round_.watch()
                self._telemetry.set("waiting", round_.failing, kind="webhooks-failing")
            looks += 1
            await asyncio.sleep(_LOOK_SECONDS)


class Round:
    """What is in memory while this process leads."""

    def __init__(
        self,
        *,
        book: PostgresWebhooks,
        inboxes: KafkaInboxes,
        principals: KnownPrincipals,
        calls: WebhookCalls,
        clock: Callable[[], datetime],
        consumer: AIOKafkaConsumer,
        address: KafkaAddress,
    ) -> None:
        self._book = book
        self._inboxes = inboxes
        self._principals = principals
        self._calls = calls
        self._clock = clock
        self._consumer = consumer
        self._reading = InboxReading(consumer, address)
        self._lanes: dict[str, Lane] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._again = False

    @property
    def failing(self) -> int:
        return sum(lane.webhook.failing_since is not None for lane in self._lanes.values())

    async def look(self) -> None:
        """Begin for webhooks that are new or changed, end those that are gone or whose principal has lost its right."""
        self._calls.secrets = await self._book.secrets()
        revisions = await self._book.revisions()
        changed = [
            each
            for each, revision in revisions.items()
            if each not in self._lanes or self._lanes[each].webhook.revision != revision
        ]
        for authority in [each for each in self._lanes if each not in revisions or each in changed]:
            await self._end(authority)
        if changed:
            await self._begin(await self._book.of(changed))
        for authority, lane in list(self._lanes.items()):
            if not self._permitted(lane.webhook):
                await self._end(authority)
            elif (task := self._running[authority]).done():
                task.result()

    async def watch(self) -> None:
        """Look at the authorities' own positions: nobody is told of what it has confirmed."""
        confirmed = await self._inboxes.committed(list(self._lanes))
        by_kafka = await self._inboxes.read_by_kafka()
        for authority, lane in self._lanes.items():
            read_by_kafka = authority_group(authority) in by_kafka
            if lane.seen(confirmed.get(authority, lane.confirmed), read_by_kafka=read_by_kafka):
                self._again = True

    async def read(self) -> None:
        """Read the inboxes; a lane that is full is passed over until it has caught up."""
        while True:
            self._assign()
            if not self._assigned:
                await asyncio.sleep(_FETCH_MS / 1000)
                continue
            lanes = {tp: lane for tp in self._assigned if (lane := self._lanes.get(authority_of(tp)))}
            batch = await self._reading.read(
                {tp: each.fetched for tp, each in lanes.items() if not each.full}
            )
            self._again = self._again or batch is None
            if batch is None or self._stale():
                continue  # it may lie behind a gap; read again from where each lane is
            for tp, records in batch.items():
                self._put(self._lanes.get(authority_of(tp)), records)
            self._hold_back()

    def _put(self, lane: Lane | None, records: Sequence[Record]) -> None:
        for each in records if lane else ():
            if lane is not None and each.offset >= lane.fetched:
                lane.put(
                    WebhookAnnouncement.of(
                        lane.webhook.authority, each.offset, each.headers, fault=each.fault
                    )
                )

    async def keep(self) -> None:
        """Write how far each has got."""
        try:
            while True:
                await asyncio.sleep(_KEEP_SECONDS)
                await self._keep()
        finally:
            for authority in list(self._running):
                await self._end(authority)
            await self._keep()

    async def _keep(self) -> None:
        dirty = [lane for lane in self._lanes.values() if lane.dirty]
        if dirty:
            kept = [lane.webhook for lane in dirty]
            await self._book.keep(kept)
            for lane, webhook in zip(dirty, kept, strict=True):
                lane.dirty = lane.webhook != webhook

    async def _begin(self, webhooks: Mapping[str, Webhook]) -> None:
        permitted = {name: each for name, each in webhooks.items() if self._permitted(each)}
        confirmed = await self._inboxes.committed(list(permitted))
        by_kafka = await self._inboxes.read_by_kafka()
        for authority, webhook in permitted.items():
            lane = Lane(webhook, confirmed=confirmed[authority], call=self._calls.call, clock=self._clock)
            lane.seen(confirmed[authority], read_by_kafka=authority_group(authority) in by_kafka)
            self._lanes[authority] = lane
            self._again = True
            self._running[authority] = asyncio.ensure_future(lane.run())

    async def _end(self, authority: str) -> None:
        """Break off; what was being sent will be sent again under its id."""
        running = self._running.pop(authority, None)
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        lane = self._lanes[authority]
        if lane.dirty:
            await self._book.keep([lane.webhook])
        del self._lanes[authority]

    def _permitted(self, webhook: Webhook) -> bool:
        principal = self._principals.get(webhook.principal)
        return (
            webhook.ended is None
            and principal is not None
            and SCOPE in principal.scopes
            and webhook.authority in principal.authorities
        )

    def _assign(self) -> None:
        if not self._stale():
            return
        self._again = False
        self._assigned = wanted = self._wanted()
        self._consumer.unsubscribe()
        if wanted:
            self._consumer.assign([*wanted])
            for tp in wanted:
                self._consumer.seek(tp, self._lanes[authority_of(tp)].fetched)

    def _wanted(self) -> frozenset[TopicPartition]:
        return self._reading.open_of(map(inbox_partition, self._lanes))

    def _stale(self) -> bool:
        """Whether the consumer reads elsewhere than the lanes are."""
        return self._again or self._assigned != self._wanted()

    def _hold_back(self) -> None:
        paused = self._consumer.paused()
        for tp in self._assigned:
            lane = self._lanes.get(authority_of(tp))
            if lane is not None and lane.full and tp not in paused:
                self._consumer.pause(tp)
            elif tp in paused and (lane is None or not lane.full):
                self._consumer.resume(tp)


async def _all(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them until one fails; then end the others, and raise what it failed of."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
