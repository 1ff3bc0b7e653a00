"""PostgreSQL restored to an earlier state under a running notifier: nobody is mailed twice, and mails go on."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from amtsweg.stack import ports
from amtsweg.stack.postgres import Postgres
from tests.integration.notifier.conftest import Notifier, until
from tests.support.stack import Database, RealParts


@dataclass
class Past:
    """A PostgreSQL of the test's own, whose state can be kept and brought back while others are connected."""

    part: Postgres
    data: Path

    async def keep(self) -> None:
        await self._while_stopped(self.data, self.data.with_name("kept"))

    async def bring_back(self) -> None:
        await self._while_stopped(self.data.with_name("kept"), self.data)

    async def _while_stopped(self, source: Path, target: Path) -> None:
        await asyncio.to_thread(self.part.stop)
        await asyncio.to_thread(_copy, source, target)
        await asyncio.to_thread(self.part.start)


def _copy(source: Path, target: Path) -> None:
    """With its owner: the server does not run as the test does."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "--archive", str(source), str(target)], check=True)


@pytest.fixture
async def past(stack: RealParts, notifier: Notifier) -> AsyncIterator[Past]:
    var = stack.var / "past"
    part = Postgres(var, port=ports.free_port())
    await asyncio.to_thread(part.start)
    part.execute('create database "past"')
    server = part.endpoint
    notifier.database = Database(
        name="past", user=server.user, password=server.password, host=server.host, port=server.port
    )
    try:
        yield Past(part, var / "postgres" / "data")
    finally:
        await asyncio.to_thread(part.stop)
        shutil.rmtree(var, ignore_errors=True)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_store_that_comes_back_from_the_past_sends_nothing_twice(
    notifier: Notifier, past: Past
) -> None:
    before = notifier.case()
    process = await notifier.start()
    await notifier.publish(before.received())
    await until(lambda: notifier.has("sent", before))
    await past.keep()

    forgotten = [notifier.case() for _ in range(20)]
    await notifier.publish(*(case.received() for case in forgotten))
    await until(lambda: notifier.has("sent", *forgotten, count=20))

    async def told() -> bool:
        return len(await notifier.outcomes(*forgotten)) == 20

    await until(told)
    await past.bring_back()
    await until(lambda: notifier.has("sent", *forgotten, count=20), seconds=120)

    after = notifier.case()
    await notifier.publish(after.received(), before.routed())
    await until(lambda: notifier.has("sent", after, before, count=3), seconds=120)
    assert process.returncode is None
    assert set(notifier.mail.times_taken.values()) == {1}
    assert len(notifier.mail.times_taken) == 23
    attempts = await notifier.query(
        "SELECT DISTINCT attempts FROM notifier.messages WHERE case_id = ANY($1)",
        [case.id for case in forgotten],
    )
    assert [row["attempts"] for row in attempts] == [1]  # as the bus says, not as the process remembers
