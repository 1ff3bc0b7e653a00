"""Background work of the notifier: sending, which restarts after an absence of the store, and upkeep."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from services.notifier.adapters.postgres.queue import PostgresQueue, QueueCounts
from services.notifier.adapters.postgres.retention import Retention
from services.notifier.ports import StoreAway
from shared.backoff import Backoff
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

Close = Callable[[], Awaitable[None]]

_LOOK_SECONDS = 2.0
_LOOKS_PER_REMOVAL = 1800
_TOO_OLD_SECONDS = 600.0


class Resumed:
    """Runs work that needs the store, again and again after a growing pause; closes what it used at the end."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        condition: Condition,
        close: Close | None = None,
    ) -> None:
        self._name = name
        self._work = work
        self._condition = condition
        self._close = close

    async def run(self) -> None:
        """Work until cancelled."""
        pause, log = Backoff(), structlog.get_logger().bind(part=self._name)
        try:
            while True:
                try:
                    await self._work()
                except StoreAway as away:
                    if self._condition.standing == "ready":
                        pause.reset()
                    self._condition.set("unready", reason="the store is away; nothing is done")
                    log.warning("work interrupted", reason=str(away), next=pause.next_seconds)
                await pause.sleep()
        finally:
            if self._close is not None:
                await self._close()


class Upkeep:
    """Shows how many messages wait, and removes contacts and cases when their time is over."""

    def __init__(
        self,
        queue: PostgresQueue,
        retention: Retention,
        *,
        contact_kept_for: timedelta,
        condition: Condition,
        telemetry: Telemetry,
    ) -> None:
        self._queue = queue
        self._retention = retention
        self._contact_kept_for = contact_kept_for
        self._condition = condition
        self._telemetry = telemetry
        self._log = structlog.get_logger().bind(part="upkeep")

    async def run(self) -> None:
        """Measure every two seconds and remove every hour, until cancelled."""
        looks = 0
        while True:
            try:
                self._show(await self._queue.standing())
                if looks % _LOOKS_PER_REMOVAL == 0:
                    erased = await self._retention.erase_contacts(closed_for=self._contact_kept_for)
                    self._log.info("contacts erased", count=erased)
                    removed = await self._retention.remove_cases()
                    self._log.info("closed cases removed", count=removed)
                    self._telemetry.set("waiting", await self._retention.still_open(), kind="cases-open-long")
                looks += 1
            except StoreAway:
                self._condition.set("unready", reason="the store is away")
            await asyncio.sleep(_LOOK_SECONDS)

    def _show(self, standing: QueueCounts) -> None:
        self._telemetry.set("waiting", standing.created + standing.sending, kind="messages")
        self._telemetry.set("waiting", standing.unknown, kind="messages-unknown")
        self._telemetry.set("oldest_seconds", standing.oldest_seconds, kind="messages")
        self._telemetry.set("waiting", standing.asked, kind="messages-asked")
        attention = standing.oldest_seconds > _TOO_OLD_SECONDS or standing.asked > 0
        self._condition.set("degraded" if attention else "ready", reason=_in_words(standing))


def _in_words(standing: QueueCounts) -> str:
    waiting = standing.created + standing.sending
    oldest = f", the oldest for {standing.oldest_seconds:.0f} s" if waiting else ""
    asked = (
        f", {standing.asked} of them owed by law: look for their Message-IDs in the relay's log, then "
        "`amtsweg messages retry` or `amtsweg messages arrived`"
        if standing.asked
        else ""
    )
    return f"{waiting} messages wait{oldest}; the outcome of {standing.unknown} is unknown{asked}"
