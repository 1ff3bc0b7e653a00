"""The part that carries out erasures: the audit log is the last holder, and waits for all others to report."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.domain.erasure import Ordered
from services.audit.domain.proof_refused import ProofRefused
from services.audit.ports import Clock
from shared.errors import Stopped, Unavailable
from shared.service.periodic import repeat
from shared.telemetry.health import Condition

_LATE: Final = timedelta(minutes=10)
_PAUSE: Final = timedelta(seconds=5)


class ErasureLoop:
    """Runs until cancelled; replicas do the same work, and the second one finds it done."""

    def __init__(
        self,
        erasures: PostgresErasures,
        carry_out: Callable[[Ordered], Awaitable[object]],
        *,
        clock: Clock,
        condition: Condition,
    ) -> None:
        self._erasures = erasures
        self._carry_out = carry_out
        self._clock = clock
        self._condition = condition

    async def run(self) -> None:
        """Carry out the erasures that all holders have reported on, again and again until cancelled."""
        await repeat(
            self.round,
            part="erasures",
            failure="erasures not carried out",
            condition=self._condition,
            every=_PAUSE,
            failures=(Unavailable, Stopped, ProofRefused),
        )

    async def round(self) -> None:
        """One round."""
        late: dict[str, None] = {}
        for ordered in await self._erasures.ordered():
            if not ordered.missing:
                await self._carry_out(ordered)
            elif self._clock() - ordered.at > _LATE:
                late |= dict.fromkeys(ordered.missing)
        for case in await self._erasures.not_written_anew():  # also after a crash between the two
            await self._erasures.write_anew(case)
        if late:
            self._condition.set("degraded", reason=f"erasures wait for the report of {', '.join(late)}")
        else:
            self._condition.set("ready")
