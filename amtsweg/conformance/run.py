"""Plays the platform through a whole case, and watches what the authority's own client makes of it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx

from amtsweg.conformance.inbox import WatchedInbox
from amtsweg.conformance.platform import CheckingPlatform
from amtsweg.conformance.steps import STEPS, CaseSeen, StepName, passed
from amtsweg.stack.provision.sandbox import SandboxFiles
from shared.events.competence import Inquiry
from shared.kafka.client import KafkaAddress

_LOOK_EVERY_SECONDS: Final = 0.3
_AFTERWARDS_SECONDS: Final = 5.0
"""How long is waited for what still may be on its way when the case is over and confirmed."""


@dataclass(frozen=True, slots=True)
class CheckWay:
    """How the command reaches everything: intake's address, the sandbox client's files, Kafka."""

    intake: str
    files: SandboxFiles
    kafka: KafkaAddress


@dataclass(slots=True)
class Checked:
    """Which steps were passed, after how many seconds each."""

    case: UUID
    after: dict[StepName, float] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def missing(self) -> list[StepName]:
        """The steps that were not passed, in order."""
        return [step.name for step in STEPS if step.name not in self.after]


async def check(
    authority: str,
    inquiry: Inquiry,
    *,
    way: CheckWay,
    patience: float,
    told: Callable[[StepName, float], None] = lambda _step, _seconds: None,
) -> Checked:
    """Hand in, supplement when asked, and wait for each next step at most ``patience`` seconds; ``told`` hears each.

    A case that is not decided then is withdrawn: nothing of a check stays open. Once it is over and confirmed, nothing is waited for.

    Raises:
        Unavailable: intake does not know the sandbox client.
        httpx.HTTPError, KafkaError: a part of the platform is away.
    """
    async with AsyncExitStack() as opened:
        http = await opened.enter_async_context(httpx.AsyncClient(base_url=way.intake, timeout=30))
        inbox = await opened.enter_async_context(WatchedInbox.of(way.kafka, authority))
        platform = CheckingPlatform(http, way.files)
        await platform.enter()
        began = time.monotonic()
        submission, case = await platform.hand_in(inquiry)
        outcome, moved = Checked(case), time.monotonic()
        supplemented = over = False
        while outcome.missing and time.monotonic() - moved < (_AFTERWARDS_SECONDS if over else patience):
            seen = CaseSeen(
                words=platform.words,
                lines=await platform.lines(case),
                answers=await platform.answers(case, submission),
                records=await inbox.records(case),
                position=await inbox.position(),
            )
            for name in sorted(passed(seen) - outcome.after.keys(), key=_order):
                moved = time.monotonic()
                outcome.after[name] = moved - began
                told(name, moved - began)
            over = seen.is_over and "confirmed" in outcome.after
            if "information-requested" in seen.lines and not (supplemented or seen.is_over):
                await platform.supplement(case)
                supplemented, moved = True, time.monotonic()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        if "decided" not in outcome.after:
            await platform.withdraw(case)
            outcome.withdrawn = True
    return outcome


def _order(name: StepName) -> int:
    return [step.name for step in STEPS].index(name)
