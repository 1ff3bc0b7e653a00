"""What the notifier shows when messages fail or wait is what the alarms of deploy/alerts.yaml ring for."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from services.notifier.adapters.delivery_metrics import DeliveryWatch
from services.notifier.adapters.maintenance import Upkeep
from services.notifier.adapters.postgres.queue import PostgresQueue, QueueCounts
from services.notifier.adapters.postgres.retention import Retention
from services.notifier.ports import Claim
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(("result", "rung"), [("failed", True), ("sent", False), ("server-away", False)])
def test_a_message_that_fails_rings_and_a_relay_that_is_away_does_not(result: str, *, rung: bool) -> None:
    telemetry = Telemetry()
    watch = DeliveryWatch(Condition(), telemetry=telemetry, clock=lambda: NOW)
    message = SimpleNamespace(
        id=UUID(int=2), case_id=UUID(int=1), kind="receipt", channel="email", occurred_at=NOW, traceparent=""
    )

    watch.came_to(cast("Claim", SimpleNamespace(message=message, attempts=1, created_at=NOW)), result)

    assert rings("AmtswegMailsFail", telemetry) is rung


class Waiting:
    """A queue whose oldest message has waited for so long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def standing(self) -> QueueCounts:
        return QueueCounts(created=1, sending=0, unknown=0, asked=0, oldest_seconds=self.seconds)


class NothingOld:
    """A store that has nothing to remove."""

    async def erase_contacts(self, *, closed_for: timedelta) -> int:
        return 0

    async def remove_cases(self) -> int:
        return 0


@pytest.mark.parametrize(("seconds", "rung"), [(90_000.0, True), (60.0, False)])
async def test_a_message_that_has_waited_for_a_day_rings(seconds: float, *, rung: bool) -> None:
    telemetry = Telemetry()
    upkeep = Upkeep(
        cast("PostgresQueue", Waiting(seconds)),
        cast("Retention", NothingOld()),
        contact_kept_for=timedelta(days=1),
        condition=Condition(),
        telemetry=telemetry,
    )
    running = asyncio.ensure_future(upkeep.run())
    async with asyncio.timeout(20):
        while not _shown(telemetry):  # noqa: ASYNC110 - it is the metrics that are asked
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.wait({running})

    assert rings("AmtswegWaitsTooLong", telemetry) is rung


def _shown(telemetry: Telemetry) -> bool:
    return b'amtsweg_oldest_seconds{kind="messages"}' in telemetry.exposition()
