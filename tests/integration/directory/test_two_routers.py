"""Two routers, one directory: each instant is decided by one version, by whichever router, after whatever fault."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from amtsweg.stack.service import ServiceProcess
from tests.integration.directory.conftest import (
    DISTRICT,
    MUNICIPALITY,
    Pair,
    health,
    moved,
    received,
)


async def test_no_instant_is_decided_by_two_versions_though_one_router_lags_and_has_other_files(
    pair: Pair, routers: Sequence[ServiceProcess]
) -> None:
    await pair.until_each_has_half()
    before = await pair.settle()
    now = datetime.now(UTC)
    # As with the two minutes of real life, every router must have had time to hear of it before the instant.
    effective = now.replace(microsecond=now.microsecond // 1000 * 1000) + timedelta(seconds=5)
    change = moved(before, effective_from=effective)
    early, late = (received(at, per_partition=4) for at in (effective - timedelta(milliseconds=1), effective))

    async with standing_still(routers[1]):
        # It knows nothing of this, and wakes up with work to do on both sides of the instant.
        await pair.publish_long_ago(change)
        await asyncio.sleep((effective - datetime.now(UTC)).total_seconds() + 0.3)
        await pair.receive([*early, *late])

    decided = await pair.decisions([*early, *late])
    assert {d.directory_version for d in decided[: len(early)]} == {before.id}
    assert {d.directory_version for d in decided[len(early) :]} == {change.result}
    assert {d.authority for d in decided} == {DISTRICT, MUNICIPALITY}
    for router in routers:
        assert change.result[:12] in (await health(router))["directory"]["reason"]


@asynccontextmanager
async def standing_still(router: ServiceProcess) -> AsyncIterator[None]:
    pid = cast("int", router.pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
