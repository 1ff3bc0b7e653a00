"""A log of a year that is over: it is erased from, its looks expire, and the next log says so."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.handler.erase import Eraser
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Ledger
from shared.postgres.pool import Pool
from tests.integration.audit.conftest import RunningLog
from tests.integration.audit.test_erasure import BASIS, CASE, everything, secrets_of_the_case, with_a_case
from tests.support.audit import NOW, ORIGIN, SECRECY, Crash

NEXT, NEXT_SECRECY = "audit.example/log2", Pseudonymizer(b"n" * 32)


async def close(pool: Pool) -> None:
    """Close the log; the next one is open."""
    await pool.execute("update logs set closed_at = now()")
    next_ = PostgresLog(pool, origin=NEXT, source="urn:amtsweg:audit")
    await next_.found(NEXT_SECRECY.wrap(b"e" * 32, nonce=b"n" * 12))


def between_years(database_url: str, folder: Path) -> list[str]:
    for name, secrecy in (("old.key", SECRECY), ("new.key", NEXT_SECRECY)):
        (folder / name).write_text(secrecy.secret.hex())
    options = {
        "origin": ORIGIN,
        "pseudonym-key-file": str(folder / "old.key"),
        "successor-origin": NEXT,
        "successor-key-file": str(folder / "new.key"),
        "postgres-url": database_url,
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


class DyingLedgers(PostgresLedgers):
    """The process dies when all is done and nothing is committed."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, origin=ORIGIN)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Ledger]:
        async with super().transaction() as ledger:
            yield ledger
            raise Crash


async def test_a_closed_log_is_erased_from_and_the_next_one_says_so(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    secrets = await secrets_of_the_case(running)
    await close(running.pool)
    options = ["--case", str(CASE), "--basis", BASIS, *between_years(database_url, tmp_path)]
    done = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", "erase-closed", *options])
    assert done.exit_code == 0, done.output
    assert f"steht als Eintrag 0 in {NEXT}" in done.output
    assert secrets.found_in(await everything(running.pool, running.folder)) == []
    again = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", "erase-closed", *options])
    assert (again.exit_code, "schon gelöscht" in again.output) == (1, True)


async def test_a_closed_log_is_erased_from_once_whenever_the_command_dies(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    secrets = await secrets_of_the_case(running)
    await close(running.pool)
    eraser = partial(
        Eraser,
        Sequencer(secrecy=NEXT_SECRECY, random_bytes=os.urandom),
        secrecy=SECRECY,
        clock=lambda: NOW,
        new_id=uuid4,
        dumps_kept=timedelta(0),
        recorded_in=PostgresLedgers(running.pool, origin=NEXT),
        successor=NEXT_SECRECY,
    )
    with pytest.raises(Crash):  # when the next log says it, and this one has forgotten nothing
        await eraser(ledgers=DyingLedgers(running.pool)).erase(str(CASE), basis=BASIS)
    await eraser(ledgers=PostgresLedgers(running.pool, origin=ORIGIN)).erase(str(CASE), basis=BASIS)
    erased = "select count(*) from entries where log = (select id from logs where origin = $1)"
    assert await running.pool.fetchval(erased, NEXT) == 1

    # Here the command died before it wrote the keys' pages anew: the next call does.
    options = ["--case", str(CASE), "--basis", BASIS, *between_years(database_url, tmp_path)]
    again = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", "erase-closed", *options])
    assert "schon gelöscht" in again.output
    erasures = PostgresErasures(running.pool, origin=ORIGIN, secrecy=SECRECY)
    assert await erasures.not_written_anew() == []
    assert secrets.found_in(await everything(running.pool, running.folder)) == []


async def test_looks_of_a_closed_log_expire_and_the_next_one_says_so(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    await close(running.pool)
    options = ["--looks-before", "2100-01-01", "--basis", "§ 76 BDSG", *between_years(database_url, tmp_path)]
    done = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", "expire", *options])
    assert "1 Inhalte von Einsichten vernichtet; das steht als Eintrag 0" in done.output, done.output
