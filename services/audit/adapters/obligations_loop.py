"""The part that keeps judging behind the log and closes its days; what is overdue shows in metric and health."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from services.audit.adapters.postgres.watch import PostgresWatch
from services.audit.domain.completeness import SAYS, unmet
from services.audit.domain.proof_refused import ProofRefused
from services.audit.ports import Clock
from shared.errors import Stopped, Unavailable
from shared.service.periodic import repeat
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

_CHUNK: Final = 2_000
_PAUSE: Final = timedelta(seconds=5)


class CompletenessLoop:
    """Runs until cancelled; every replica shows the figures, one at a time makes them."""

    def __init__(
        self,
        watch: PostgresWatch,
        close_day: Callable[[], Awaitable[object]],
        *,
        clock: Clock,
        telemetry: Telemetry,
        condition: Condition,
    ) -> None:
        self._watch = watch
        self._close_day = close_day
        self._clock = clock
        self._telemetry = telemetry
        self._condition = condition

    async def run(self) -> None:
        """Judge what is new, show how things stand, close the day if it is over; pause; again."""
        await repeat(
            self.round,
            part="completeness",
            failure="completeness not judged",
            condition=self._condition,
            every=_PAUSE,
            failures=(Unavailable, Stopped, ProofRefused),
        )

    async def round(self) -> None:
        """One round. Entries that came meanwhile wait for the next one."""
        while await self._watch.advance(unmet, limit=_CHUNK):  # noqa: ASYNC110 - nothing to wait for
            await asyncio.sleep(0)  # those who wait for an answer come first
        await self._show(self._clock())
        await self._close_day()

    async def _show(self, now: datetime) -> None:
        standing = {each.rule: each for each in await self._watch.standing(now)}
        for rule in SAYS:
            each = standing.get(rule)
            open_, overdue = (0, 0) if each is None else (each.open, each.overdue)
            self._telemetry.set("obligations", open_ - overdue, rule=rule, standing="open")
            self._telemetry.set("obligations", overdue, rule=rule, standing="overdue")
        overdue_rules = [f"{each.rule}: {each.overdue}" for each in standing.values() if each.overdue]
        if overdue_rules:
            self._condition.set("degraded", reason=f"overdue obligations: {', '.join(overdue_rules)}")
        else:
            self._condition.set("ready")
