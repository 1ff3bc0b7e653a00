"""Calls the webhooks: one process at a time, with one consumer over the inboxes of all that have one.

The lead is a lease in PostgreSQL, so that a process that freezes loses it. Progress is written several times a second;
who dies in between calls again with the same ids.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.webhooks import PostgresWebhooks
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.round import Round
from shared.access.principals import KnownPrincipals
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.postgres.leader import Lead, LeadLost, Lease
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

_LOOK_SECONDS: Final = 1.0
_STANDBY_SECONDS: Final = 2.0
_LOOKS_PER_WATCH: Final = 3


class WebhookSender:
    """``run`` leads, or waits to lead, until cancelled."""

    def __init__(
        self,
        address: KafkaAddress,
        *,
        lease: Lease,
        store: PostgresWebhooks,
        inboxes: KafkaInboxes,
        principals: KnownPrincipals,
        calls: WebhookCalls,
        clock: Callable[[], datetime],
        condition: Condition,
        telemetry: Telemetry,
    ) -> None:
        self._address = address
        self._lease = lease
        self._store = store
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
                if lead := await self._lease.take():
                    pause.reset()
                    await self._call_all(lead)
                else:
                    await asyncio.sleep(_STANDBY_SECONDS)
            except (Unavailable, KafkaError, OSError, LeadLost) as error:
                self._condition.set("degraded", reason="webhooks are not being called")
                self._log.warning("webhooks interrupted", error=error, next=pause.next_seconds)
                await pause.sleep()

    async def _call_all(self, lead: Lead) -> None:
        consumer = reader(self._address)
        try:
            await consumer.start()
            round_ = Round(
                lead=lead,
                store=self._store,
                inboxes=self._inboxes,
                principals=self._principals,
                calls=self._calls,
                clock=self._clock,
                consumer=consumer,
                address=self._address,
            )
            try:
                await _all(round_.read(), round_.keep(), self._tend(lead, round_))
            finally:
                await round_.end()
        finally:
            await close(consumer)

    async def _tend(self, lead: Lead, round_: Round) -> None:
        """Renew the lead, and look for what has changed."""
        looks = 0
        while True:
            await lead.renew()
            await round_.look()
            if looks % _LOOKS_PER_WATCH == 0:
                await round_.watch()
                self._telemetry.set("waiting", round_.failing, kind="webhooks-failing")
            looks += 1
            await asyncio.sleep(_LOOK_SECONDS)


async def _all(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them until one fails; then end the others, and raise its error."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
