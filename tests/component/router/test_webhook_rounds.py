"""A round of webhooks that PostgreSQL ends leaves nobody calling beside the next one, whichever step fails."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.webhooks import PostgresWebhooks
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.round import SCOPE, Round
from services.router.domain.cases.webhooks import Heard, Webhook, WebhookAnnouncement
from shared.access.principal import Principal
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.postgres.leader import Lead
from tests.support.events import GIESSEN, RECEIVED_AT

pytestmark = pytest.mark.timeout(30)
"""A call that nobody breaks off is waited for without an end."""

T = TypeVar("T")

MARBURG = "g-06534014"
AUTHORITIES = (GIESSEN, MARBURG)


@dataclass
class WebhookRows:
    """Stands for `PostgresWebhooks`; ``fails`` names the method that finds PostgreSQL away."""

    webhooks: dict[str, Webhook]
    fails: str = ""

    async def secrets(self) -> Mapping[str, Any]:
        return self._told("secrets", {})

    async def revisions(self) -> Mapping[str, int]:
        return self._told("revisions", {name: each.revision for name, each in self.webhooks.items()})

    async def of(self, authorities: Sequence[str]) -> Mapping[str, Webhook]:
        return self._told("of", {name: self.webhooks[name] for name in authorities})

    async def keep(self, webhooks: Sequence[Webhook], *, lead: Lead) -> None:
        del lead
        self._told("keep", webhooks)

    def _told(self, method: str, told: T) -> T:
        if method == self.fails:
            raise Unavailable("PostgreSQL: ConnectionRefusedError")
        return told


@dataclass
class Calls:
    """Stands for `WebhookCalls`: of each receiver the first call is answered, and the second hangs."""

    secrets: Mapping[str, Any] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call(
        self, webhook: Webhook, announcement: WebhookAnnouncement, *, first: Callable[[], None]
    ) -> Heard:
        del announcement, first
        self.begun.append(webhook.authority)
        if self.begun.count(webhook.authority) == 1:
            return Heard(200)
        self.running.append(webhook.authority)
        try:
            async with self.changed:
                self.changed.notify_all()
            await asyncio.Event().wait()
            raise AssertionError("nobody answers")
        finally:
            self.running.remove(webhook.authority)

    async def until_all_hang(self) -> None:
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: sorted(self.running) == sorted(AUTHORITIES))


@dataclass
class Consumer:
    """Stands for aiokafka's: three records in each inbox."""

    places: dict[TopicPartition, int] = field(default_factory=dict)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.places = dict.fromkeys(partitions, 0)

    def unsubscribe(self) -> None:
        self.places = {}

    def seek(self, tp: TopicPartition, place: int) -> None:
        self.places[tp] = place

    def paused(self) -> set[TopicPartition]:
        return set()

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, list[Any]]:
        del timeout_ms, max_records
        await asyncio.sleep(0)
        found = {tp: [_record(tp, n) for n in range(place, 3)] for tp, place in self.places.items()}
        self.places = dict.fromkeys(self.places, 3)
        return found


@dataclass
class Inboxes:
    """Stands for `KafkaInboxes`: nobody has confirmed anything."""

    missing: set[str] = field(default_factory=set)

    async def existing(self, authorities: Iterable[str]) -> list[str]:
        return [each for each in authorities if each not in self.missing]

    async def committed(self, authorities: Sequence[str]) -> Mapping[str, int]:
        return dict.fromkeys(authorities, 0)

    async def read_by_kafka(self) -> frozenset[str]:
        return frozenset()


class Principals:
    def get(self, principal: str) -> Principal | None:
        return Principal(
            id=principal,
            kind="authority",
            name=principal,
            scopes=frozenset({SCOPE}),
            authorities=frozenset({principal}),
            registered_at=RECEIVED_AT,
        )


def _record(tp: TopicPartition, offset: int) -> SimpleNamespace:
    return SimpleNamespace(
        topic=tp.topic, partition=0, offset=offset, timestamp=0, key=b"", value=b"{}", headers=()
    )


def webhook(authority: str, *, revision: int) -> Webhook:
    return Webhook(authority=authority, principal=authority, url="https://a.example/", revision=revision)


def a_round(store: WebhookRows, calls: Calls, inboxes: Inboxes) -> Round:
    return Round(
        lead=cast("Lead", SimpleNamespace(check=lambda: None)),
        store=cast("PostgresWebhooks", store),
        inboxes=cast("KafkaInboxes", inboxes),
        principals=Principals(),
        calls=cast("WebhookCalls", calls),
        clock=lambda: datetime.now(UTC),
        consumer=cast("AIOKafkaConsumer", Consumer()),
        address=KafkaAddress(bootstrap="nowhere:1"),
    )


async def test_an_authority_without_an_inbox_is_called_once_it_has_one_and_delays_no_other() -> None:
    store, calls = WebhookRows({each: webhook(each, revision=1) for each in AUTHORITIES}), Calls()
    inboxes = Inboxes({MARBURG})
    round_ = a_round(store, calls, inboxes)
    reading = asyncio.create_task(round_.read())
    try:
        await round_.look()
        async with asyncio.timeout(30), calls.changed:
            await calls.changed.wait_for(lambda: calls.running == [GIESSEN])
        assert MARBURG not in calls.begun
        inboxes.missing.clear()
        await round_.look()
        await calls.until_all_hang()
    finally:
        reading.cancel()
        await asyncio.wait({reading})
        await round_.end()


@pytest.mark.parametrize("fails", ["secrets", "revisions", "keep", "of", "end"])
async def test_a_round_that_postgres_ends_leaves_no_call_under_way_whatever_it_was_at(fails: str) -> None:
    store, calls = WebhookRows({each: webhook(each, revision=1) for each in AUTHORITIES}), Calls()
    round_ = a_round(store, calls, Inboxes())
    await round_.look()
    reading = asyncio.create_task(round_.read())
    await calls.until_all_hang()

    store.fails = "keep" if fails == "end" else fails
    store.webhooks[GIESSEN] = webhook(GIESSEN, revision=2)
    if fails != "end":
        with pytest.raises(Unavailable):
            await round_.look()
    reading.cancel()
    await asyncio.wait({reading})
    await round_.end()

    assert calls.running == []
    begun = [*calls.begun]
    for _ in range(20):
        await asyncio.sleep(0)
    assert calls.begun == begun
