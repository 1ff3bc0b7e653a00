"""A process of the doors that freezes right before it moves an inbox, and wakes up after others have moved it: their move holds."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres import SCHEMA
from services.router.adapters.postgres.inbox_moves import InboxMoves
from shared.events.envelope import Message
from shared.events.topics import AUTHORITY_INBOX
from shared.postgres.pool import Pool, open_pool
from shared.telemetry.health import Condition
from tests.integration.router.conftest import Ground

ALLENDORF = "g-06636001"
"""No other test's."""

_HOLDING = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%INTO inbox_moves%'"
_NOTED = "SELECT place FROM inbox_moves WHERE authority = $1"


@asynccontextmanager
async def frozen(ground: Ground, postgres: str, *, place: int) -> AsyncIterator[Process]:
    """One that has noted its move to this place and stands still."""
    login = ground.login("doors")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.frozen_mover",
        login.bootstrap,
        login.security_protocol,
        str(login.username),
        str(login.password),
        postgres,
        ALLENDORF,
        str(place),
        stdout=PIPE,
    )
    try:
        _, status = await asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        yield process
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()


@asynccontextmanager
async def inboxes_of(ground: Ground, pool: Pool) -> AsyncIterator[KafkaInboxes]:
    condition = Condition()
    inboxes = KafkaInboxes(ground.login("doors"), moving=InboxMoves(pool).alone, condition=condition)
    running = asyncio.ensure_future(inboxes.run())
    async with asyncio.timeout(60):
        while condition.standing != "ready":  # noqa: ASYNC110 - a condition is looked at
            await asyncio.sleep(0.05)
    yield inboxes
    running.cancel()
    await asyncio.wait({running})


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_what_others_have_confirmed_meanwhile_stays_confirmed(
    ground: Ground, doors: ServiceProcess
) -> None:
    inbox = AUTHORITY_INBOX.for_authority(ALLENDORF)
    await ground.send(*(Message(inbox, b"k", b"v") for _ in range(20)))
    postgres = ground.surroundings.postgres.url(DATABASE)
    async with await open_pool(postgres, schema=SCHEMA, size=3) as pool, inboxes_of(ground, pool) as other:
        async with frozen(ground, postgres, place=5) as process:
            assert await pool.fetchval(_HOLDING) == 1
            async with asyncio.timeout(60):
                while await pool.fetchval(_HOLDING):  # noqa: ASYNC110 - PostgreSQL ends its session
                    await asyncio.sleep(0.2)
            await other.commit({ALLENDORF: 17})
            os.kill(process.pid, signal.SIGCONT)
            said, _ = await asyncio.wait_for(process.communicate(), 60)
        place = (await other.committed([ALLENDORF]))[ALLENDORF]
        assert await pool.fetchval(_NOTED, ALLENDORF) == 17

    assert said.decode().split() == ["lost", "over"]
    assert place == 17
