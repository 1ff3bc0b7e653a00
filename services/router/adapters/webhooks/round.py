"""What is in memory while one process calls the webhooks: a lane for each authority, over one consumer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.adapters.inbox_records import authority_of, inbox_partition
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.webhooks import PostgresWebhooks
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.lane import Lane
from services.router.adapters.webhooks.reading import InboxReading
from services.router.domain.cases.webhooks import Heard, Webhook, WebhookAnnouncement
from shared.access.principals import KnownPrincipals
from shared.errors import Unavailable
from shared.events.topics import authority_group
from shared.kafka.client import KafkaAddress
from shared.kafka.records import Record
from shared.postgres.leader import Lead, LeadLost

SCOPE: Final = "webhooks.write"

_KEEP_SECONDS: Final = 0.2
_FETCH_MS: Final = 250


class Round:
    """What is in memory while this process leads."""

    def __init__(
        self,
        *,
        lead: Lead,
        store: PostgresWebhooks,
        inboxes: KafkaInboxes,
        principals: KnownPrincipals,
        calls: WebhookCalls,
        clock: Callable[[], datetime],
        consumer: AIOKafkaConsumer,
        address: KafkaAddress,
    ) -> None:
        self._lead = lead
        self._store = store
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
        self._calls.secrets = await self._store.secrets()
        revisions = await self._store.revisions()
        changed = [
            each
            for each, revision in revisions.items()
            if each not in self._lanes or self._lanes[each].webhook.revision != revision
        ]
        for authority in [each for each in self._lanes if each not in revisions or each in changed]:
            await self._end(authority)
        if changed:
            await self._begin(await self._store.of(changed))
        for authority, lane in list(self._lanes.items()):
            if not self._permitted(lane.webhook):
                await self._end(authority)
            elif (task := self._running[authority]).done():
                task.result()

    async def watch(self) -> None:
        """Read the authorities' own positions: what an authority has confirmed is not announced."""
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
        while True:
            await asyncio.sleep(_KEEP_SECONDS)
            await self._keep()

    async def end(self) -> None:
        """Stop all calls, then write how far each has got. If that fails, some records are announced again."""
        await self._break_off(*self._running)
        with suppress(Unavailable, LeadLost):
            await self._keep()

    async def _keep(self) -> None:
        dirty = [lane for lane in self._lanes.values() if lane.dirty]
        if dirty:
            kept = [lane.webhook for lane in dirty]
            await self._store.keep(kept, lead=self._lead)
            for lane, webhook in zip(dirty, kept, strict=True):
                lane.dirty = lane.webhook != webhook

    async def _begin(self, webhooks: Mapping[str, Webhook]) -> None:
        # Of one that has no inbox there is nothing to tell; it is looked for again the next time.
        there = await self._inboxes.existing(webhooks)
        permitted = {name: webhooks[name] for name in there if self._permitted(webhooks[name])}
        confirmed = await self._inboxes.committed(list(permitted))
        by_kafka = await self._inboxes.read_by_kafka()
        for authority, webhook in permitted.items():
            lane = Lane(webhook, confirmed=confirmed[authority], call=self._call, clock=self._clock)
            lane.seen(confirmed[authority], read_by_kafka=authority_group(authority) in by_kafka)
            self._lanes[authority] = lane
            self._again = True
            self._running[authority] = asyncio.ensure_future(lane.run())

    async def _end(self, authority: str) -> None:
        """Break off; what was being sent will be sent again under its id."""
        await self._break_off(authority)
        lane = self._lanes[authority]
        if lane.dirty:
            await self._store.keep([lane.webhook], lead=self._lead)
        del self._lanes[authority]

    async def _break_off(self, *authorities: str) -> None:
        running = [self._running.pop(each) for each in authorities]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _call(self, webhook: Webhook, announcement: WebhookAnnouncement) -> Heard:
        return await self._calls.call(webhook, announcement, first=self._lead.check)

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
